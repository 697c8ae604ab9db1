import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Kysely, SqliteAdapter, SqliteQueryCompiler } from 'kysely'
import Database from 'libsql'
import { PosternError } from '../pdp/errors.ts'
import { NotLoaded } from '../pdp/facts.ts'
import { DirectoryError } from './directory-error.ts'
import { migrations } from './sqlite-migrations.ts'
import { builderOf, type Compiled, isRunnable, query, type Statement, type Value } from './statement.ts'
import type { Outcome, Reader, Session, Store, Transaction } from './store.ts'

const builder = builderOf(
  () => new SqliteAdapter(),
  () => new SqliteQueryCompiler(),
)

interface Prepared extends Compiled {
  readonly statement: Database.Statement
}

/**
 * Opens or creates the SQLite file, takes it for this process, and brings its tables up to date. Throws a `DirectoryError` for
 * a file that another process has open, that is no directory, or that a later version wrote.
 *
 * INVARIANT: there is one connection, so while a transaction is under way all others wait for its end, readers too: they
 * would see what is not committed.
 */
export function openSqliteStore(file: string): Store {
  const database = explaining(file, () => connect(file))
  const prepared: (Prepared | undefined)[] = []
  const prepare = (statement: Statement<string, unknown>): Prepared => {
    const compiled = statement.compile(builder)
    const made = { ...compiled, statement: database.prepare(compiled.sql) }
    prepared[statement.id] = made
    return made
  }
  const all: Reader['all'] = (statement, values) =>
    available(file, () => {
      const known = prepared[statement.id] ?? prepare(statement)
      const bound = known.bind(values)
      return isRunnable(statement, bound) ? (known.statement.all(bound) as never[]) : []
    })
  const inserts = new Map<string, Database.Statement>()
  const insert = (table: string, rows: readonly object[]) => {
    const [first] = rows
    if (first === undefined) return
    const columns = Object.keys(first)
    const name = `${table} ${columns}`
    let statement = inserts.get(name)
    if (statement === undefined) {
      const { sql } = (builder as Kysely<Record<string, object>>).insertInto(table).values(first).compile()
      statement = database.prepare(sql)
      inserts.set(name, statement)
    }
    for (const row of rows as readonly Readonly<Record<string, Value>>[]) {
      const values = columns.map((column) => row[column] as Value)
      isRunnable({ stores: true }, values)
      statement.run(values)
    }
  }
  const direct: Reader = { all, first: (statement, values) => all(statement, values)[0] }
  const inside: Transaction = {
    reader: direct,
    all: async (statement, values) => direct.all(statement, values),
    first: async (statement, values) => direct.first(statement, values),
    insert: async (table, rows) => available(file, () => insert(table, rows)),
  }

  let underWay: Promise<void> | undefined
  let closed = false
  const refuseClosed = () => {
    if (closed) throw unavailable(file, new DirectoryError(`\`${file}\` is closed`))
  }
  // Nothing may be awaited between the end of the loop and the work: somebody else would begin.
  const idle = async <T>(work: () => T | Promise<T>): Promise<T> => {
    while (underWay !== undefined) await underWay
    refuseClosed()
    return work()
  }
  const alone = <T>(work: () => Promise<T>): Promise<T> =>
    idle(async () => {
      let end = () => {}
      underWay = new Promise((resolve) => {
        end = () => {
          underWay = undefined
          resolve()
        }
      })
      try {
        return await work()
      } finally {
        end()
      }
    })
  const between: Session = {
    all: (statement, values) => idle(() => direct.all(statement, values)),
    first: (statement, values) => idle(() => direct.first(statement, values)),
    insert: (table, rows) => idle(() => available(file, () => insert(table, rows))),
  }
  const readyToRead = () => {
    if (underWay !== undefined) throw new NotLoaded(underWay)
    refuseClosed()
  }
  const reader: Reader = {
    all(statement, values) {
      readyToRead()
      return direct.all(statement, values)
    },
    first(statement, values) {
      readyToRead()
      return direct.first(statement, values)
    },
  }

  return {
    ...between,
    reader,
    readerAt: () => reader,
    forget() {},
    clear() {},
    async position() {
      const found = await between.first(position, {})
      return found ?? { epoch: '', rev: 0 }
    },
    snapshot: (work) => alone(() => work(inside)),
    transaction: (_tenants, work, failed) =>
      alone(() => transaction(database, () => work(inside), failed)).catch((error) => {
        throw unavailable(file, error)
      }),
    copyTo: (copy) => alone(async () => explaining(copy, () => void database.prepare('vacuum into ?').run(copy))),
    replaceBy: (copy) => alone(async () => explaining(copy, () => replaceBy(database, copy))),
    faults: () => alone(async () => explaining(file, () => faultsOf(database, 'main'))),
    close: () =>
      alone(async () => {
        closed = true
        explaining(file, () => release(database))
      }),
  }
}

const position = query([], (db) => db.selectFrom('meta').select(['epoch', 'rev']))

/** What `work` throws passes; `failed` is told of whatever may have left the file in a state that is not known. */
async function transaction<T>(
  database: Database.Database,
  work: () => Promise<Outcome<T>>,
  failed: () => void = () => {},
): Promise<T> {
  database.exec('begin immediate')
  try {
    const { value, commit, committed } = await work()
    database.exec(commit ? 'commit' : 'rollback')
    if (commit) committed?.()
    return value
  } catch (error) {
    failed()
    if (database.inTransaction) database.exec('rollback')
    throw error
  }
}

