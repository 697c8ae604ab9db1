import { describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import type { Evaluation, SystemIndex } from '../../src/pdp/policy.ts'
import { builtBundle } from '../support/policy.ts'
import { club, clubPdp, type Parts, request } from './fixture.ts'

const words = ['action', 'role', 'plan', 'name', 'limit', 'used', 'next_plan']

const plans = new Map([
  ['free', { seats: 3, place: 'plans.yaml:2' }],
  ['start', { seats: 5, place: 'plans.yaml:3' }],
  ['grow', { seats: 10, place: 'plans.yaml:4' }],
  ['scale', { seats: null, place: 'plans.yaml:5' }],
])

function refused(reason: string, more: Partial<Evaluation> = {}): Evaluation {
  return { decision: false, reason, obligations: [], stage: 'capacity', check: null, limit: null, ...more }
}

function decided(evaluation: Evaluation, system: Partial<SystemIndex> = {}, more: Parts = {}) {
  const stored = [{ ...club, plan: 'free' }]
  const { pdp } = clubPdp({ ...more, stored, evaluate: () => evaluation, system: { plans, ...system } })
  return pdp.decide(request()).decision
}

describe('a message', () => {
  it('has the action, the role and the plan in their places', () => {
    const messages = { granted: '`{role}` may `{action}` on `{plan}`, `{role}` always' }
    const { message } = decided({ decision: true, reason: 'granted', obligations: [] }, { messages })
    expect(message).toBe('`keeper` may `door:open` on `free`, `keeper` always')
  })

  it('has the figures of the limit, and its plan rather than the present one', () => {
    const messages = { full: '{used} of {limit} {name} of {plan}; next {next_plan}' }
    const limit = { name: 'seats', limit: 5, used: 7, plan: 'start' }
    expect(decided(refused('full', { limit }), { messages }).message).toBe('7 of 5 seats of start; next grow')
  })

  it('says none where there is nothing to say', () => {
    const messages = { full: '{limit} {next_plan} {unheard_of}' }
    const limit = { name: 'seats', limit: null, used: 7, plan: 'scale' }
    expect(decided(refused('full', { limit }), { messages }).message).toBe('none none none')
  })

  it('is the reason itself where nobody worded it', () => {
    expect(decided(refused('full')).message).toBe('full')
  })

  it('takes what fills a place as it is', () => {
    const messages = { full: 'role {role}' }
    const stored = [{ ...club, members: [{ user: 'ann', role: '{plan} $& {action}' }] }]
    const { pdp } = clubPdp({ stored, evaluate: () => refused('full'), system: { messages } })
    expect(pdp.decide(request()).decision.message).toBe('role {plan} $& {action}')
  })

  it('of a shipped system uses no other places', () => {
    const used = [...loadPolicy(builtBundle(), 64).systems].flatMap(([system, { messages }]) =>
      Object.entries(messages).flatMap(([reason, message]) =>
        [...message.matchAll(/\{([^}]*)\}/g)].map(([, word]) => ({ system, reason, word: word as string })),
      ),
    )
    expect(used.length).toBeGreaterThan(20)
    expect(used.filter(({ word }) => !words.includes(word))).toEqual([])
  })
})

describe('the next plan', () => {
  const nextOf = (limit: Readonly<Record<string, unknown>>) => decided(refused('full', { limit })).limit?.next_plan

  it.each([
    ['the first after the present one that has room', { limit: 3, used: 3, plan: 'free' }, 'start'],
    ['past those that are full, too', { limit: 3, used: 5, plan: 'free' }, 'grow'],
    ['one without a limit', { limit: 3, used: 500, plan: 'free' }, 'scale'],
    ['none after the last', { limit: null, used: 500, plan: 'scale' }, undefined],
    ['none of an unknown plan', { limit: 3, used: 3, plan: 'gold' }, undefined],
    ['none where the limit is no plan’s', { limit: 5, used: 5 }, undefined],
  ])('is %s', (_, limit, expected) => expect(nextOf({ name: 'seats', ...limit })).toBe(expected))
})

describe('the place of a decision', () => {
  const names = {
    'checks.has_seat': 'lifecycle.yaml:9',
    'conditions.in_hall': 'matrix.yaml:5',
    'grants.badge': 'matrix.yaml:6',
  }
  const places: Partial<SystemIndex> = {
    roles: { keeper: 'roles.yaml:7' },
    core: { not_a_member: 'membership.rego:3' },
  }
  const placeOf = (evaluation: Evaluation, permission: Parts['permission'] = { names }) =>
    decided(evaluation, places, { permission }).rule
  const right = (reason: string) => refused(reason, { stage: 'right' })
  const seats = (limit: number) => ({ name: 'seats', limit, used: 9, plan: 'free' })

  it.each([
    ['the plan whose limit it is', refused('full', { limit: seats(3), check: ['checks', 'has_seat'] }), 'plans.yaml:2'],
    [
      'the check where the limit is no longer the plan’s',
      refused('full', { limit: seats(4), check: ['shared', 'has_seat'] }),
      'lifecycle.yaml:9',
    ],
    ['the check that refused', refused('x', { check: ['checks', 'has_seat'] }), 'lifecycle.yaml:9'],
    ['the condition that refused', refused('x', { check: ['conditions', 'in_hall'] }), 'matrix.yaml:5'],
    ['the row where the check is named nowhere', refused('x', { check: ['checks', 'gone'] }), 'matrix.yaml:3'],
    ['the cell of the role that grants', { decision: true, reason: 'role_grant', obligations: [] }, 'matrix.yaml:4'],
    ['the cell of the role that has no right', right('no_permission'), 'matrix.yaml:4'],
    ['the grant that decided', { decision: true, reason: 'badge_grant', obligations: [] }, 'matrix.yaml:6'],
    ['the role that the plan does not offer', right('role_not_on_plan'), 'roles.yaml:7'],
    ['the roles, where the role is not defined', refused('unknown_role', { stage: 'membership' }), 'roles.yaml:1'],
    ['the plans, where the plan is not defined', refused('unknown_plan', { stage: 'membership' }), 'plans.yaml:1'],
    ['the rule of the core that refused', refused('not_a_member', { stage: 'membership' }), 'membership.rego:3'],
    ['the matrix, where the action is not in it', refused('unknown_action', { stage: 'request' }), 'matrix.yaml:1'],
  ] as const)('is %s', (_, evaluation, place) => expect(placeOf(evaluation)).toBe(place))

  it('is the row where the role has no cell', () => {
    expect(placeOf(right('no_permission'), { cells: {} })).toBe('matrix.yaml:3')
  })
})

describe('an obligation', () => {
  it('has its type first and its parameters by name', () => {
    const obligations = [{ zone: 1, type: 'tell', address: 'x' }]
    const made = decided({ decision: true, reason: 'granted', obligations })
    expect(JSON.stringify(made.obligations)).toBe('[{"type":"tell","address":"x","zone":1}]')
  })
})
