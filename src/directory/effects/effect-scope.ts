import type { Obligation } from '../../pdp/decision.ts'
import type { Effect, EffectParty, EffectSource, EffectSources, EffectVerbs } from '../../pdp/effect.ts'
import type { DecisionRequest } from '../../pdp/request.ts'
import type { JsonObject, TenantDraft } from '../tenant-draft.ts'

/** An allowed action on one tenant, and when it happens. */
export interface AllowedAction {
  readonly request: DecisionRequest
  readonly obligations: readonly Obligation[]
  readonly effects: readonly Effect[]
  /** The state that the row leads to. */
  readonly to: string | undefined
  /** RFC 3339 in UTC, to the millisecond. */
  readonly now: string
}

/** What the effects did that the rest of the transaction has to know of. */
export interface Outcome {
  /** Users whose invitation starts anew, and those who have none any more. */
  readonly invited: readonly string[]
  readonly uninvited: readonly string[]
  /** Users whose sessions end. */
  readonly ended: readonly string[]
  /** Users whose record was written or removed. */
  readonly members: readonly string[]
}

type Verb<K extends keyof EffectVerbs> = (scope: EffectScope, value: EffectVerbs[K]) => void | Promise<void>
export type Verbs<K extends keyof EffectVerbs = keyof EffectVerbs> = { readonly [Name in K]: Verb<Name> }

/** An effect needs an attribute that the request does not have; `attribute` as the YAML names it. */
export class MissingAttribute extends Error {
  override readonly name = 'MissingAttribute'
  readonly attribute: string

  constructor(attribute: string) {
    super(`this action needs \`${attribute}\``)
    this.attribute = attribute
  }
}

/** What the verbs work on: the draft, the request's attributes, and whose record is meant. */
export class EffectScope {
  readonly draft: TenantDraft
  readonly action: AllowedAction
  readonly attributes: JsonObject
  readonly #found = { invited: [], uninvited: [], ended: [], members: [] } as Record<keyof Outcome, string[]>
  #created: string | undefined

  constructor(
    draft: TenantDraft,
    action: AllowedAction,
    attributes: JsonObject = action.request.resource.properties ?? {},
    found?: Record<keyof Outcome, string[]>,
  ) {
    this.draft = draft
    this.action = action
    this.attributes = attributes
    if (found !== undefined) this.#found = found
  }

  get outcome(): Outcome {
    return this.#found
  }

  /** The scope itself, or one for each object of the list that the effect names. */
  partsOf(effect: Effect): readonly EffectScope[] {
    if (effect.each === undefined) return [this]
    const list = this.attributes[effect.each]
    if (!Array.isArray(list)) throw new MissingAttribute(effect.each)
    return list.map((element: JsonObject) => new EffectScope(this.draft, this.action, element, this.#found))
  }

  async isDue({ with: type, where, unless }: Effect): Promise<boolean> {
    if (type !== undefined && !this.action.obligations.some((obligation) => obligation.type === type)) return false
    if (where !== undefined && !hasAll(await this.record('target'), where)) return false
    return unless === undefined || !hasAll(this.attributes, unless)
  }

  /** Undefined where the request does not have the attribute; absent, null and blank are the same to a request. */
  value(source: EffectSource): unknown {
    const found = this.raw(source)
    return found === null || (typeof found === 'string' && found.trim() === '') ? undefined : found
  }

  /** The value as it was sent. */
  raw(source: EffectSource): unknown {
    if (typeof source === 'object') return source.value
    return source.startsWith('context.')
      ? this.action.request.context?.[source.slice('context.'.length)]
      : this.attributes[source]
  }

  needed(source: EffectSource): unknown {
    const value = this.value(source)
    if (value === undefined) throw new MissingAttribute(String(source))
    return value
  }

  /** The values that the request has, by the name they go to. */
  values(sources: EffectSources): JsonObject {
    const found = Object.entries(sources).map(([name, source]) => [name, this.value(source)] as const)
    return Object.fromEntries(found.filter(([, value]) => value !== undefined))
  }

  user(party: EffectParty): string {
    if (party === 'subject') return this.action.request.subject.id
    return this.#created ?? String(this.needed('user'))
  }

  async record(party: EffectParty): Promise<JsonObject> {
    const user = this.user(party)
    const record = await this.draft.member(user)
    if (record === undefined) throw new Error(`the action was allowed and \`${user}\` has no record`)
    return record
  }

  async create(record: JsonObject & { readonly user: string }): Promise<void> {
    this.#created = record.user
    await this.put(record)
  }

  async put(record: JsonObject): Promise<void> {
    await this.draft.putMember(record)
    this.note('members', String(record.user))
  }

  note(what: keyof Outcome, user: string): void {
    if (!this.#found[what].includes(user)) this.#found[what].push(user)
  }
}

function hasAll(object: JsonObject, values: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(values).every(([name, value]) => object[name] === value)
}
