import type { Rights } from '../pdp/access-token.ts'
import { PosternError } from '../pdp/errors.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { decisionRequest } from './request-shape.ts'

export type Json = Readonly<Record<string, unknown>>

/** A body of one of AuthZEN's APIs, and what came with it. */
export interface Question {
  /** Of whoever asks. */
  readonly rights: Rights
  readonly body: Json
  /** The tenant of the path, undefined where it names none. */
  readonly tenant: string | undefined
  /** Whether decisions are to carry their context. */
  readonly full: boolean
  /** Types of subjects that stand for `user`. */
  readonly personTypes: readonly string[]
  readonly requestId: string
  /** Of the body, on the wire. */
  readonly bytes: number
}

/** Throws `malformed_request` where the value is no object; the pointer names it. */
export function asObject(value: unknown, pointer: string, what: string): Json {
  if (!isObject(value)) throw malformed(pointer, `${what} must be an object`)
  return value
}

/**
 * The decision that a body asks for, about the tenant of the path where that names one. A person under another type is a
 * `user` from here on: to the policy, the cache and the decision log, so that a replay decides the same.
 *
 * @throws PosternError what `decisionRequest` throws; `ambiguous_tenant` where path and body name different tenants
 */
export function requestOf(
  body: unknown,
  { tenant, personTypes }: Pick<Question, 'tenant' | 'personTypes'>,
): DecisionRequest {
  const sent = decisionRequest(body)
  const { subject } = sent
  const request = personTypes.includes(subject.type) ? { ...sent, subject: { ...subject, type: 'user' } } : sent
  return tenant === undefined ? request : { ...request, ...within(request, tenant) }
}

/** The members of a request that say which tenant it is about; see `requestOf`. */
export function within(
  { context, tenant: inline }: Pick<DecisionRequest, 'context' | 'tenant'>,
  tenant: string | undefined,
): Pick<DecisionRequest, 'context' | 'tenant'> {
  if (tenant === undefined)
    return { ...(context === undefined ? {} : { context }), ...(inline === undefined ? {} : { tenant: inline }) }
  if (inline !== undefined) throw new PosternError('ambiguous_tenant', undefined, { pointer: '/tenant' })
  if (context !== undefined && Object.hasOwn(context, 'tenant') && context.tenant !== tenant)
    throw new PosternError('ambiguous_tenant', `the path names \`${tenant}\``, { pointer: '/context/tenant' })
  return { context: { ...context, tenant } }
}

/**
 * Only `/evaluations` takes a tenant document, for all its items. AuthZEN has unknown members ignored, but this one is
 * known elsewhere: a caller that sent it here would be answered about another tenant.
 */
export function refuseInlineTenant(body: Json): void {
  if (!Object.hasOwn(body, 'tenant')) return
  throw malformed('/tenant', 'of these APIs only `/access/v1/evaluations` takes a tenant document, at its top level')
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function malformed(pointer: string, detail: string): PosternError {
  return new PosternError('malformed_request', detail, { pointer })
}
