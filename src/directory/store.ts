import type { Insertable } from 'kysely'
import type { Statement, Values } from './statement.ts'
import type { Tables, TenantRow } from './tables.ts'

/** Runs statements. Rejects with `directory_unavailable` where the database fails, with what it said as the cause. */
export interface Session {
  all<Name extends string, Row>(statement: Statement<Name, Row>, values: Values<Name>): Promise<readonly Row[]>
  first<Name extends string, Row>(statement: Statement<Name, Row>, values: Values<Name>): Promise<Row | undefined>
  /** Any number of rows; those of one call have the same columns. */
  insert<Table extends keyof Tables>(table: Table, rows: readonly Insertable<Tables[Table]>[]): Promise<void>
}

/**
 * Answers look-ups at once, for decisions. What it does not have at hand it begins to load and throws `NotLoaded`.
 * Throws `directory_unavailable` where the database fails.
 */
export interface Reader {
  all<Name extends string, Row>(statement: Statement<Name, Row>, values: Values<Name>): readonly Row[]
  first<Name extends string, Row>(statement: Statement<Name, Row>, values: Values<Name>): Row | undefined
}

/** A session inside a transaction, with a reader of what it sees. */
export interface Transaction extends Session {
  readonly reader: Reader
}

export interface Outcome<T> {
  readonly value: T
  readonly commit: boolean
  /** Called when the transaction is on disk, before anybody else reads it through this store. */
  committed?(): void
}

/** How far a directory is: `rev` counts its writes, and another epoch says that its revs are of another history. */
export interface Position {
  readonly epoch: string
  readonly rev: number
}

/** A database with the tables of the directory. */
export interface Store extends Session {
  /** Reads the rows of tenants. */
  readonly reader: Reader
  /**
   * Reads what belongs to a tenant as it is at the revision of this row, and nothing of another revision: `moved` is
   * called where it finds one.
   */
  readerAt(row: TenantRow, moved: () => void): Reader
  /** The tenant was written: what is being loaded of its row is not believed. */
  forget(tenant: string): void
  /** Nothing that was loaded or is being loaded is believed. */
  clear(): void
  position(): Promise<Position>
  /** Reads of one state. */
  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T>
  /**
   * All of `work`, on disk when this resolves, or nothing of it where it does not say `commit` or something throws. Nobody
   * else writes the named tenants meanwhile. `failed` is called when it cannot be known what came of it on disk.
   */
  transaction<T>(
    tenants: readonly string[],
    work: (session: Transaction) => Promise<Outcome<T>>,
    failed?: () => void,
  ): Promise<T>
  /** Writes a whole copy, as of this moment, to a file that must not exist. Rejects with a `DirectoryError`. */
  copyTo(file: string): Promise<void>
  /**
   * Puts what a copy holds in the place of all that is here, under another epoch, all of it or nothing. Rejects with a
   * `DirectoryError` for a file that is no sound copy of these tables.
   */
  replaceBy(copy: string): Promise<void>
  /** What the database finds broken in its files. */
  faults(): Promise<readonly string[]>
  close(): Promise<void>
}
