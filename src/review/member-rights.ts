import { actionType } from '../pdp/action-type.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import type { Outcome, ReviewedPolicy } from './reviewed-policy.ts'

/** What the decision point answers for one permission when nothing more than it is asked. */
export interface MemberRight {
  readonly permission: string
  readonly outcome: Outcome
  /** Attributes that a request for it brings; `?` marks those that may be left out. */
  readonly takes: readonly string[]
}

/** Every permission of the document's system, asked by one user of it. */
export function memberRights(
  { model, decide }: ReviewedPolicy,
  document: Readonly<Record<string, unknown>>,
  user: string,
): readonly MemberRight[] {
  const permissions = model[String(document.system)]?.permissions ?? {}
  return Object.entries(permissions).map(([permission, { takes }]) => ({
    permission,
    outcome: decide(bareRequest({ type: 'user', id: user }, permission, document)),
    takes: takes.map(({ name, optional }) => `${name}${optional ? '?' : ''}`),
  }))
}

/** A request that brings its tenant and no attribute. */
export function bareRequest(
  subject: DecisionRequest['subject'],
  permission: string,
  tenant: Readonly<Record<string, unknown>>,
): DecisionRequest {
  const type = actionType(permission) ?? permission
  return { subject, action: { name: permission }, resource: { type, id: '-' }, tenant }
}
