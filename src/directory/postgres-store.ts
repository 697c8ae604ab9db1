import { createHash, randomUUID } from 'node:crypto'
import { PostgresAdapter, PostgresQueryCompiler } from 'kysely'
import pg from 'pg'
import { PosternError } from '../pdp/errors.ts'
import { DirectoryError } from './directory-error.ts'
import { LoadingReaders, transactionReader } from './loading-reader.ts'
import { nameOf } from './place.ts'
import { migrations } from './postgres-migrations.ts'
import { type PostgresPool, postgresPool } from './postgres-pool.ts'
import { builderOf, type Compiled, isRunnable, type Statement, type Value } from './statement.ts'
import type { Position, Session, Store, Transaction } from './store.ts'

/** Tables in the schema `postern` of a PostgreSQL database, which any number of processes may have open. */
export interface PostgresStore extends Store {
  /** Connections for look-ups, which no write holds up that waits for a lock. */
  readonly reads: Queryable
  /** A connection was lost: those that lie idle are not used any more, for they may be dead without saying so. */
  reconnect(): void
}

export interface PostgresOptions {
  /** Whether statements stay prepared on their connection, which saves planning them, and which most pools cannot do. */
  readonly named: boolean
}

/** The channel of NOTIFY on which each commit is told of. */
export const channel = 'postern'

const builder = builderOf(
  () => new PostgresAdapter(),
  () => new PostgresQueryCompiler(),
).withSchema('postern')

/** A look-up that takes longer is given up, so that a database which hangs holds up no decision for long. */
const readTimeoutMs = 2_000
const connectTimeoutMs = 2_000

/** So is a statement that writes, where the network swallows what the server would have said of its own timeout. */
const writeTimeoutMs = 35_000

/**
 * Limits of the server for one transaction, in milliseconds. The first also bounds the import of a large tenant; whoever
 * waits for a lock is told soon. Not of the connection, for a pool between would refuse it, or give it to others.
 */
const limits = `set local statement_timeout = 30000; set local lock_timeout = 5000;
  set local idle_in_transaction_session_timeout = 5000`

/** A revision or an ordinal is far below 2^53. */
const int8 = 20
const types = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** Settings of every connection to the database of the URL. */
export function connectionTo(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    types,
    application_name: 'postern',
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
  }
}

/**
 * Opens the directory of a database and brings its tables up to date. Rejects with a `DirectoryError` where the database
 * cannot be reached, only reads, is too old, or was written by a later version.
 */
export async function openPostgresStore(url: string, { named }: PostgresOptions): Promise<PostgresStore> {
  const name = nameOf(url)
  const reads = postgresPool({ ...connectionTo(url), max: 8 })
  const writes = postgresPool({
    ...connectionTo(url),
    max: 8,
    query_timeout: writeTimeoutMs,
    // Of many writes at once the last ones wait for a connection.
    connectionTimeoutMillis: 10_000,
  })
  const close = async () => {
    await Promise.all([reads.end(), writes.end()])
  }
  try {
    await migrate(writes, name)
  } catch (error) {
    await close()
    throw error instanceof DirectoryError ? error : explained(name, error)
  }
  const available = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw unavailable(name, error)
    }
  }
  const session = sessionOn(reads, { named, timeout: readTimeoutMs })
  const between: Session = {
    all: (statement, values) => available(() => session.all(statement, values)),
    first: (statement, values) => available(() => session.first(statement, values)),
    insert: (table, rows) => available(() => session.insert(table, rows)),
  }
  const readers = new LoadingReaders({
    row: (statement, tenant) => between.first(statement, { tenant }) as Promise<never>,
    rows: (statement, values) => available(() => rowsWithRevision(reads, named, statement, values)),
  })

  return {
    ...between,
    reads,
    reader: readers.rows,
    readerAt: (row, moved) => readers.at(row, moved),
    forget: (tenant) => readers.forget(tenant),
    clear: () => readers.clear(),
    position: () => available(() => positionOf(reads)),
    snapshot: (work) =>
      available(() => within(writes, `begin isolation level repeatable read, read only; ${limits}`, work)),
    transaction: (tenants, work, failed = () => {}) =>
      available(async () => {
        const client = await writes.connect()
        let broken: Error | undefined
        try {
          await client.query(`begin; ${limits}`)
          await client.query(lockTenants, [[...tenants].sort()])
          const grown = new Set<string>()
          const { value, commit, committed } = await work(transactionOn(client, named, grown))
          if (commit) for (const table of grown) await client.query(`analyze postern."${table}"`)
          if (commit) await client.query(`select pg_notify('${channel}', '')`)
          await client.query(commit ? 'commit' : 'rollback')
          if (commit) committed?.()
          return value
        } catch (error) {
          failed()
          broken = await rolledBack(client)
          throw error
        } finally {
          client.release(broken)
        }
      }),
    async copyTo() {
      throw new DirectoryError(`${name} is a PostgreSQL database; back it up with \`pg_dump --schema=postern\``)
    },
    async replaceBy() {
      throw new DirectoryError(`${name} is a PostgreSQL database; restore it with \`pg_restore\``)
    },
    faults: async () => [],
    reconnect() {
      reads.replace()
      writes.replace()
    },
    close,
  }
}

