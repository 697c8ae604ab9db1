import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { PosternError } from '../pdp/errors.ts'
import type { Wanted } from '../pdp/freshness.ts'
import { DirectoryError } from './directory-error.ts'
import { type Following, revOf } from './following.ts'
import { channel, connectionTo, type MarkedPosition, type PostgresStore, positionOf } from './postgres-store.ts'

export interface FollowOptions {
  readonly store: Pick<PostgresStore, 'reads' | 'reconnect'>
  /** Of a connection of its own that LISTENs, past any pool that shares connections between transactions. */
  readonly url: string
  /** Decisions are given upon facts that were confirmed no longer ago than this. */
  readonly maxAgeMs: number
  /** These tenants were written. Called before anybody is told that their revision is reached. */
  readonly changed: (tenants: readonly string[]) => void
  /** Nothing that is known is of the present state. */
  readonly reset: () => void
  readonly log: { warn(message: string, fields?: { readonly error: unknown }): void }
}

/** The database is asked this often, also where every NOTIFY is lost. */
const pollMs = 250

/** A question that takes longer is given up, and its connection with it: one that hangs shows no error. */
const queryTimeoutMs = 500

/** How long a request waits for a revision that it asks for. */
const patienceMs = 200

/** More changes than this are not gone through: everything is forgotten instead. */
const mostChanges = 10_000

/**
 * Follows what all servers write into a database.
 *
 * INVARIANT: facts count as confirmed at the moment at which the question was sent that found nothing newer than what is
 * applied here. After `maxAgeMs` nothing is decided any more. The time is taken by two clocks, for one of them stands
 * still while the machine sleeps.
 *
 * INVARIANT: this process's lease is committed before that question is sent, and outlasts what the answer allows. So
 * whoever commits a change and then finds no lease that is behind it knows that nobody decides upon what was before.
 *
 * INVARIANT: changes are gone through from the one that is known, by its mark. Where that one is another one by now, the
 * database was set back and written again, and nothing is believed.
 */
export async function followPostgres(options: FollowOptions): Promise<Following> {
  const follower = new Follower(options)
  await follower.start()
  return follower
}

class Follower implements Following {
  readonly #options: FollowOptions
  readonly #instance = randomUUID()
  #position: MarkedPosition = { epoch: '', rev: 0, mark: null }
  #confirmed = { at: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY }
  #client: pg.Client | undefined
  #pulling: Promise<void> | undefined
  #again = false
  #closed = false
  #poll: NodeJS.Timeout | undefined
  /** Called after each pull, whatever came of it. */
  readonly #waiting = new Set<() => void>()

  constructor(options: FollowOptions) {
    this.#options = options
  }

  get epoch(): string {
    return this.#position.epoch
  }

  async newest(): Promise<number> {
    return this.#position.rev
  }

  isFresh(): boolean {
    const { maxAgeMs } = this.#options
    const passed = performance.now() - this.#confirmed.at
    const passedByWall = Date.now() - this.#confirmed.wall
    // A wall clock that was set back says nothing, one that was set forward costs no more than another question.
    return Math.max(passed, passedByWall) <= maxAgeMs && passedByWall >= -maxAgeMs
  }

