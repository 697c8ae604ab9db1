import { describe, expect, it } from 'vitest'
import type { Directory } from '../../src/directory/directory.ts'
import type { TenantDraft } from '../../src/directory/tenant-draft.ts'
import type { Member } from '../../src/pdp/member.ts'
import { factsOfDocument, type TenantDocument } from '../../src/pdp/tenant-document.ts'
import { directoryOf } from '../support/stored-tenants.ts'
import { everyFact } from './every-fact.ts'
import { randomTenant } from './random-tenant.ts'

const acme: TenantDocument = {
  tenant: 'acme',
  system: 'x',
  plan: 'free',
  members: [
    { user: 'ann', email: 'Ann@Example.com', role: 'owner', api_keys: ['k1'] },
    { user: 'bob', role: 'guest', status: 'pending' },
  ],
  api_keys: ['k1'],
  shares: [
    { user: 'bob', path: '/a' },
    { group: 'g', path: '/a' },
    { user: 'bob', path: '/b' },
  ],
}

function change<T>(directory: Directory, work: (draft: TenantDraft) => T, tenant = 'acme'): T {
  const written = directory.write(tenant, (draft) => ({ commit: true, change: 'test', value: work(draft) }))
  return written?.value as T
}

describe('a write', () => {
  it('is seen by the next decision, with another revision, and only where it is committed', () => {
    const directory = directoryOf(acme)
    const before = directory.tenants.find('acme')
    expect(before?.record('bob')?.value('status')).toBe('pending')

    const put = (commit: boolean) =>
      directory.write('acme', (draft, facts) => {
        draft.putMember({ user: 'bob', role: 'guest', status: 'active' })
        draft.setPlan('paid')
        return { commit, change: 'accept', value: [draft.member('bob')?.status, facts.count('active')] }
      })
    expect(put(false)).toEqual({ value: ['active', '1'], revision: before?.revision })
    expect(directory.tenants.find('acme')?.record('bob')?.value('status')).toBe('pending')
    expect(directory.tenants.find('acme')?.header.value('plan')).toBe('free')

    const written = put(true)
    const after = directory.tenants.find('acme')
    expect(written).toEqual({ value: ['active', '1'], revision: after?.revision })
    expect(after?.revision).toMatch(/^v1\.[0-9a-f-]{36}\.2$/)
    expect([after?.record('bob')?.value('status'), after?.count('active'), after?.header.value('plan')]).toEqual([
      'active',
      '2',
      'paid',
    ])
  })

  it('that throws changes nothing, on disk or in what was kept', () => {
    const directory = directoryOf(acme)
    expect(directory.tenants.find('acme')?.record('ann')?.value('role')).toBe('owner')
    expect(() =>
      directory.write('acme', (draft) => {
        draft.removeMember('ann')
        throw new Error('the policy failed')
      }),
    ).toThrow('the policy failed')
    expect(directory.export('acme')).toEqual({ ...acme, revision: 1 })
    expect(directory.tenants.find('acme')?.record('ann')?.value('role')).toBe('owner')
    expect(change(directory, (draft) => draft.member('ann')?.role)).toBe('owner')
  })

  it('of a tenant that is not there does no work', () => {
    expect(directoryOf(acme).write('Acme', () => expect.unreachable())).toBeUndefined()
  })

  it('cannot be mixed up with decisions upon what is not committed', () => {
    const directory = directoryOf(acme)
    expect(() => change(directory, () => directory.tenants.find('acme'))).toThrow(
      'inside a write only its own facts are read',
    )
    expect(directory.tenants.find('acme')?.id).toBe('acme')
  })

  it.each(['a\0b', 'a\ud800'])('refuses a name that would come back as another: %j', (user) => {
    const directory = directoryOf(acme)
    expect(() => change(directory, (draft) => draft.putMember({ user }))).toThrow(
      'a name to be stored holds U+0000 or a lone surrogate',
    )
    expect(directory.export('acme')).toEqual({ ...acme, revision: 1 })
  })

  it('of a tenant that is put anew forgets the members of the old one', () => {
    const directory = directoryOf(acme)
    expect(directory.tenants.find('acme')?.record('ann')?.value('role')).toBe('owner')
    directory.put([{ tenant: 'acme', system: 'x' }])
    expect(directory.tenants.find('acme')?.record('ann')).toBeUndefined()
    expect(directory.export('acme')).toEqual({ tenant: 'acme', system: 'x', revision: 2 })
  })
})

