export type JsonObject = { readonly [name: string]: unknown }

/**
 * One tenant inside a write transaction: reads see what was changed before them. A text that cannot be stored is
 * refused with `not_well_formed`, and the transaction with it. Everything is checked by whoever decides the change;
 * here nothing but the order and the look-ups are kept.
 */
export interface TenantDraft {
  readonly id: string
  /** plan and settings, whole; */
  plan(): string | undefined
  setPlan(plan: string): void
  settings(): JsonObject
  setSettings(settings: JsonObject): void
  member(user: string): JsonObject | undefined
  /** Inserts at the end, or replaces in place. */
  putMember(record: JsonObject): void
  removeMember(user: string): void
  /** Whether somebody has this user id or address: the first such record. */
  memberByAddress(address: string): JsonObject | undefined
  membersWithKey(apiKey: string): readonly JsonObject[]
  membersOfRole(role: string): readonly JsonObject[]
  /** Elements of api_keys, projects, shares, owners, custom_levels, gallery_access in stored order. */
  list(name: string): readonly unknown[]
  /** For the small lists: api_keys, projects, custom_levels. */
  setList(name: string, elements: readonly unknown[]): void
  /** Any list, appended. */
  add(name: string, element: unknown): void
  /** Removes the elements that are equal in all given members; answers how many. */
  remove(name: string, matches: JsonObject): number
  /** groups, gallery_roles, collection_assets */
  object(name: string): JsonObject
  setObject(name: string, value: JsonObject): void
}
