import { LRUCache } from 'lru-cache'
import type { FactRecord, TenantFacts } from '../pdp/facts.ts'
import type { Store } from './store.ts'
import { type RecordCache, storedFacts } from './stored-facts.ts'
import type { TenantRow } from './tables.ts'

/** Headers that are kept, with the texts that they remember. */
const keptTenants = 1_000

/** Member records that are kept: how many, and how many characters of stored text. */
const keptRecords = { max: 100_000, maxSize: 32 * 1024 * 1024 }

interface Kept {
  /** Names the records of one tenant that are kept; one that was dropped and is read again has another. */
  readonly generation: number
  readonly facts: TenantFacts
}

/**
 * The facts of tenants, kept between decisions.
 *
 * INVARIANT: what is kept is true until `drop`, `replace` or `clear` is called, so whoever learns of a change calls them
 * before anybody can ask again.
 */
export class TenantCache {
  readonly #store: Pick<Store, 'readerAt' | 'forget' | 'clear'>
  readonly #revisionOf: (row: TenantRow) => string
  readonly #kept = new LRUCache<string, Kept>({ max: keptTenants })
  readonly #records = new LRUCache<string, FactRecord>(keptRecords)
  #generations = 0

  constructor(store: Pick<Store, 'readerAt' | 'forget' | 'clear'>, revisionOf: (row: TenantRow) => string) {
    this.#store = store
    this.#revisionOf = revisionOf
  }

  get(tenant: string): TenantFacts | undefined {
    return this.#kept.get(tenant)?.facts
  }

  keep(row: TenantRow): TenantFacts {
    this.#generations += 1
    return this.#keep(row, this.#generations)
  }

  /** The tenant was written. Of the records that are kept only those of `touched` are others now. */
  replace(before: TenantRow, after: TenantRow, touched: ReadonlySet<string>): void {
    this.#store.forget(after.id)
    const known = this.#kept.get(after.id)
    if (known === undefined) return
    if (known.facts.revision === this.#revisionOf(before)) {
      for (const user of touched) this.#records.delete(`${known.generation} ${user}`)
      this.#keep(after, known.generation)
    } else this.drop(after.id)
  }

  drop(tenant: string): void {
    this.#store.forget(tenant)
    this.#kept.delete(tenant)
  }

  clear(): void {
    this.#store.clear()
    this.#kept.clear()
    this.#records.clear()
  }

  #keep(row: TenantRow, generation: number): TenantFacts {
    const reader = this.#store.readerAt(row, () => this.drop(row.id))
    const facts = storedFacts(reader, row, this.#revisionOf(row), this.#recordsOf(generation))
    this.#kept.set(row.id, { generation, facts })
    return facts
  }

  #recordsOf(generation: number): RecordCache {
    return {
      get: (user) => this.#records.get(`${generation} ${user}`),
      set: (user, record, size) => this.#records.set(`${generation} ${user}`, record, { size: size + user.length + 1 }),
    }
  }
}