describe('a draft', () => {
  it('replaces a record in place and appends a new one', () => {
    const directory = directoryOf(acme)
    change(directory, (draft) => {
      draft.putMember({ user: 'cat', role: 'guest' })
      draft.putMember({ user: 'ann', role: 'guest', api_keys: ['k2'] })
      expect(draft.membersWithKey('k1')).toEqual([])
      expect(draft.membersWithKey('k2')).toEqual([{ user: 'ann', role: 'guest', api_keys: ['k2'] }])
      expect(draft.membersOfRole('guest').map(({ user }) => user)).toEqual(['ann', 'bob', 'cat'])
      expect(draft.memberByAddress('ann@example.com')).toBeUndefined()
    })
    expect(directory.export('acme')?.members?.map(({ user }) => user)).toEqual(['ann', 'bob', 'cat'])
    expect(directory.tenants.find('acme')?.count('roles')).toBe('{"guest":{"pending":1,"active":2,"inactive":0}}')
  })

  it('removes a record with everything that was found by it', () => {
    const directory = directoryOf(acme)
    change(directory, (draft) => {
      draft.removeMember('ann')
      draft.removeMember('nobody')
      expect([draft.member('ann'), draft.membersWithKey('k1'), draft.memberByAddress('ann')]).toEqual([
        undefined,
        [],
        undefined,
      ])
      draft.removeMember('bob')
    })
    expect(directory.export('acme')).toEqual({ ...acme, members: [], revision: 2 })
    expect(directory.tenants.find('acme')?.count('roles')).toBe('{}')
  })

  it('finds a person by id or address, whatever the case and the white space, the first of several', () => {
    const directory = directoryOf({
      ...acme,
      members: [{ user: 'ann', email: 'shared@example.com' }, { user: 'Shared@Example.com' }],
    })
    change(directory, (draft) => {
      expect(draft.memberByAddress(' SHARED@example.COM\n')?.user).toBe('ann')
      expect(draft.memberByAddress('ANN')?.user).toBe('ann')
      expect(draft.memberByAddress('other')).toBeUndefined()
    })
  })

  it('removes the entries that are equal in all given members, and says how many', () => {
    const directory = directoryOf(acme)
    change(directory, (draft) => {
      expect(draft.remove('shares', { user: 'bob', path: '/c' })).toBe(0)
      expect(draft.remove('shares', { user: 'bob', path: '/a' })).toBe(1)
      expect(draft.remove('shares', { path: '/a' })).toBe(1)
      expect(draft.list('shares')).toEqual([acme.shares?.[2]])
      draft.add('shares', { user: 'cat', path: '/d' })
      draft.add('owners', { user: 'cat', path: '/d' })
    })
    const { shares, owners } = directory.export('acme') ?? {}
    expect([shares, owners]).toEqual([[acme.shares?.[2], { user: 'cat', path: '/d' }], [{ user: 'cat', path: '/d' }]])
  })

  it('writes small lists, objects, plan and settings whole', () => {
    const directory = directoryOf(acme)
    change(directory, (draft) => {
      draft.setList('api_keys', ['k2', 'k1'])
      draft.setList('projects', [])
      draft.setObject('groups', { g: ['bob'], h: [] })
      draft.setObject('groups', { g: ['ann'] })
      draft.setSettings({ limit: 3 })
      draft.setPlan('paid')
      expect([draft.id, draft.plan(), draft.settings(), draft.list('api_keys'), draft.object('groups')]).toEqual([
        'acme',
        'paid',
        { limit: 3 },
        ['k2', 'k1'],
        { g: ['ann'] },
      ])
    })
    expect(directory.export('acme')).toEqual({
      ...acme,
      plan: 'paid',
      revision: 2,
      settings: { limit: 3 },
      api_keys: ['k2', 'k1'],
      projects: [],
      groups: { g: ['ann'] },
    })
  })

  it('refuses a list that is stored otherwise', () => {
    const directory = directoryOf(acme)
    expect(() => change(directory, (draft) => draft.add('members', {}))).toThrow('`members` is none of api_keys,')
    expect(() => change(directory, (draft) => draft.setObject('shares', {}))).toThrow('`shares` is none of groups,')
  })

  it('leaves after any number of changes what an import of its document would make', () => {
    const all = Array.from({ length: 105 }, (_, seed) => randomTenant(seed))
    const directory = directoryOf(...all.map(({ document }) => document))
    for (const [seed, { document, request }] of all.slice(0, 100).entries()) {
      const { tenant, members = [] } = document
      const donor = all[seed + 5]?.document.members ?? []
      const expected: Member[] = [...members]
      change(
        directory,
        (draft) => {
          for (const [index, record] of donor.entries()) {
            draft.putMember({ ...record })
            const at = expected.findIndex(({ user }) => user === record.user)
            if (at < 0) expected.push(record)
            else expected[at] = record
            if (index % 3 !== 0) continue
            const gone = expected.splice(index % expected.length, 1)[0]
            draft.removeMember(gone?.user ?? '')
          }
        },
        tenant,
      )
      const exported = directory.export(tenant) as TenantDocument
      expect(exported.members ?? []).toEqual(expected)
      const stored = directory.tenants.find(tenant)
      expect(stored && everyFact(stored, exported, request)).toEqual(
        everyFact(factsOfDocument(exported), exported, request),
      )
    }
  })
})

it('tenants are listed by id, page by page', () => {
  const directory = directoryOf(...['b', 'a', 'é', 'B'].map((tenant) => ({ ...acme, tenant })))
  const first = directory.list(2)
  expect(first).toEqual([
    { id: 'B', system: 'x', plan: 'free', members: 2 },
    { id: 'a', system: 'x', plan: 'free', members: 2 },
  ])
  expect(directory.list(9, 'a').map(({ id }) => id)).toEqual(['b', 'é'])
})
