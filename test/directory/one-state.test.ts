import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Directory } from '../../src/directory/directory.ts'
import { awaitFacts } from '../../src/pdp/awaited-pdp.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import { planInput } from '../../src/pdp/input-plan.ts'
import { asked } from '../authzen/asked.ts'
import { apiOver } from '../http/fixture.ts'
import { allow, clubPolicy, request, roomy } from '../pdp/fixture.ts'
import { backends, type DirectoryOf, directoryOf } from '../support/stored-tenants.ts'

const users = Array.from({ length: 200 }, (_, index) => `u${index}`)
const [first, last] = ['u0', 'u199'] as const
const denial = { decision: false, reason: 'no_permission', obligations: [], stage: 'right' }

/** A club with one keeper, who alone may open its door. */
async function stored(directoryOf: DirectoryOf) {
  const directory = await directoryOf({
    tenant: 'chess',
    system: 'club',
    members: users.map((user) => ({ user, role: user === first ? 'keeper' : 'guest' })),
  })
  const point = createPdp({
    tenants: directory.tenants,
    inline: () => expect.unreachable(),
    defaultTenant: 'chess',
    memo: roomy,
  })
  const door = { input: planInput(['member.role'], []), idProperty: undefined, row: 'm:1', cells: {}, names: {} }
  const { policy } = clubPolicy({
    evaluate: (input) => (JSON.parse(input).member.role === 'keeper' ? allow : denial),
    system: {
      permissions: new Map([['door:open', { ...door, effects: [], to: undefined, byInvitee: false }]]),
    },
  })
  point.activate(policy)
  const pdp = awaitFacts(point, directory.freshness)
  const { app } = apiOver((asked) => pdp.decide(asked), undefined, undefined, { snapshot: () => pdp.snapshot() })
  return { directory, pdp, app }
}

/** Makes one member the keeper instead of another, in one write. */
async function handOver(directory: Directory, from: string, to: string): Promise<void> {
  await directory.write('chess', async (draft) => {
    await draft.putMember({ user: from, role: 'guest' })
    await draft.putMember({ user: to, role: 'keeper' })
    return { commit: true, change: 'hand_over', value: undefined }
  })
}

const keepers = { subject: { type: 'user' }, action: { name: 'door:open' }, resource: { type: 'door', id: '-' } }

describe.each(backends)('a club that has one keeper at any time, on $name', ({ directoryOf }) => {
  it('seems to have two where each question reads what is stored at its moment', async () => {
    const { directory, pdp } = await stored(directoryOf)
    const found: string[] = []
    for (const user of users) {
      const { decision } = await pdp.decide(request({ subject: { type: 'user', id: user } }))
      if (decision.decision) found.push(user)
      if (user === 'u64') await handOver(directory, first, last)
    }
    expect(found).toEqual([first, last])
  })

  it('has one in a search, which begins again when the keeper changes', async () => {
    const { directory, pdp } = await stored(directoryOf)
    const asks: string[] = []
    const snapshot = () => {
      const held = pdp.snapshot()
      return {
        ...held,
        async decide(question: Parameters<typeof held.decide>[0]) {
          const answer = await held.decide(question)
          asks.push(question.subject.id)
          if (asks.length === 64) await handOver(directory, first, last)
          return answer
        },
      }
    }
    const { app } = apiOver(undefined, undefined, undefined, { snapshot })
    const { status, text } = await asked(app, '/access/v1/search/subject', keepers)
    expect([status, text]).toEqual([200, JSON.stringify({ results: [{ type: 'user', id: last }] })])
    expect(asks).toEqual([...users.slice(0, 64), ...users])
  })

  it('is refused to the rest of a batch once it was written', async () => {
    const { directory, pdp } = await stored(directoryOf)
    // Where all is at hand items are decided without giving anybody a turn: the write has to come out of a decision.
    const snapshot = () => {
      const held = pdp.snapshot()
      return {
        ...held,
        async decide(question: Parameters<typeof held.decide>[0]) {
          const answer = await held.decide(question)
          await handOver(directory, first, last)
          return answer
        },
      }
    }
    const { app } = apiOver(undefined, undefined, undefined, { snapshot })
    const items = [first, last].map((id) => ({ subject: { type: 'user', id } }))
    const { status, text } = await asked(app, '/access/v1/evaluations', {
      ...keepers,
      subject: undefined,
      evaluations: items,
    })
    expect([status, JSON.parse(text).error.code]).toEqual([503, 'tenant_changed'])
  })
})

// Another store may have to load each record, and say at last that the tenant does not keep still.
it('a club in a file has one keeper in a search also while the keeper changes all the time', async () => {
  const { directory, app } = await stored(directoryOf)
  let searching = true
  let changes = 0
  const writer = async () => {
    for (let turn = 0; searching; turn++) {
      await setImmediate()
      await handOver(directory, turn % 2 === 0 ? first : last, turn % 2 === 0 ? last : first)
      changes++
    }
  }
  const changing = writer()
  for (let round = 0; round < 10; round++) {
    const { status, text } = await asked(app, '/access/v1/search/subject', keepers)
    expect(status).toBe(200)
    expect(JSON.parse(text).results).toHaveLength(1)
  }
  searching = false
  await changing
  expect(changes).toBeGreaterThan(10)
})