  async reach({ atLeast, full }: Wanted): Promise<void> {
    const asked = performance.now()
    if (full) await this.#until(() => this.#confirmed.at >= asked, this.#options.maxAgeMs, 'stale_directory')
    if (atLeast !== undefined)
      await this.#until(
        () => (revOf(this.epoch, atLeast) ?? Number.POSITIVE_INFINITY) <= this.#position.rev,
        patienceMs,
        'revision_not_reached',
      )
  }

  /** The leases are read anew each time: one may have been made longer meanwhile. */
  async everywhere(rev: number): Promise<boolean> {
    const { epoch } = this
    const until = performance.now() + this.#leaseMs() + queryTimeoutMs
    for (let pause = 2; performance.now() < until; pause = Math.min(50, pause * 2)) {
      try {
        const { rows } = await this.#options.store.reads.query<{ behind: number }>(
          `select count(*) as behind from postern.sidecar
           where expires > clock_timestamp() and (rev < $1 or epoch <> $2)`,
          [rev, epoch],
        )
        if (rows[0]?.behind === 0) return true
      } catch (error) {
        this.#options.log.warn('the leases of the other servers cannot be read', { error })
        return false
      }
      await sleep(pause)
    }
    return false
  }

  async start(): Promise<void> {
    try {
      await this.#connect()
      await this.#hearsItself()
      // Those that ended without a word, long ago.
      await this.#options.store.reads.query("delete from postern.sidecar where expires < now() - interval '1 day'")
      await this.#pull()
    } catch (error) {
      this.#drop()
      if (error instanceof DirectoryError) throw error
      throw new DirectoryError(`the changes of the directory cannot be followed: ${(error as Error).message}`, error)
    }
    this.#poll = setInterval(() => void this.#soon(), pollMs)
  }

  wrote(): void {
    void this.#soon()
  }

  renew(): Promise<void> {
    return this.#soon()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#poll)
    await this.#pulling
    this.#confirmed = { at: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY }
    const { reads } = this.#options.store
    // Nobody has to wait for the end of the lease of one that decides nothing any more.
    await reads.query('delete from postern.sidecar where instance = $1', [this.#instance]).catch(() => {})
    this.#drop()
  }

  #leaseMs(): number {
    return this.#options.maxAgeMs + queryTimeoutMs
  }

  async #until(reached: () => boolean, patience: number, code: 'stale_directory' | 'revision_not_reached') {
    const until = performance.now() + patience
    for (let pause = 0; !reached(); pause = Math.min(50, 2 + pause * 2)) {
      const left = until - performance.now()
      if (left <= 0 || this.#closed) throw new PosternError(code)
      let timers: NodeJS.Timeout[] = []
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
        timers = [setTimeout(() => void this.#soon(), pause), setTimeout(resolve, left)]
      })
      for (const timer of timers) clearTimeout(timer)
    }
  }

  /** One pull at a time. What is asked for during one is given by another one after it. */
  #soon(): Promise<void> {
    if (this.#pulling !== undefined) {
      this.#again = true
      return this.#pulling
    }
    const pulls = async () => {
      do {
        this.#again = false
        try {
          await this.#connect()
          await this.#pull()
        } catch (error) {
          this.#drop()
          if (!this.#closed && this.isFresh())
            this.#options.log.warn('the changes of the directory cannot be followed at the moment', { error })
          this.#again = false
        }
        for (const pulled of this.#waiting) pulled()
        this.#waiting.clear()
      } while (this.#again && !this.#closed)
    }
    this.#pulling = pulls().finally(() => {
      this.#pulling = undefined
    })
    return this.#pulling
  }

  async #pull(): Promise<void> {
    const client = this.#client
    if (client === undefined) return
    const leased = performance.now()
    await client.query(
      `insert into postern.sidecar (instance, epoch, rev, expires)
       values ($1, $2, $3, clock_timestamp() + $4 * interval '1 millisecond')
       on conflict (instance) do update set epoch = excluded.epoch, rev = excluded.rev, expires = excluded.expires`,
      [this.#instance, this.epoch, this.#position.rev, this.#leaseMs()],
    )
    const sent = { at: performance.now(), wall: Date.now() }
    const newest = await positionOf(client)
    const known = this.#position
    if (newest.epoch !== known.epoch || newest.rev < known.rev) this.#reset(newest)
    else if (newest.mark !== known.mark) await this.#apply(client, newest)
    // The lease has to outlast what is confirmed.
    if (sent.at + this.#options.maxAgeMs <= leased + this.#leaseMs()) this.#confirmed = sent
    // Who waits for this process to be so far reads it from the lease.
    if (this.#position !== known) this.#again = true
  }

  async #apply(client: pg.Client, newest: MarkedPosition): Promise<void> {
    const known = this.#position
    if (newest.rev - known.rev > mostChanges) return this.#reset(newest)
    const { rows } = await client.query<{ tenant: string; rev: number; mark: string }>(
      'select tenant, rev, mark from postern.change where rev >= $1 and rev <= $2 order by rev',
      [known.rev, newest.rev],
    )
    const changes = rows.filter(({ rev }) => rev > known.rev)
    const last = rows.length > changes.length ? rows[0]?.mark : null
    // Revs have no gaps, so where one is missing it was too long ago.
    if (last !== known.mark || changes.length !== newest.rev - known.rev) return this.#reset(newest)
    this.#position = newest
    this.#options.changed([...new Set(changes.map(({ tenant }) => tenant))])
  }

  #reset(newest: MarkedPosition): void {
    this.#position = newest
    this.#options.reset()
  }

  async #connect(): Promise<void> {
    if (this.#client !== undefined || this.#closed) return
    const client = new pg.Client({
      ...connectionTo(this.#options.url),
      connectionTimeoutMillis: queryTimeoutMs,
      query_timeout: queryTimeoutMs,
    })
    // Any role of the database may NOTIFY, so what it says is no more than a reason to look.
    client.on('notification', () => void this.#soon())
    client.on('error', () => {
      if (this.#client === client) this.#drop()
    })
    await client.connect()
    await client.query(`listen ${channel}`)
    this.#client = client
  }

  #drop(): void {
    const client = this.#client
    if (client === undefined) return
    this.#client = undefined
    client.end().catch(() => {})
    // The others lead through the same network.
    if (!this.#closed) this.#options.store.reconnect()
  }

  /** A pool that shares connections between transactions takes LISTEN without an error, and never tells of anything. */
  async #hearsItself(): Promise<void> {
    const client = this.#client as pg.Client
    const nonce = randomUUID()
    const heard = new Promise<boolean>((resolve) => {
      client.on('notification', ({ payload }) => {
        if (payload === nonce) resolve(true)
      })
    })
    await this.#options.store.reads.query('select pg_notify($1, $2)', [channel, nonce])
    if (!(await Promise.race([heard, sleep(1_000, false)])))
      throw new DirectoryError(
        'a NOTIFY of the directory is not heard; name the database itself in `freshness.listen_url`, not a pool such as pgbouncer in transaction mode',
      )
  }
}
