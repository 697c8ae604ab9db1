import { createHash, randomBytes } from 'node:crypto'
import type { Directory } from '../directory/directory.ts'
import { applyEffects } from '../directory/effects/apply-effects.ts'
import { type AllowedAction, MissingAttribute, type Outcome } from '../directory/effects/effect-scope.ts'
import { fittingDrafts } from '../directory/fitting-draft.ts'
import type { Journal } from '../directory/journal.ts'
import { answeredBefore, type Once } from '../directory/once.ts'
import { unstorable } from '../directory/storable.ts'
import type { JsonObject, TenantDraft } from '../directory/tenant-draft.ts'
import { repeatedUsers, tenantValidator } from '../directory/tenant-schema.ts'
import { tenantWarnings } from '../directory/tenant-warnings.ts'
import { toPointer, type Validator, validateJson } from '../document/schema.ts'
import type { Acted, Command, Done, Management } from '../http/management-api.ts'
import type { Deliverer } from '../outbox/deliverer.ts'
import type { Deliveries } from '../outbox/read-deliveries.ts'
import { whenLoaded } from '../pdp/awaited-pdp.ts'
import type { ActivePdp } from '../pdp/decide.ts'
import type { DecisionRecorder } from '../pdp/decision-recorder.ts'
import { PosternError } from '../pdp/errors.ts'
import type { TenantFacts } from '../pdp/facts.ts'
import type { PermissionIndex } from '../pdp/policy.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import type { TenantDocument } from '../pdp/tenant-document.ts'
import { lastMonth } from '../pdp/tenant-report.ts'
import type { MonthlyAction } from './monthly.ts'
import { outgoingOf, shownMessage } from './outgoing.ts'

type Json = Readonly<Record<string, unknown>>

export interface ManagementParts {
  readonly directory: Directory
  readonly pdp: Pick<ActivePdp, 'decideOn' | 'policy'>
  /** How long an invitation is good, in milliseconds. */
  readonly invitationMs: number
  /** Which obligations leave the process, and who brings them on their way. */
  readonly deliveries: Deliveries
  readonly deliverer: Pick<Deliverer, 'wake'>
  /** Undefined where decisions are not recorded. */
  readonly recorder?: DecisionRecorder | undefined
  readonly now?: () => Date
}

interface ActParts extends ManagementParts {
  /** The draft that effects are carried out on. */
  readonly fitting: (draft: TenantDraft) => TenantDraft
}

/** What the sidecar does by itself, on the same terms. */
export interface OwnActions {
  /** Carries the action out where the policy allows it, and for nobody a second time. Rejects as `act` does. */
  actMonthly(action: MonthlyAction): Promise<void>
}

/** The management of a directory's tenants, by the policy that is active at the moment. */
export function createManagement(parts: ManagementParts): Management & OwnActions {
  const { directory, pdp } = parts
  const validator = tenantValidator()
  const fitting = fittingDrafts()
  const at = () => parts.now?.() ?? new Date()
  /** `asked` is all that a request asks for, its kind first. */
  const once = (key: string | undefined, ...asked: readonly unknown[]): Once | undefined =>
    key === undefined ? undefined : { key: digestOf([asked[0], key]), digest: digestOf(asked), at: at().getTime() }
  return {
    async list(limit, after) {
      const summaries = await directory.list(limit, after)
      return summaries.map((summary) => ({ ...summary }))
    },
    read: (tenant) => directory.export(tenant),
    members: (tenant, query) => directory.members(tenant, query),
    async store(tenant, document, key) {
      const checked = checkedDocument(tenant, document, validator)
      const system = pdp.policy?.systems.get(checked.system)
      if (system === undefined)
        throw new PosternError('unknown_system', `no system \`${checked.system}\``, { pointer: '/system' })
      const revision = await directory.put([checked], once(key, 'put', document))
      return { revision, warnings: tenantWarnings(checked, system) }
    },
    act: (command) => act({ ...parts, fitting }, command),
    async actMonthly({ tenant, action, service, user, month }) {
      const actor = { type: 'service', id: service, sessionIssuedAt: undefined } as const
      const context = { date: `${month}-01` }
      await act({ ...parts, fitting }, { tenant, actor, action, resource: { user }, context }, { user, month })
    },
    activity: (tenant, query) => directory.activity(tenant, query),
    has: (tenant) => directory.has(tenant),
    register: (tenant, session, key) =>
      directory.registerSession(tenant, { ...session, at: at().toISOString() }, once(key, 'register', session)),
    sessions: async (tenant, user) => ((await directory.has(tenant)) ? directory.sessions(tenant, user) : undefined),
    endSession: (tenant, id, key) => directory.endSession(tenant, id, once(key, 'end', id)),
    everywhere: (revision) => directory.everywhere(revision),
    async messages(dead, limit, after) {
      const messages = await directory.outbox.list(dead, limit, after)
      return messages.map(shownMessage)
    },
    async retry(id) {
      const tenant = await directory.outbox.retry(id, at().getTime())
      if (tenant === undefined) throw new PosternError('unknown_message', `no message \`${id}\``)
      parts.deliverer.wake(tenant)
    },
  }
}

