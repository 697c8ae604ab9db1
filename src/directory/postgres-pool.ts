import pg from 'pg'

/** Connections that can be replaced by new ones. */
export interface PostgresPool {
  readonly query: pg.Pool['query']
  connect(): Promise<pg.PoolClient>
  /** Those that lie idle are used no more, what is under way on the others ends, and who waits for one gets a new one. */
  replace(): void
  end(): Promise<void>
}

export function postgresPool(config: pg.PoolConfig): PostgresPool {
  let pool = openPool(config)
  /** Of those who wait: asks the pool that is in use by now. */
  const waiting = new Set<() => void>()

  const connect = () =>
    new Promise<pg.PoolClient>((resolve, reject) => {
      let asked: pg.Pool
      const ask = () => {
        const from = pool
        asked = from
        from.connect().then(
          (client) => {
            // It came too late.
            if (from !== asked) return client.release(true)
            waiting.delete(ask)
            resolve(client)
          },
          (error) => {
            if (from !== asked) return
            waiting.delete(ask)
            reject(error)
          },
        )
      }
      waiting.add(ask)
      ask()
    })

  const query = async (...asked: [never]) => {
    const client = await connect()
    let broken: Error | undefined
    try {
      return await client.query(...asked)
    } catch (error) {
      broken = error as Error
      throw error
    } finally {
      client.release(broken)
    }
  }

  return {
    query: query as pg.Pool['query'],
    connect,
    replace() {
      const old = pool
      pool = openPool(config)
      // A pool that ends serves nobody who still waits for it.
      for (const ask of [...waiting]) ask()
      old.end().catch(() => {})
    },
    end: () => pool.end(),
  }
}

function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config)
  // An idle connection that breaks is replaced when the next query asks for one; of one in use its query tells.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}
