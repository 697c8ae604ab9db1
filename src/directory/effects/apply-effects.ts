import type { Effect, EffectVerbs } from '../../pdp/effect.ts'
import type { TenantDraft } from '../tenant-draft.ts'
import { type AllowedAction, EffectScope, type Outcome, type Verbs } from './effect-scope.ts'
import { memberVerbs } from './member-verbs.ts'
import { tenantVerbs } from './tenant-verbs.ts'

const verbs: Verbs = { ...memberVerbs, ...tenantVerbs }

/**
 * Carries out the effects of an allowed action, in their order, on a draft of the tenant. Rejects with `MissingAttribute`
 * where an effect needs an attribute that the request lacks and the policy did not ask for; the transaction is then to
 * be rolled back.
 */
export async function applyEffects(draft: TenantDraft, action: AllowedAction): Promise<Outcome> {
  const scope = new EffectScope(draft, action)
  for (const effect of action.effects) for (const part of scope.partsOf(effect)) await applyOne(part, effect)
  return scope.outcome
}

type AnyVerb = (scope: EffectScope, value: unknown) => void | Promise<void>

async function applyOne(scope: EffectScope, effect: Effect): Promise<void> {
  if (!(await scope.isDue(effect))) return
  for (const [name, verb] of Object.entries(verbs) as [keyof EffectVerbs, AnyVerb][])
    if (effect[name] !== undefined) await verb(scope, effect[name])
}