/**
 * INVARIANT: the exclusive lock is taken by the first transaction, before anything is read, and kept until the process
 * ends, however it ends. A second process fails here and never reads a state that the first one is about to change.
 */
function connect(file: string): Database.Database {
  if (!existsSync(dirname(resolve(file))))
    throw new DirectoryError(`cannot open \`${file}\`: its folder does not exist; make it first`)
  const database = new Database(file)
  try {
    database.pragma('locking_mode = EXCLUSIVE')
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    // What is deleted is overwritten: the secrets of invitations that were delivered.
    database.pragma('secure_delete = ON')
    atOnce(database, () => {
      migrate(database, file)
      // Those of a process that was killed: nobody else can hold one.
      database.exec('delete from lane')
    })
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

/**
 * Closing is not enough: prepared statements hold the connection, and its lock, until they are collected. Leaving WAL
 * also leaves one file behind, without others beside it.
 */
function release(database: Database.Database): void {
  database.pragma('journal_mode = DELETE')
  database.pragma('locking_mode = NORMAL')
  database.prepare('select one from meta').all()
  database.close()
}

function migrate(database: Database.Database, file: string): void {
  const names = database.prepare('select name from sqlite_schema').all() as { readonly name: string }[]
  if (names.length > 0 && !names.some(({ name }) => name === 'migration'))
    throw new DirectoryError(`\`${file}\` is a database of something else; name another file`)
  database.exec('create table if not exists migration (id integer primary key, digest text not null) strict')
  const applied = database.prepare('select digest from migration order by id').all() as { readonly digest: string }[]
  if (applied.length > migrations.length)
    throw new DirectoryError(`\`${file}\` was made by a later version; use that one`)
  for (const [index, sql] of migrations.entries()) {
    const digest = createHash('sha256').update(sql).digest('hex')
    const known = applied[index]?.digest
    if (known !== undefined && known !== digest)
      throw new DirectoryError(`\`${file}\` was made by another version; export its tenants with that one`)
    if (known !== undefined) continue
    database.exec(sql)
    database.prepare('insert into migration (digest) values (?)').run(digest)
  }
  database.prepare('insert into meta (one, epoch, rev) values (1, ?, 0) on conflict do nothing').run(randomUUID())
}

function faultsOf(database: Database.Database, schema: string): readonly string[] {
  const found = database.prepare(`pragma ${schema}.integrity_check`).all() as { readonly integrity_check: string }[]
  return found.map(({ integrity_check: fault }) => fault).filter((fault) => fault !== 'ok')
}

/** By SQL and not by another file of that name: the lock is held throughout, and a crash leaves the one or the other. */
function replaceBy(database: Database.Database, copy: string): void {
  database.prepare('attach ? as copy').run(copy)
  try {
    if (digestsOf(database, 'copy') !== digestsOf(database, 'main') || faultsOf(database, 'copy').length > 0)
      throw new DirectoryError(`\`${copy}\` is no sound backup of a directory of this version`)
    const replace = () => {
      for (const table of tablesOf(database))
        database.exec(`delete from ${table}; insert into ${table} select * from copy.${table}`)
      database.prepare('update meta set epoch = ?').run(randomUUID())
    }
    atOnce(database, replace)
  } finally {
    database.exec('detach copy')
  }
}

/** All but the list of migrations, so that a table that comes later is restored too. */
function tablesOf(database: Database.Database): readonly string[] {
  const rows = database.prepare("select name from sqlite_schema where type = 'table' and name <> 'migration'").all()
  return (rows as { readonly name: string }[]).map(({ name }) => name)
}

/** The digests of the migrations that made the tables; empty where there are none. */
function digestsOf(database: Database.Database, schema: 'main' | 'copy'): string {
  const tables = database.prepare(`select name from ${schema}.sqlite_schema where name = 'migration'`).all()
  if (tables.length === 0) return ''
  const rows = database.prepare(`select digest from ${schema}.migration order by id`).all()
  return (rows as { readonly digest: string }[]).map(({ digest }) => digest).join(' ')
}

function atOnce(database: Database.Database, work: () => void): void {
  database.exec('begin immediate')
  try {
    work()
    database.exec('commit')
  } catch (error) {
    if (database.inTransaction) database.exec('rollback')
    throw error
  }
}

/** A caller is told only that there is no answer; what names the file goes to the log. */
function available<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw unavailable(file, error)
  }
}

function unavailable(file: string, error: unknown): unknown {
  const explained = explanationOf(file, error)
  if (!(explained instanceof DirectoryError)) return error
  return new PosternError('directory_unavailable', undefined, { cause: explained })
}

/** What SQLite says becomes one line with the file; anything else passes as it is. */
function explaining<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw explanationOf(file, error)
  }
}

function explanationOf(file: string, error: unknown): unknown {
  const { name, code, message } = error as Error & { readonly code?: string }
  if (name !== 'SqliteError' && !message.startsWith('ConnectionFailed')) return error
  if (code?.startsWith('SQLITE_BUSY'))
    return new DirectoryError(`\`${file}\` is in use by another process; stop that one first`, error)
  if (code?.startsWith('SQLITE_NOTADB'))
    return new DirectoryError(`\`${file}\` is no SQLite file; name another one`, error)
  if (code === undefined || code === '' || code.startsWith('SQLITE_CANTOPEN'))
    return new DirectoryError(`cannot open \`${file}\`; it must be a file that can be read and written`, error)
  return new DirectoryError(`\`${file}\`: ${message} (${code})`, error)
}
