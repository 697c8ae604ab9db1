export type JsonObject = { readonly [name: string]: unknown }

/**
 * One tenant inside a write transaction: what effects read and change. Nothing of it outlives the transaction. A name that
 * cannot be stored is refused with `not_well_formed`, and the transaction with it.
 */
export interface TenantDraft {
  readonly id: string
  plan(): string | undefined
  setPlan(plan: string): void
  settings(): JsonObject
  setSettings(settings: JsonObject): void
  member(user: string): Promise<JsonObject | undefined>
  /** Inserts at the end, or replaces in place. */
  putMember(record: JsonObject): Promise<void>
  removeMember(user: string): Promise<void>
  /** The record whose id or address this is, as addresses compare: trimmed, ASCII letters in either case. */
  memberByAddress(address: string): Promise<JsonObject | undefined>
  membersWithKey(apiKey: string): Promise<readonly JsonObject[]>
  membersOfRole(role: string): Promise<readonly JsonObject[]>
  /** Elements in stored order: of `api_keys`, `projects`, `shares`, `owners`, `custom_levels` or `gallery_access`. */
  list(name: string): Promise<readonly unknown[]>
  setList(name: string, elements: readonly unknown[]): Promise<void>
  add(name: string, element: unknown): Promise<void>
  /** Removes the elements that have all of these members; answers how many. */
  remove(name: string, matches: JsonObject): Promise<number>
  /** `groups`, `gallery_roles` or `collection_assets`. */
  object(name: string): Promise<JsonObject>
  setObject(name: string, value: JsonObject): Promise<void>
}
