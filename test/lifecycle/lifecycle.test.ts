import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { casesOf } from './cases.ts'
import { lifecycles } from './lifecycles.ts'
import { changed, type Document, now } from './rows.ts'
import { type Served, served } from './served.ts'

let server: Served
/** Another one, whose invitations are good for no time at all. */
let late: Served
beforeAll(async () => {
  server = await served(168)
  late = await served(0)
})
afterAll(() => Promise.all([server.stop(), late.stop()]))

let tenants = 0

describe.each(lifecycles)('$system', (lifecycle) => {
  it.each(casesOf(lifecycle).map((one) => [one.title, one] as const))('%s', async (_title, one) => {
    const { expected } = one
    const to = one.invitation === 'expired' ? late : server
    tenants += 1
    const tenant = `t${tenants}`
    await to.put(tenant, one.tenant)
    const secrets: string[] = []
    for (const step of one.before) {
      const { status, body } = await to.act(tenant, { ...step, invitation: secrets.at(-1) })
      expect([step, status, body]).toEqual([step, 200, body])
      secrets.push(...(body.done?.invitations ?? []).map(({ invitation }) => invitation))
    }
    const before = await to.read(tenant)
    if (one.before.length === 0) expect(documentOf(before.text)).toEqual(one.tenant)

    const isQuestion = expected.kind === 'refusal' && expected.of.question
    const invitation = { none: undefined, wrong: 'x', first: secrets[0], expired: secrets[0], latest: secrets.at(-1) }
    const asking = { ...one, invitation: invitation[one.invitation ?? 'latest'] }
    const began = Date.now()
    const { status, body } = await (isQuestion ? to.ask(tenant, asking) : to.act(tenant, asking))
    const ended = Date.now()
    const after = await to.read(tenant)

    if (expected.kind === 'error') {
      expect([status, body.error?.code]).toEqual([expected.status, expected.code])
      expect(after).toEqual(before)
      return
    }
    const { reason, obligations, limit } = body.context ?? {}
    if (expected.kind === 'refusal') {
      const { of } = expected
      expect({ status, decision: body.decision, reason, obligations, limit, done: body.done }).toEqual({
        status: isQuestion ? 200 : of.limit === undefined ? 403 : 409,
        decision: false,
        reason: expected.reason,
        obligations: of.obligations ?? [],
        limit: of.limit,
        done: undefined,
      })
      expect(after).toEqual(before)
      return
    }
    const { after: change = {}, done = {}, obligations: due = [] } = expected.of
    expect({ status, decision: body.decision, reason, obligations }).toEqual({
      status: 200,
      decision: true,
      reason: expected.reason,
      obligations: due,
    })
    const { members, sessions_ended, invitations = [] } = body.done ?? {}
    expect({ members, sessions_ended, invited: invitations.map(({ user }) => user) }).toEqual({
      members: done.members ?? [],
      sessions_ended: done.ended ?? [],
      invited: done.invited ?? [],
    })
    for (const made of invitations) expect(made.invitation).toMatch(/^[\w-]{43}$/)
    const at = (text: string) => withoutInstants(documentOf(text), began, ended)
    expect(at(after.text)).toEqual(changed(at(before.text), change))
  })
})

/** As it was put: without the revision and the id that the directory gives it. */
function documentOf(text: string): Document {
  const { revision: _, tenant: __, ...document } = JSON.parse(text)
  return document
}

/** Instants of the action itself read `now`. */
function withoutInstants(document: Document, from: number, to: number): Document {
  const members = document.members.map((member) => {
    const at = Date.parse(String(member.sessions_valid_after))
    return at >= from && at <= to ? { ...member, sessions_valid_after: now } : member
  })
  return { ...document, members }
}
