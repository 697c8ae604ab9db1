import { randomUUID } from 'node:crypto'
import type { OutgoingMessage } from '../directory/journal.ts'
import type { ListedMessage } from '../directory/stored-outbox.ts'
import type { JsonObject, TenantDraft } from '../directory/tenant-draft.ts'
import type { Deliveries, Delivery } from '../outbox/read-deliveries.ts'
import type { Obligation } from '../pdp/decision.ts'
import { address } from '../pdp/member.ts'
import type { TenantReport } from '../pdp/tenant-report.ts'
import { reportLines } from './report-text.ts'

type Invitation = NonNullable<OutgoingMessage['invitation']>

/** What of an action's obligations leaves the process. */
export interface Outgoing {
  /** The invitation that the record's user was given, for the message that is to bring it. */
  invited(record: JsonObject | undefined, invitation: Invitation): void
  /**
   * In the order of the obligations, `report` being what some of them bring. Throws where a message is to bring an
   * invitation and there is none.
   */
  messages(at: Date, report: () => Promise<TenantReport | undefined>): Promise<readonly OutgoingMessage[]>
}

/** `draft` is the tenant before the change: who is removed by it still has an address. */
export async function outgoingOf(
  deliveries: Deliveries,
  draft: TenantDraft,
  obligations: readonly Obligation[],
): Promise<Outgoing> {
  const leaving: { obligation: Obligation; delivery: Delivery; recipient: string | null }[] = []
  for (const obligation of obligations) {
    const delivery = deliveries.get(obligation.type)
    if (delivery === undefined) continue
    leaving.push({ obligation, delivery, recipient: await recipientOf(draft, obligation, delivery) })
  }
  const invitations = new Map<string, Invitation>()
  return {
    invited(record, invitation) {
      for (const name of [record?.user, record?.email])
        if (typeof name === 'string') invitations.set(address(name), invitation)
    },
    async messages(at, report) {
      const messages: OutgoingMessage[] = []
      for (const { obligation, delivery, recipient } of leaving) {
        const { type, ...parameters } = obligation
        const invites = delivery.channel === 'mail' && delivery.invitation
        const invitation = invites ? invitations.get(address(recipient ?? '')) : undefined
        if (invites && invitation === undefined)
          throw new Error(`\`${type}\` is to bring an invitation that nobody made`)
        const reported = await reportFor(obligation, delivery, report)
        const { channel } = delivery
        const body = JSON.stringify({ ...parameters, ...reported })
        messages.push({ id: randomUUID(), channel, type, body, recipient, invitation, created: at.getTime() })
      }
      return messages
    },
  }
}

/** What a template says of the report: its lines, and its month. */
async function reportFor(
  obligation: Obligation,
  delivery: Delivery,
  report: () => Promise<TenantReport | undefined>,
): Promise<{ readonly month?: string; readonly report?: readonly string[] }> {
  if (delivery.channel !== 'mail' || delivery.report === undefined) return {}
  const made = await report()
  const include = obligation[delivery.report]
  if (made === undefined || !Array.isArray(include)) return {}
  return { month: made.month, report: reportLines(made, include) }
}

/**
 * What the parameter says, or the address of the member whom it names. Null for what goes to no single person.
 *
 * INVARIANT: an invitation goes to the very address that the policy named, also where that is somebody's user id.
 */
async function recipientOf(draft: TenantDraft, obligation: Obligation, delivery: Delivery): Promise<string | null> {
  if (delivery.channel !== 'mail') return null
  const named = String(obligation[delivery.to])
  const record = delivery.invitation ? undefined : await draft.member(named)
  return record === undefined ? named : addressOf(record)
}

function addressOf({ email, user }: JsonObject): string {
  return typeof email === 'string' && email !== '' ? email : String(user)
}

/** A message as the management API shows it. */
export function shownMessage({ body, expires, created, due, error, ...message }: ListedMessage) {
  const time = (at: number) => new Date(at).toISOString()
  return {
    ...message,
    parameters: JSON.parse(body) as unknown,
    created_at: time(created),
    ...(expires === null ? {} : { expires_at: time(expires) }),
    ...(due === 0 ? {} : { due_at: time(due) }),
    ...(error === null ? {} : { last_error: error }),
  }
}
