// The lifecycle tables, typed apart from config/: what each row does to a tenant, and all that it is refused for.

export type Json = Readonly<Record<string, unknown>>

export type Document = Json & { readonly members: readonly (Json & { readonly user: string })[] }

/** The instant of the action, where a record carries it. */
export const now = '<now>'

/** How a document differs: a JSON merge patch, but `members` are named by their user. A new one stands last. */
export type Change = Json & { readonly members?: Readonly<Record<string, Json | null>> }

/** An action that is allowed and done before the one that is looked at. */
export interface Step {
  readonly by: string
  readonly action: string
  readonly resource?: Json
  readonly context?: Json
}

/** A request, as far as it differs from that of its row. */
export interface Asked {
  /** What is special about it, where the rest does not say so. */
  readonly is?: string
  /** A user's id, or `service:<name>`. */
  readonly by?: string
  /** An attribute that is undefined is left out. */
  readonly resource?: Json
  readonly context?: Json
  /** When the session of who asks began. */
  readonly session?: string
  /** How the tenant differs from that of the row. */
  readonly given?: Change
  readonly before?: readonly Step[]
  /** Which secret is sent: that of the latest invitation, unless this says otherwise. */
  readonly invitation?: 'none' | 'wrong' | 'first' | 'expired'
}

export interface Allow extends Asked {
  /** By default that of a role, an invitee, a service or the member itself, by the row's `who`. */
  readonly reason?: string
  readonly obligations?: readonly Json[]
  readonly done?: {
    readonly members?: readonly string[]
    readonly ended?: readonly string[]
    readonly invited?: readonly string[]
  }
  /** What is another in the tenant afterwards. */
  readonly after?: Change
}

export interface Refusal extends Asked {
  readonly obligations?: readonly Json[]
  /** Of a refusal for want of room, which is a 409. */
  readonly limit?: Json
  /** Asked of the decision API upon the stored tenant: nobody comes to have the secret that the management API asks for. */
  readonly question?: true
}

export interface Row extends Asked {
  readonly by: string
  /** The roles that hold the permission; or who else may ask. */
  readonly who: readonly string[] | 'self' | 'invitee' | `service:${string}`
  readonly allows: readonly Allow[]
  /** By reason. */
  readonly refuses: Readonly<Record<string, readonly Refusal[]>>
  /** Requests that are no question to the policy, by code and status. */
  readonly errors?: Readonly<Record<string, { readonly status: number; readonly asked: readonly Asked[] }>>
}

/** A refusal of every row, but for some, to a person who asks. */
export interface Gate {
  readonly reason: string
  readonly except?: readonly string[]
  asked(row: Row): Refusal
}

export interface Lifecycle {
  readonly system: string
  readonly roles: readonly string[]
  readonly hasPlans: boolean
  /** An active member of the first role. */
  readonly person: string
  readonly tenant: Document
  /** Those that are asked before the right: also of people who ask for what a service may do. */
  readonly earlyGates: readonly Gate[]
  readonly gates: readonly Gate[]
  readonly rows: Readonly<Record<string, Row>>
  /** Actions that the system does not list. */
  readonly unlisted: readonly string[]
}

/** Requests without one of the attributes: absent, null or blank. */
export function lacking(...names: readonly string[]): readonly Asked[] {
  return names.flatMap((name) => [undefined, null, ' \t', [], {}].map((value) => ({ resource: { [name]: value } })))
}

/** Requests with each of the values. */
export function having(name: string, ...values: readonly unknown[]): readonly Asked[] {
  return values.map((value) => ({ resource: { [name]: value } }))
}

/** The tenant with another record of this user. */
export function record(user: string, patch: Json | null): { readonly given: Change } {
  return { given: { members: { [user]: patch } } }
}

export function changed(document: Document, { members = {}, ...rest }: Change): Document {
  const known = document.members.flatMap((member) => {
    const patch = members[member.user]
    if (patch === null) return []
    return [patch === undefined ? member : (merged(member, patch) as Document['members'][number])]
  })
  const added = Object.entries(members).flatMap(([user, patch]) =>
    patch === null || document.members.some((member) => member.user === user) ? [] : [{ user, ...patch }],
  )
  return { ...(merged(document, rest) as Json), members: [...known, ...added] }
}

function merged(value: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const under = isObject(value) ? value : {}
  const entries = Object.entries(patch).map(([name, inner]) => [name, merged(under[name], inner)] as const)
  return Object.fromEntries(Object.entries({ ...under, ...Object.fromEntries(entries) }).filter(([, v]) => v !== null))
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
