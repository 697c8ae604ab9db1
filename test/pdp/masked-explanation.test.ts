import { describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import { maskExplanation } from '../../src/app/mask-explanation.ts'
import type { Explanation } from '../../src/pdp/explain.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { builtBundle, inlinePdp } from '../support/policy.ts'

const pdp = inlinePdp(loadPolicy(builtBundle(), 64))

const account = {
  tenant: 'acme',
  system: 'filestack',
  plan: 'free',
  settings: { company_name: 'Planted Company', owner_full_name: 'Owner One', seat_limit_override: 3 },
  api_keys: ['key-planted', 'key-other'],
  members: [
    { user: 'owner-planted', role: 'account_owner', status: 'active' },
    {
      user: 'dev-planted',
      role: 'developer',
      status: 'active',
      api_keys: ['key-planted'],
    },
    { user: 'invited-planted', role: 'billing', status: 'pending' },
  ],
}

const ask = (subject: string, action: string, properties: object = {}): DecisionRequest => ({
  subject: { type: 'user', id: subject },
  action: { name: action },
  resource: { type: action.slice(0, action.indexOf(':')), id: '-', properties: { ...properties } },
  tenant: account,
})

const invitation = ask('owner-planted', 'member:invite', { email: ' New@Planted.example', role: 'billing' })
const listing = ask('dev-planted', 'member:list')
const keyUse = ask('dev-planted', 'analytics:view', { api_key: 'key-other' })

const search: DecisionRequest = {
  ...ask('robin', 'log:search'),
  tenant: {
    tenant: 'team',
    system: 'fivemanage',
    members: [
      {
        user: 'robin',
        role: 'developer',
        overrides: { for_role: 'developer', grants: { 'token:create': 'allow', 'log:search': 'deny' } },
      },
    ],
  },
}

const share: DecisionRequest = {
  ...ask('noor', 'media_file:open', { path: '/logos' }),
  tenant: {
    tenant: 'library',
    system: 'imagekit',
    plan: 'enterprise',
    members: [{ user: 'noor', role: 'media_library_restricted_access' }],
    shares: [{ user: 'kim', path: '/press', level: 'can_view' }],
  },
}

const masked = async (request: DecisionRequest, ...pointers: string[]) =>
  maskExplanation(await pdp.explain(request), request, pointers)

describe('a masked fact', () => {
  it.each([
    [
      'an address that another fact repeats in its own spelling',
      invitation,
      '/request/resource/properties/email',
      [/planted\.example/i],
    ],
    ['a text of the settings', invitation, '/tenant/settings/company_name', [/Planted Company/]],
    ['all settings', invitation, '/tenant/settings', [/Planted Company/, /Owner One/]],
    [
      'the plan that message, stages and limit repeat',
      invitation,
      '/tenant/plan',
      [/["`]free["`]/, /`(?:start|grow)`/],
    ],
    ['the role that message and stages repeat', listing, '/member/role', [/`?developer/, /account_owner/]],
    [
      'the subject, which the policy did not see, and members beside it',
      invitation,
      '/request/subject/id',
      [/(?:owner|dev|invited)-planted/],
    ],
    ['the subject of a change of role', listing, '/request/subject/id', [/dev-planted/]],
    ['ids of members', invitation, '/member/user', [/invited-planted/, /dev-planted/]],
    ['the status that no rule read', listing, '/member/status', [/"active"/]],
    ['keys that a change would keep', keyUse, '/member/api_keys', [/key-planted/, /key-other/]],
    ['an override that a change would keep', search, '/member/overrides', [/token:create/]],
    ['the action that a change would allow', listing, '/request/action', [/member:list/]],
    ['a limit that support has set', invitation, '/tenant/settings/seat_limit_override', [/[^:\d]3[^\d]/, /limit"/]],
    ['what is counted', invitation, '/counts', [/3 of 3/, /"limit":/, /4 seats/]],
    [
      'what is counted, of two changes',
      { ...invitation, subject: { type: 'user', id: 'dev-planted' } },
      '/counts',
      [/4 seats/, /"value":4/],
    ],
    ['shares', share, '/items/shares', [/can_view`/]],
    ['a member of a text', invitation, '/request/resource/properties/email/0', [/planted\.example/i]],
  ] as const)('%s is said nowhere', async (_, request, pointer, secrets) => {
    const plain = JSON.stringify(await pdp.explain(request))
    const text = JSON.stringify(await masked(request, pointer))
    expect(text).toContain('***')
    expect(secrets.filter((secret) => secret.test(text)).map(String)).toEqual([])
    expect(plain).not.toBe(text)
  })

  it('leaves everything else as it was', async () => {
    const plain = await pdp.explain(listing)
    const change = (change: string) => change.replace('dev-planted', '***')
    const expected: Explanation = {
      ...plain,
      nearest_grants: plain.nearest_grants?.map((grant) => ({ ...grant, change: change(grant.change) })) ?? null,
    }
    expect(await masked(listing, '/request/subject/id')).toEqual(expected)
    expect(maskExplanation(plain, listing, [])).toBe(plain)
  })
})