/** Throws `malformed_tenant` at the first member that cannot be stored. */
function checkedDocument(tenant: string, document: Json, validator: Validator<TenantDocument>): TenantDocument {
  const refuse = (detail: string, pointer: string): never => {
    throw new PosternError('malformed_tenant', detail, { pointer })
  }
  if (!validator.accepts(document)) {
    const [first] = validateJson(document, validator)
    return refuse(first?.message ?? '', first?.pointer ?? '')
  }
  if (document.tenant !== tenant) refuse(`the path names \`${tenant}\``, '/tenant')
  const [second] = repeatedUsers(document)
  if (second !== undefined) refuse('a second record of the same user', `/members/${second}/user`)
  const [text] = unstorable(document)
  if (text !== undefined) refuse('a text with U+0000 or a lone surrogate cannot be stored', toPointer(text))
  return document
}

/**
 * Carries out one action on a stored tenant: decided by the policy upon facts that are read inside the write
 * transaction, changed by the effects of its row, and on disk when this returns; or nothing of it.
 *
 * INVARIANT: nobody else writes between the decision and the change, so the last seat is given once, and what is to be
 * done `once` for a user and month is noted with what it did.
 *
 * Rejects with `PosternError` `unknown_tenant`, `invitation_needed`, `user_exists`, `missing_attribute`, `idempotency_conflict`,
 *   and what decisions throw
 */
async function act(parts: ActParts, command: Command, monthly?: Pick<MonthlyAction, 'user' | 'month'>): Promise<Acted> {
  const { now = () => new Date() } = parts
  const { action, actor, resource, context, invitation, key } = command
  const digest = digestOf([action, actor, resource, context, invitation])
  const written = await parts.directory.write<Omit<Acted, 'revision'>>(
    command.tenant,
    async (draft, facts, journal) => {
      const at = now()
      // Keys of different callers have nothing to do with each other.
      const once = key === undefined ? undefined : { key: digestOf([actor, key]), digest, at: at.getTime() }
      const known = await answeredBefore(journal, once)
      if (known !== undefined) return { commit: false, value: { replayed: JSON.parse(known) } }
      if (monthly !== undefined && !(await journal.once(action, monthly.user, monthly.month)))
        return { commit: false, value: {} }
      const asked = await requestOf(parts, command, facts, (sent) => journal.invitee(sent, at.getTime()))
      const started = performance.now()
      const answer = await whenLoaded(() => parts.pdp.decideOn(asked.request, facts))
      // Throws where a record is required and cannot be had: then nothing is changed.
      parts.recorder?.decided({
        dialect: 'management',
        ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
        request: asked.request,
        answer,
        seconds: (performance.now() - started) / 1000,
      })
      if (!answer.decision.decision) return { commit: false, value: { answer } }
      const done = await carryOut(parts, draft, journal, { ...asked, answer, at }, command)
      if (once !== undefined)
        await journal.keepAnswer(once.key, { digest, body: JSON.stringify({ ...done, invitations: [] }) }, once.at)
      return {
        commit: true,
        change: command.action,
        ended: done.sessions_ended,
        activity: {
          at: at.toISOString(),
          action: command.action,
          actor: { type: command.actor.type, id: command.actor.id },
          targets: done.members,
        },
        value: { answer, done },
      }
    },
  )
  if (written === undefined) throw new PosternError('unknown_tenant', `no tenant \`${command.tenant}\``)
  if (written.value.done !== undefined) parts.deliverer.wake(command.tenant)
  return { ...written.value, revision: written.revision }
}

