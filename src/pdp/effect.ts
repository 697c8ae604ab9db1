/** Where an effect takes a value from: an attribute of the resource, `context.<name>`, or a value that is written out. */
export type EffectSource = string | { readonly value: unknown }

export type EffectSources = Readonly<Record<string, EffectSource>>

/** Whose record an effect is about: the one that the request names (or that was just created), or the subject's. */
export type EffectParty = 'target' | 'subject'

/** The closed list of what a lifecycle row can do to a tenant. README of `policies/` says each in words. */
export interface EffectVerbs {
  readonly create_member: EffectSources
  readonly set_member: EffectSources
  readonly set_subject: EffectSources
  readonly merge_member: EffectSources
  readonly clear_member: readonly string[]
  readonly add_to_member: EffectSources
  readonly take_from_member: EffectSources
  readonly move: EffectParty
  readonly remove_member: EffectParty
  readonly end_sessions: EffectParty
  readonly renew_invitation: EffectParty
  readonly leave_groups: EffectParty
  readonly set_override: { readonly permission: string; readonly effect: string }
  readonly set_plan: string
  readonly set_setting: EffectSources
  readonly clear_setting: readonly string[]
  readonly append_to_setting: EffectSources
  readonly add_to_tenant: EffectSources
  readonly take_from_tenant: EffectSources
  readonly add_record: { readonly list: string; readonly members: readonly string[] }
  readonly set_record: { readonly list: string; readonly by: readonly string[]; readonly members: readonly string[] }
  readonly drop_record: { readonly list: string; readonly by: readonly string[] }
}

/** When an effect is carried out: always, unless it says otherwise. */
export interface EffectGuards {
  /** Only where the decision has an obligation of this type. */
  readonly with?: string
  /** Only where the target's record has these values at that moment. */
  readonly where?: Readonly<Record<string, unknown>>
  /** Not where the request has these values. */
  readonly unless?: Readonly<Record<string, unknown>>
  /** Once for each object of this list of the resource, whose members are then the attributes. */
  readonly each?: string
}

/** One verb and its guards. */
export type Effect = Partial<EffectVerbs> & EffectGuards
