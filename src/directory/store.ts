import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  type Compilable,
  DummyDriver,
  type InferResult,
  type Insertable,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import Database from 'libsql'
import { PosternError } from '../pdp/errors.ts'
import { DirectoryError } from './directory-error.ts'
import { migrations } from './migrations.ts'
import { isStorable } from './storable.ts'
import type { Tables } from './tables.ts'

type Value = string | number | null

/** A query that was compiled and prepared once, to be run with the values of its parameters. */
export interface Query<Name extends string, Row> {
  all(values: Readonly<Record<Name, Value>>): readonly Row[]
  first(values: Readonly<Record<Name, Value>>): Row | undefined
}

/**
 * One SQLite file that this process alone has open. Every call is synchronous, so what is read between two `await`s is
 * one state. Look-ups and writes throw `PosternError` `directory_unavailable`, with the `DirectoryError` as its cause;
 * the methods for whole files throw `DirectoryError` itself.
 */
export interface Store {
  /** A look-up. `parameter` stands in it for a value that each run brings. */
  query<const Name extends string, Q extends Compilable<unknown>>(
    names: readonly Name[],
    build: (db: Kysely<Tables>, parameter: Readonly<Record<Name, never>>) => Q,
  ): Query<Name, InferResult<Q>[number]>
  /** A statement that writes. Its texts are refused with `not_well_formed` where SQLite would not give them back. */
  change<const Name extends string, Q extends Compilable<unknown>>(
    names: readonly Name[],
    build: (db: Kysely<Tables>, parameter: Readonly<Record<Name, never>>) => Q,
  ): Query<Name, InferResult<Q>[number]>
  insert<Table extends keyof Tables>(table: Table, row: Insertable<Tables[Table]>): void
  /** Writes a whole copy, as of this moment, to a file that must not exist. */
  copyTo(file: string): void
  /**
   * Puts what a copy holds in the place of all that is here, under another epoch, all of it or nothing. Throws a
   * `DirectoryError` for a file that is no sound copy of these tables.
   */
  replaceBy(copy: string): void
  /** What SQLite finds broken in the file. */
  faults(): readonly string[]
  /** All of `work`, on disk when this returns, or nothing of it where `keep` says no or something throws. */
  transaction<T>(work: () => T, keep: (result: T) => boolean): T
  close(): void
}

class Parameter {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** Queries are built and compiled by Kysely, which runs none of them. */
const builder = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/**
 * Opens or creates the file, takes it for this process, and brings its tables up to date. Throws a `DirectoryError` for
 * a file that another process has open, that is no directory, or that a later version wrote.
 */
export function openStore(file: string): Store {
  const database = explaining(file, () => connect(file))
  const prepare = (query: Compilable<unknown>) => {
    const { sql, parameters } = query.compile()
    return { statement: database.prepare(sql), parameters }
  }
  const prepared = (
    names: readonly string[],
    build: (db: Kysely<Tables>, parameter: never) => Compilable<unknown>,
    check: (values: readonly Value[]) => boolean,
  ) => {
    const placeholders = Object.fromEntries(names.map((name) => [name, new Parameter(name)]))
    const { statement, parameters } = prepare(build(builder, placeholders as never))
    const all = (values: Readonly<Record<string, Value>>) => {
      const bound = parameters.map((value) => (value instanceof Parameter ? values[value.name] : value) as Value)
      return check(bound) ? (available(file, () => statement.all(bound)) as never[]) : []
    }
    return { all, first: (values: Readonly<Record<string, Value>>) => all(values)[0] }
  }
  const inserts = new Map<string, { readonly columns: readonly string[]; readonly statement: Database.Statement }>()

  return {
    // Nothing is stored under a text that cannot be stored; SQLite itself would find its look-alike.
    query: (names, build) => prepared(names, build, (values) => values.every(isBindable)),
    change: (names, build) => prepared(names, build, storable),
    insert(table, row) {
      let known = inserts.get(table)
      if (known === undefined) {
        const columns = Object.keys(row)
        const { statement } = prepare(builder.insertInto(table).values(row as never))
        known = { columns, statement }
        inserts.set(table, known)
      }
      const { columns, statement } = known
      const values = columns.map((column) => (row as unknown as Readonly<Record<string, Value>>)[column] as Value)
      storable(values)
      available(file, () => statement.run(values))
    },
    copyTo: (copy) => explaining(copy, () => void database.prepare('vacuum into ?').run(copy)),
    replaceBy: (copy) => explaining(copy, () => replaceBy(database, copy)),
    faults: () => explaining(file, () => faultsOf(database, 'main')),
    transaction: (work, keep) => available(file, () => transaction(database, work, keep)),
    close: () => explaining(file, () => release(database)),
  }
}

function storable(values: readonly Value[]): boolean {
  if (values.every(isBindable)) return true
  throw new PosternError('not_well_formed', 'a name to be stored holds U+0000 or a lone surrogate')
}

function isBindable(value: Value): boolean {
  return typeof value !== 'string' || isStorable(value)
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
    transaction(
      database,
      () => migrate(database, file),
      () => true,
    )
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
    transaction(database, replace, () => true)
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

function transaction<T>(database: Database.Database, work: () => T, keep: (result: T) => boolean): T {
  database.exec('begin immediate')
  try {
    const result = work()
    database.exec(keep(result) ? 'commit' : 'rollback')
    return result
  } catch (error) {
    if (database.inTransaction) database.exec('rollback')
    throw error
  }
}

/** A caller is told only that there is no answer; what names the file goes to the log. */
function available<T>(file: string, work: () => T): T {
  try {
    return explaining(file, work)
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error
    throw new PosternError('directory_unavailable', undefined, { cause: error })
  }
}

/** What SQLite says becomes one line with the file; anything else passes as it is. */
function explaining<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { name, code, message } = error as Error & { readonly code?: string }
    if (name !== 'SqliteError' && !message.startsWith('ConnectionFailed')) throw error
    if (code?.startsWith('SQLITE_BUSY'))
      throw new DirectoryError(`\`${file}\` is in use by another process; stop that one first`, error)
    if (code?.startsWith('SQLITE_NOTADB'))
      throw new DirectoryError(`\`${file}\` is no SQLite file; name another one`, error)
    if (code === undefined || code === '' || code.startsWith('SQLITE_CANTOPEN'))
      throw new DirectoryError(`cannot open \`${file}\`; it must be a file that can be read and written`, error)
    throw new DirectoryError(`\`${file}\`: ${message} (${code})`, error)
  }
}
