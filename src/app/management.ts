import { createHash, randomBytes } from 'node:crypto'
import type { Directory } from '../directory/directory.ts'
import { applyEffects } from '../directory/effects/apply-effects.ts'
import { MissingAttribute } from '../directory/effects/effect-scope.ts'
import type { Journal } from '../directory/journal.ts'
import type { JsonObject, TenantDraft } from '../directory/tenant-draft.ts'
import type { Acted, Command, Done } from '../http/management-api.ts'
import type { ActivePdp } from '../pdp/decide.ts'
import { PosternError } from '../pdp/errors.ts'
import type { TenantFacts } from '../pdp/facts.ts'
import type { PermissionIndex } from '../pdp/policy.ts'
import type { DecisionRequest } from '../pdp/request.ts'

export interface ManagementParts {
  readonly directory: Pick<Directory, 'write'>
  readonly pdp: Pick<ActivePdp, 'decideOn' | 'policy'>
  /** How long an invitation is good, in milliseconds. */
  readonly invitationMs: number
  readonly now?: () => Date
}

/**
 * Carries out one action on a stored tenant: decided by the policy upon facts that are read inside the write
 * transaction, changed by the effects of its row, and on disk when this returns; or nothing of it.
 *
 * INVARIANT: nobody else writes between the decision and the change, so the last seat is given once.
 *
 * @throws PosternError `unknown_tenant`, `invitation_needed`, `user_exists`, `missing_attribute`, `idempotency_conflict`,
 *   and what decisions throw
 */
export function act(parts: ManagementParts, command: Command): Acted {
  const { now = () => new Date() } = parts
  const digest = digestOf([command.action, command.actor, command.resource, command.context, command.invitation])
  const written = parts.directory.write<Omit<Acted, 'revision'>>(command.tenant, (draft, facts, journal) => {
    const known = command.key === undefined ? undefined : journal.answered(keyOf(command))
    if (known !== undefined) return { commit: false, value: { replayed: repeated(known, digest) } }
    const asked = requestOf(parts, command, facts, journal)
    const answer = parts.pdp.decideOn(asked.request, facts)
    if (!answer.decision.decision) return { commit: false, value: { answer } }
    const done = carryOut(parts, draft, journal, { ...asked, answer, at: now() }, command)
    if (command.key !== undefined)
      journal.keepAnswer(keyOf(command), { digest, body: JSON.stringify({ ...done, invitations: [] }) })
    return { commit: true, change: command.action, value: { answer, done } }
  })
  if (written === undefined) throw new PosternError('unknown_tenant', `no tenant \`${command.tenant}\``)
  return { ...written.value, revision: written.revision }
}

interface Asked {
  readonly request: DecisionRequest
  readonly permission: PermissionIndex | undefined
}

/** Who answers an invitation is the person it was sent to: they have shown its secret, and are decided upon as such. */
function requestOf({ pdp }: ManagementParts, command: Command, facts: TenantFacts, journal: Journal): Asked {
  const { action, actor, resource, context } = command
  const permission = pdp.policy?.systems.get(facts.system)?.permissions.get(action)
  const invitee = permission?.byInvitee ? journal.invitee(digestOf(command.invitation ?? '')) : undefined
  if (permission?.byInvitee && invitee === undefined) throw new PosternError('invitation_needed')
  const colon = action.indexOf(':')
  const request = {
    subject: { type: actor.type, id: invitee ?? actor.id },
    action: { name: action },
    resource: { type: colon === -1 ? action : action.slice(0, colon), id: '-', properties: resource },
    context: {
      ...context,
      ...(actor.sessionIssuedAt === undefined ? {} : { session_issued_at: actor.sessionIssuedAt }),
    },
  }
  return { request, permission }
}

interface Allowed extends Asked {
  readonly answer: NonNullable<Acted['answer']>
  readonly at: Date
}

function carryOut(
  { invitationMs }: ManagementParts,
  draft: TenantDraft,
  journal: Journal,
  { request, permission, answer, at }: Allowed,
  { actor }: Command,
): Done {
  const outcome = effectsOf(draft, {
    request,
    obligations: answer.decision.obligations,
    effects: permission?.effects ?? [],
    to: permission?.to,
    now: at.toISOString(),
  })
  const { subject } = request
  if (permission?.byInvitee && subject.id !== actor.id) rename(draft, subject.id, actor.id)
  for (const user of outcome.uninvited) journal.withdrawInvitation(user)
  const invitations = outcome.invited.map((user) => {
    const invitation = randomBytes(32).toString('base64url')
    const expires = at.getTime() + invitationMs
    journal.invite(user, digestOf(invitation), expires)
    return { user, invitation, expires_at: new Date(expires).toISOString() }
  })
  return { members: outcome.members, sessions_ended: outcome.ended, invitations }
}

function effectsOf(draft: TenantDraft, action: Parameters<typeof applyEffects>[1]): ReturnType<typeof applyEffects> {
  try {
    return applyEffects(draft, action)
  } catch (error) {
    if (!(error instanceof MissingAttribute)) throw error
    const pointer = error.attribute.startsWith('context.')
      ? error.attribute.replace('.', '/')
      : `resource/${error.attribute}`
    throw new PosternError('missing_attribute', error.message, { pointer: `/${pointer}` })
  }
}

/** Until somebody accepts, an invitation's record has the address for its user. */
function rename(draft: TenantDraft, from: string, to: string): void {
  const record = draft.member(from)
  if (record === undefined) return
  if (draft.member(to) !== undefined) throw new PosternError('user_exists', `\`${to}\` has a record already`)
  draft.removeMember(from)
  draft.putMember({ ...record, user: to } satisfies JsonObject)
}

function repeated({ digest, body }: { digest: string; body: string }, asked: string): Done {
  if (digest !== asked) throw new PosternError('idempotency_conflict')
  return JSON.parse(body)
}

/** Keys of different callers have nothing to do with each other. */
function keyOf({ actor, key }: Command): string {
  return digestOf([actor, key])
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url')
}