/** A position, and the mark of the change that led to it, which no other change has; null where there was none. */
export interface MarkedPosition extends Position {
  readonly mark: string | null
}

/**
 * Where the directory is. The table itself is part of the epoch: one that was restored from a dump is another table, also
 * where what it holds was true before.
 */
export async function positionOf(queryable: Queryable): Promise<MarkedPosition> {
  const { rows } = await queryable.query<MarkedPosition>(
    `select epoch || '-' || 'postern.meta'::regclass::oid as epoch, rev,
            (select mark from postern.change where change.rev = meta.rev) as mark
     from postern.meta`,
  )
  const [position] = rows
  if (position === undefined) throw new DirectoryError('the directory has lost its revision: `postern.meta` is empty')
  return position
}

// In one order, so that no two of them wait for each other. A tenant that is not there yet has no row to lock.
const lockTenants = `select pg_advisory_xact_lock(key) from (
  select hashtextextended(name, 0) as key from unnest($1::text[]) as name order by 1
) as keys`

async function within<T>(pool: PostgresPool, begin: string, work: (session: Session) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(begin)
    const done = await work(sessionOn(client, { named: false }))
    await client.query('commit')
    return done
  } catch (error) {
    broken = await rolledBack(client)
    throw error
  } finally {
    client.release(broken)
  }
}

/** What makes the connection useless, if anything does. */
async function rolledBack(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback')
    return undefined
  } catch (error) {
    return error as Error
  }
}

export type Queryable = Pick<pg.Pool | pg.Client, 'query'>

/** So many rows at once may make of a table something else than what PostgreSQL last counted, and plans by. */
const manyRows = 1_000

/** `grown` is told of tables that many rows were added to. */
function transactionOn(client: pg.PoolClient, named: boolean, grown: Set<string>): Transaction {
  const session = sessionOn(client, { named })
  return {
    ...session,
    async insert(table, rows) {
      await session.insert(table, rows)
      if (rows.length >= manyRows) grown.add(table)
    },
    reader: transactionReader((statement, values) => session.all(statement, values)),
  }
}

const compiled: (Compiled | undefined)[] = []

function compiledOf(statement: Statement<string, unknown>): Compiled {
  const known = compiled[statement.id]
  if (known !== undefined) return known
  const made = statement.compile(builder)
  compiled[statement.id] = made
  return made
}

interface TimedQuery extends pg.QueryConfig {
  readonly query_timeout?: number
}

interface SessionOptions extends PostgresOptions {
  readonly timeout?: number
}

function sessionOn(queryable: Queryable, { named, timeout }: SessionOptions): Session {
  const all: Session['all'] = async (statement, values) => {
    const { sql: text, bind } = compiledOf(statement)
    const bound = bind(values)
    if (!isRunnable(statement, bound)) return []
    const query: TimedQuery = {
      text,
      values: bound,
      ...(named ? { name: `postern ${statement.id}` } : {}),
      ...(timeout === undefined ? {} : { query_timeout: timeout }),
    }
    const { rows } = await queryable.query(query)
    return rows
  }
  return {
    all,
    async first(statement, values) {
      const rows = await all(statement, values)
      return rows[0]
    },
    async insert(table, rows) {
      const [first] = rows
      if (first === undefined) return
      for (const row of rows) isRunnable({ stores: true }, Object.values(row) as Value[])
      const columns = Object.keys(first)
        .map((column) => `"${column}"`)
        .join(', ')
      // All rows as one parameter: the table itself says of which types its columns are.
      await queryable.query({
        ...(named ? { name: `postern insert ${table} ${columns}`.slice(0, 63) } : {}),
        text: `insert into postern."${table}" (${columns})
               select ${columns} from json_populate_recordset(null::postern."${table}", $1)`,
        values: [JSON.stringify(rows)],
      })
    },
  }
}

