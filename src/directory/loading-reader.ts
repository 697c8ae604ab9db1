import { LRUCache } from 'lru-cache'
import { NotLoaded } from '../pdp/facts.ts'
import type { Statement, Value, Values } from './statement.ts'
import type { Reader } from './store.ts'
import type { TenantRow } from './tables.ts'

type Row = Readonly<Record<string, unknown>>
type AnyStatement = Statement<string, unknown>

/** Rows of one snapshot of the database, and the revision that the tenant had in it; null for a tenant that is gone. */
export interface LoadedRows {
  readonly revision: number | null
  readonly rows: readonly Row[]
}

export interface Loads {
  /** The tenant's row. */
  row(statement: AnyStatement, tenant: string): Promise<Row | undefined>
  rows(statement: AnyStatement, values: Readonly<Record<string, Value>>): Promise<LoadedRows>
}

interface LoadingRow {
  loading: Promise<unknown>
  /** None of a tenant that is not there. */
  readonly found?: readonly Row[]
}

/** Rows that are kept: their JSON in characters, and how many look-ups. */
const kept = { max: 100_000, maxSize: 32 * 1024 * 1024 }

/**
 * Answers look-ups at once from what was loaded.
 *
 * INVARIANT: what belongs to a tenant is kept with the revision that the tenant had in the same snapshot, and answers
 * only whoever asks at that revision. A tenant's own row, which says what its revision is, is handed over once, that
 * there is none as often as it is asked for, and neither where `forget` was called since the loading began: the load may
 * have read what was true before.
 */
export class LoadingReaders {
  readonly #loads: Loads
  readonly #kept = new LRUCache<string, LoadedRows>(kept)
  readonly #underWay = new Map<string, Promise<unknown>>()
  readonly #rows = new LRUCache<string, LoadingRow>({ max: 10_000 })
  #generation = 0

  constructor(loads: Loads) {
    this.#loads = loads
  }

  /** Reads the rows of tenants. */
  readonly rows: Reader = readerOf((statement, values) => {
    const tenant = String(values.tenant)
    const known = this.#rows.get(tenant)
    if (known?.found !== undefined) {
      if (known.found.length > 0) this.#rows.delete(tenant)
      return known.found
    }
    throw new NotLoaded(known?.loading ?? this.#loadRow(statement, tenant))
  })

  /** Reads what belongs to the tenant of the row; `moved` is called where it is found at another revision. */
  at({ revision }: TenantRow, moved: () => void): Reader {
    return readerOf((statement, values) => {
      const key = `${this.#generation} ${keyOf(statement, values)}`
      const known = this.#kept.get(key)
      if (known?.revision === revision) return known.rows
      throw new NotLoaded(this.#load(key, statement, values, revision, moved))
    })
  }

  forget(tenant: string): void {
    this.#rows.delete(tenant)
  }

  clear(): void {
    this.#generation += 1
    this.#kept.clear()
    this.#rows.clear()
  }

  #loadRow(statement: AnyStatement, tenant: string): Promise<unknown> {
    const load = async () => {
      try {
        const row = await this.#loads.row(statement, tenant)
        if (this.#rows.get(tenant) === entry)
          this.#rows.set(tenant, { ...entry, found: row === undefined ? [] : [row] })
      } catch (error) {
        if (this.#rows.get(tenant) === entry) this.#rows.delete(tenant)
        throw error
      }
    }
    const entry: LoadingRow = { loading: Promise.resolve() }
    this.#rows.set(tenant, entry)
    entry.loading = load()
    return entry.loading
  }

  #load(
    key: string,
    statement: AnyStatement,
    values: Readonly<Record<string, Value>>,
    revision: number,
    moved: () => void,
  ): Promise<unknown> {
    const known = this.#underWay.get(key)
    if (known !== undefined) return known
    const load = async () => {
      try {
        const loaded = await this.#loads.rows(statement, values)
        this.#kept.set(key, loaded, { size: JSON.stringify(loaded.rows).length + key.length })
        if (loaded.revision !== revision) moved()
      } finally {
        this.#underWay.delete(key)
      }
    }
    const loading = load()
    this.#underWay.set(key, loading)
    return loading
  }
}

/** A reader inside a transaction, where nobody else writes: what was loaded once stays true. */
export function transactionReader(
  load: (statement: AnyStatement, values: Readonly<Record<string, Value>>) => Promise<readonly unknown[]>,
): Reader {
  const known = new Map<string, readonly unknown[]>()
  return readerOf((statement, values) => {
    const key = keyOf(statement, values)
    const rows = known.get(key)
    if (rows !== undefined) return rows
    throw new NotLoaded(load(statement, values).then((loaded) => known.set(key, loaded)))
  })
}

function readerOf(
  all: (statement: AnyStatement, values: Readonly<Record<string, Value>>) => readonly unknown[],
): Reader {
  const typed = <Name extends string, R>(statement: Statement<Name, R>, values: Values<Name>) =>
    all(statement as AnyStatement, values) as readonly R[]
  return { all: typed, first: (statement, values) => typed(statement, values)[0] }
}

function keyOf({ id, names }: AnyStatement, values: Readonly<Record<string, Value>>): string {
  return `${id} ${JSON.stringify(names.map((name) => values[name]))}`
}
