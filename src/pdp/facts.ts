import type { DecisionRequest } from './request.ts'

/**
 * The closed catalogue of what a policy may read, as paths below `input`. `*` stands for any one name; an entry covers
 * all that lies below it. A rule that reads more than an entry (all of `input.member`, say) fails the build, because
 * every read becomes part of the cache key. policies/README.md is this table with words; a test holds the two together.
 */
export const factCatalogue: readonly string[] = [
  'request.subject.type',
  'request.subject.id',
  'request.subject.service',
  'request.subject.properties.*',
  'request.action.name',
  'request.action.properties.*',
  'request.resource.type',
  'request.resource.id',
  'request.resource.properties.*',
  'request.context.*',
  'tenant.id',
  'tenant.system',
  'tenant.plan',
  'tenant.settings.*',
  'tenant.api_keys',
  'tenant.projects',
  'tenant.custom_levels',
  'tenant.gallery_roles',
  'member.*',
  'target.*',
  'items.invited',
  'items.invites',
  'items.key_holders',
  'items.shares',
  'items.owned',
  'items.collections',
  'items.group_exists',
  'items.project_exists',
  'items.gallery_access',
  'items.without_two_factor',
  'counts.pending',
  'counts.active',
  'counts.inactive',
  'counts.roles',
  'entities',
  'now',
]

/** How many records a fact may hold; a decision that would need more is refused with `too_many_facts`. */
export const factBounds: Readonly<Record<string, number>> = {
  'tenant.api_keys': 10_000,
  'tenant.projects': 10_000,
  'tenant.custom_levels': 100,
  'tenant.gallery_roles': 1_000,
  'items.invites': 1_000,
  'items.key_holders': 1_000,
  'items.shares': 1_000,
  'items.owned': 1_000,
  'items.collections': 1_000,
  'items.gallery_access': 1_000,
  'items.without_two_factor': 10_000,
  'counts.roles': 1_000,
}

/** Some attributes of a record, interned so that a record can remember its text for each. */
export interface Projection {
  readonly id: number
  /** In the order in which they are written; `settings.x` names a member of an object. */
  readonly names: readonly string[]
}

/** A stored record. */
export interface FactRecord {
  /** JSON text of an object with those of the attributes that the record has. */
  text(projection: Projection): string
  /** An attribute as it is stored; undefined where the record does not have it. */
  value(name: string): unknown
}

/**
 * A fact is not at hand. When `loaded` has resolved it is, for whoever asks all over again; it rejects with the
 * `PosternError` that says why it cannot be had.
 */
export class NotLoaded extends Error {
  override readonly name = 'NotLoaded'
  readonly loaded: Promise<unknown>

  constructor(loaded: Promise<unknown>) {
    super('a fact is not at hand')
    this.loaded = loaded
    // Whoever asks may have given up before it fails.
    loaded.catch(() => {})
  }
}

/**
 * The facts of one tenant, at one revision. Every answer is JSON text, undefined where the tenant does not have the
 * fact. Throws `PosternError` `too_many_facts` where a bound is exceeded, and `NotLoaded`.
 */
export interface TenantFacts {
  readonly id: string
  readonly system: string
  readonly revision: string
  readonly header: FactRecord
  record(user: string): FactRecord | undefined
  /** `name` is the last part of an `items.…` entry. */
  item(name: string, request: DecisionRequest): string | undefined
  /** `name` is the last part of a `counts.…` entry. */
  count(name: string): string
  entities(request: DecisionRequest): string | undefined
  /**
   * At most `most` of what the tenant holds of a type, each id once, in stored order, going on behind the position
   * `after`. Fewer than `most` only at the end; none of a type that the tenant does not list.
   */
  candidates(type: string, after: string | undefined, most: number): readonly Candidate[]
}

export interface Candidate {
  readonly id: string
  /** Where to go on behind it. Means something only to the facts that gave it; goes out, signed, in page tokens. */
  readonly position: string
}

/** Where tenants are found by id; undefined for one that does not exist. Throws `NotLoaded`. */
export interface TenantSource {
  find(tenant: string): TenantFacts | undefined
}