/** One statement, so one snapshot: what it reads is what the tenant had at the revision that it reads. */
async function rowsWithRevision(
  queryable: Queryable,
  named: boolean,
  statement: Statement<string, unknown>,
  values: Readonly<Record<string, Value>>,
) {
  const { sql, bind } = compiledOf(statement)
  const bound = bind(values)
  const runnable = isRunnable(statement, bound)
  const found = runnable ? `coalesce((select json_agg(found) from (${sql}) as found), '[]')` : `'[]'::json`
  const query: TimedQuery = {
    text: `select (select revision from postern.tenant where id = $${runnable ? bound.length + 1 : 1}) as revision, ${found} as rows`,
    values: [...(runnable ? bound : []), values.tenant],
    ...(named && runnable ? { name: `postern at ${statement.id}` } : {}),
    query_timeout: readTimeoutMs,
  }
  const { rows } = await queryable.query(query)
  return rows[0]
}

const oldest = 150_000

async function migrate(pool: PostgresPool, name: string): Promise<void> {
  const client = await pool.connect()
  try {
    const { rows } = await client.query<{ version: number; recovering: boolean; readonly: string }>(
      `select current_setting('server_version_num')::int as version, pg_is_in_recovery() as recovering,
              current_setting('transaction_read_only') as readonly`,
    )
    const [about] = rows
    if (about === undefined || about.version < oldest)
      throw new DirectoryError(`${name}: PostgreSQL 15 or newer is needed`)
    if (about.recovering || about.readonly === 'on')
      throw new DirectoryError(`${name} only reads, as a replica does; name the primary`)
    await client.query('begin')
    // Servers that start together wait for the first of them; this lock is of another kind than those of tenants.
    await client.query('select pg_advisory_xact_lock(8181, 0)')
    await client.query('create schema if not exists postern')
    await client.query('set local search_path to postern')
    await client.query('create table if not exists migration (id serial primary key, digest text not null)')
    const applied = await client.query<{ digest: string }>('select digest from migration order by id')
    if (applied.rows.length > migrations.length)
      throw new DirectoryError(`${name} was made by a later version; use that one`)
    for (const [index, sql] of migrations.entries()) {
      const digest = createHash('sha256').update(sql).digest('hex')
      const known = applied.rows[index]?.digest
      if (known !== undefined && known !== digest)
        throw new DirectoryError(`${name} was made by another version; export its tenants with that one`)
      if (known !== undefined) continue
      await client.query(sql)
      await client.query('insert into migration (digest) values ($1)', [digest])
    }
    await client.query('insert into meta (one, epoch, rev) values (1, $1, 0) on conflict do nothing', [randomUUID()])
    await client.query('commit')
  } finally {
    // Also after a failure: what is not committed goes with the connection.
    client.release(true)
  }
}

/** A caller is told only that there is no answer; what names the database goes to the log. */
function unavailable(name: string, error: unknown): unknown {
  if (error instanceof PosternError || !(error instanceof Error)) return error
  return isOfDatabase(error)
    ? new PosternError('directory_unavailable', undefined, { cause: explained(name, error) })
    : error
}

/** Errors of the server have a code of five characters, those of sockets one in words, and `pg`'s own none at all. */
function isOfDatabase(error: Error & { readonly code?: unknown }): boolean {
  return typeof error.code === 'string' || /connection|timeout|Client|pool/i.test(error.message)
}

function explained(name: string, error: unknown): DirectoryError {
  const { message, code } = error as Error & { readonly code?: string }
  return new DirectoryError(`${name}: ${message.split('\n')[0]}${code === undefined ? '' : ` (${code})`}`, error)
}