interface Asked {
  readonly request: DecisionRequest
  readonly permission: PermissionIndex | undefined
}

/** Who answers an invitation is the person it was sent to: they have shown its secret, and are decided upon as such. */
async function requestOf(
  { pdp }: ManagementParts,
  command: Command,
  facts: TenantFacts,
  inviteeOf: (digest: string) => Promise<string | undefined>,
): Promise<Asked> {
  const { action, actor, resource, context } = command
  const permission = pdp.policy?.systems.get(facts.system)?.permissions.get(action)
  const invitee = permission?.byInvitee ? await inviteeOf(digestOf(command.invitation ?? '')) : undefined
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

async function carryOut(
  { pdp, invitationMs, deliveries, fitting }: ActParts,
  draft: TenantDraft,
  journal: Journal,
  { request, permission, answer, at }: Allowed,
  { actor }: Command,
): Promise<Done> {
  // Before anything changes: somebody who is removed has an address now.
  const outgoing = await outgoingOf(deliveries, draft, answer.decision.obligations)
  const outcome = await effectsOf(fitting(draft), {
    request,
    obligations: answer.decision.obligations,
    effects: permission?.effects ?? [],
    to: permission?.to,
    now: at.toISOString(),
  })
  const { subject } = request
  const isRenamed = permission?.byInvitee && subject.id !== actor.id && (await rename(draft, subject.id, actor.id))
  for (const user of outcome.uninvited) await journal.withdrawInvitation(user)
  const invitations: Done['invitations'][number][] = []
  for (const user of outcome.invited) {
    const invitation = randomBytes(32).toString('base64url')
    const expires = at.getTime() + invitationMs
    const digest = digestOf(invitation)
    await journal.invite(user, digest, expires)
    outgoing.invited(await draft.member(user), { secret: invitation, digest, expires })
    invitations.push({ user, invitation, expires_at: new Date(expires).toISOString() })
  }
  const plans = (system: string) => pdp.policy?.systems.get(system)?.plans
  const seatsOf = (system: string, plan: string | null) => plans(system)?.get(plan ?? '')?.seats
  const report = () => journal.report({ month: lastMonth(at), at, seatsOf })
  for (const message of await outgoing.messages(at, report)) await journal.send(message)
  const members = isRenamed ? [...outcome.members, actor.id] : outcome.members
  return { members, sessions_ended: outcome.ended, invitations }
}

async function effectsOf(draft: TenantDraft, action: AllowedAction): Promise<Outcome> {
  try {
    return await applyEffects(draft, action)
  } catch (error) {
    if (!(error instanceof MissingAttribute)) throw error
    const pointer = error.attribute.startsWith('context.')
      ? error.attribute.replace('.', '/')
      : `resource/${error.attribute}`
    throw new PosternError('missing_attribute', error.message, { pointer: `/${pointer}` })
  }
}

/** Until somebody accepts, an invitation's record has the address for its user. False where it is gone by then. */
async function rename(draft: TenantDraft, from: string, to: string): Promise<boolean> {
  const record = await draft.member(from)
  if (record === undefined) return false
  if ((await draft.member(to)) !== undefined) throw new PosternError('user_exists', `\`${to}\` has a record already`)
  await draft.removeMember(from)
  await draft.putMember({ ...record, user: to } satisfies JsonObject)
  return true
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url')
}
