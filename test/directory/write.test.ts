import { describe, expect, it } from 'vitest'
import type { Directory } from '../../src/directory/directory.ts'
import type { TenantDraft } from '../../src/directory/tenant-draft.ts'
import { whenLoaded } from '../../src/pdp/awaited-pdp.ts'
import type { Member } from '../../src/pdp/member.ts'
import { factsOfDocument, type TenantDocument } from '../../src/pdp/tenant-document.ts'
import { backends, factsOf } from '../support/stored-tenants.ts'
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

async function change<T>(directory: Directory, work: (draft: TenantDraft) => Promise<T>, tenant = 'acme'): Promise<T> {
  const written = await directory.write(tenant, async (draft) => ({
    commit: true,
    change: 'test',
    value: await work(draft),
  }))
  return written?.value as T
}

const exported = async (directory: Directory, tenant = 'acme') => (await directory.export(tenant))?.document

/** An attribute of a member's record, as a decision reads it. */
const attribute = (directory: Directory, user: string, name: string) =>
  whenLoaded(() => directory.tenants.find('acme')?.record(user)?.value(name))

const counted = async (directory: Directory, name: string) => {
  const facts = await factsOf(directory, 'acme')
  return whenLoaded(() => facts.count(name))
}

describe.each(backends)('on $name', ({ directoryOf, cases }) => {
  describe('a write', () => {
    it('is seen by the next decision, with another revision, and only where it is committed', async () => {
      const directory = await directoryOf(acme)
      const before = await factsOf(directory, 'acme')
      expect(await attribute(directory, 'bob', 'status')).toBe('pending')

      const put = (commit: boolean) =>
        directory.write('acme', async (draft, facts) => {
          await draft.putMember({ user: 'bob', role: 'guest', status: 'active' })
          draft.setPlan('paid')
          const value = [(await draft.member('bob'))?.status, await whenLoaded(() => facts.count('active'))]
          return { commit, change: 'accept', value }
        })
      expect(await put(false)).toEqual({ value: ['active', '1'], revision: before.revision })
      expect(await attribute(directory, 'bob', 'status')).toBe('pending')
      expect((await factsOf(directory, 'acme')).header.value('plan')).toBe('free')

      const written = await put(true)
      const after = await factsOf(directory, 'acme')
      expect(written).toEqual({ value: ['active', '1'], revision: after.revision })
      expect(after.revision).toMatch(/^v1\.[0-9a-f-]{36}(-\d+)?\.2$/)
      expect([
        await attribute(directory, 'bob', 'status'),
        await counted(directory, 'active'),
        after.header.value('plan'),
      ]).toEqual(['active', '2', 'paid'])
    })

    it('that throws changes nothing, on disk or in what was kept', async () => {
      const directory = await directoryOf(acme)
      expect(await attribute(directory, 'ann', 'role')).toBe('owner')
      await expect(
        directory.write('acme', async (draft) => {
          await draft.removeMember('ann')
          throw new Error('the policy failed')
        }),
      ).rejects.toThrow('the policy failed')
      expect(await exported(directory)).toEqual({ ...acme, revision: 1 })
      expect(await attribute(directory, 'ann', 'role')).toBe('owner')
      expect(await change(directory, async (draft) => (await draft.member('ann'))?.role)).toBe('owner')
    })

    it('of a tenant that is not there does no work', async () => {
      expect(await (await directoryOf(acme)).write('Acme', () => expect.unreachable())).toBeUndefined()
    })

    it('that is not committed was never seen by a decision made meanwhile', async () => {
      const directory = await directoryOf(acme)
      let met: Promise<unknown> | undefined
      await directory.write('acme', async (draft) => {
        await draft.putMember({ user: 'bob', role: 'guest', status: 'active' })
        met = Promise.resolve(attribute(directory, 'bob', 'status'))
        return { commit: false, value: undefined }
      })
      expect(await met).toBe('pending')
      expect(await attribute(directory, 'bob', 'status')).toBe('pending')
    })

    it('is what is read next, also where an earlier reading is still under way', async () => {
      const directory = await directoryOf(acme)
      const reading = attribute(directory, 'bob', 'status')
      await change(directory, (draft) => draft.putMember({ user: 'bob', status: 'active' }))
      await reading
      expect(await attribute(directory, 'bob', 'status')).toBe('active')
    })

    it.each(['a\0b', 'a\ud800'])('refuses a name that would come back as another: %j', async (user) => {
      const directory = await directoryOf(acme)
      await expect(change(directory, (draft) => draft.putMember({ user }))).rejects.toThrow(
        'a name to be stored holds U+0000 or a lone surrogate',
      )
      expect(await exported(directory)).toEqual({ ...acme, revision: 1 })
    })

    it('of a tenant that is put anew forgets the members of the old one', async () => {
      const directory = await directoryOf(acme)
      expect(await attribute(directory, 'ann', 'role')).toBe('owner')
      await directory.put([{ tenant: 'acme', system: 'x' }])
      expect(await attribute(directory, 'ann', 'user')).toBeUndefined()
      expect(await exported(directory)).toEqual({ tenant: 'acme', system: 'x', revision: 2 })
    })
  })

  describe('a draft', () => {
    it('replaces a record in place and appends a new one', async () => {
      const directory = await directoryOf(acme)
      await change(directory, async (draft) => {
        await draft.putMember({ user: 'cat', role: 'guest' })
        await draft.putMember({ user: 'ann', role: 'guest', api_keys: ['k2'] })
        expect(await draft.membersWithKey('k1')).toEqual([])
        expect(await draft.membersWithKey('k2')).toEqual([{ user: 'ann', role: 'guest', api_keys: ['k2'] }])
        expect((await draft.membersOfRole('guest')).map(({ user }) => user)).toEqual(['ann', 'bob', 'cat'])
        expect(await draft.memberByAddress('ann@example.com')).toBeUndefined()
      })
      expect((await exported(directory))?.members?.map(({ user }) => user)).toEqual(['ann', 'bob', 'cat'])
      expect(await counted(directory, 'roles')).toBe('{"guest":{"pending":1,"active":2,"inactive":0}}')
    })

    it('removes a record with everything that was found by it', async () => {
      const directory = await directoryOf(acme)
      await change(directory, async (draft) => {
        await draft.removeMember('ann')
        await draft.removeMember('nobody')
        expect([
          await draft.member('ann'),
          await draft.membersWithKey('k1'),
          await draft.memberByAddress('ann'),
        ]).toEqual([undefined, [], undefined])
        await draft.removeMember('bob')
      })
      expect(await exported(directory)).toEqual({ ...acme, members: [], revision: 2 })
      expect(await counted(directory, 'roles')).toBe('{}')
    })

    it('finds a person by id or address, whatever the case and the white space, the first of several', async () => {
      const directory = await directoryOf({
        ...acme,
        members: [{ user: 'ann', email: 'shared@example.com' }, { user: 'Shared@Example.com' }],
      })
      await change(directory, async (draft) => {
        expect((await draft.memberByAddress(' SHARED@example.COM\n'))?.user).toBe('ann')
        expect((await draft.memberByAddress('ANN'))?.user).toBe('ann')
        expect(await draft.memberByAddress('other')).toBeUndefined()
      })
    })

    it('removes the entries that are equal in all given members, and says how many', async () => {
      const directory = await directoryOf(acme)
      await change(directory, async (draft) => {
        expect(await draft.remove('shares', { user: 'bob', path: '/c' })).toBe(0)
        expect(await draft.remove('shares', { user: 'bob', path: '/a' })).toBe(1)
        expect(await draft.remove('shares', { path: '/a' })).toBe(1)
        expect(await draft.list('shares')).toEqual([acme.shares?.[2]])
        for (const path of ['/e', '/f']) await draft.add('shares', { user: 'dan', path })
        expect(await draft.remove('shares', { user: 'dan' })).toBe(2)
        await draft.add('shares', { user: 'cat', path: '/d' })
        await draft.add('owners', { user: 'cat', path: '/d' })
      })
      const { shares, owners } = (await exported(directory)) ?? {}
      expect([shares, owners]).toEqual([[acme.shares?.[2], { user: 'cat', path: '/d' }], [{ user: 'cat', path: '/d' }]])
    })

    it('writes small lists, objects, plan and settings whole', async () => {
      const directory = await directoryOf(acme)
      await change(directory, async (draft) => {
        await draft.setList('api_keys', ['k2', 'k1'])
        await draft.setList('projects', [])
        await draft.setObject('groups', { g: ['bob'], h: [] })
        await draft.setObject('groups', { g: ['ann'] })
        draft.setSettings({ limit: 3 })
        draft.setPlan('paid')
        expect([
          draft.id,
          draft.plan(),
          draft.settings(),
          await draft.list('api_keys'),
          await draft.object('groups'),
        ]).toEqual(['acme', 'paid', { limit: 3 }, ['k2', 'k1'], { g: ['ann'] }])
      })
      expect(await exported(directory)).toEqual({
        ...acme,
        plan: 'paid',
        revision: 2,
        settings: { limit: 3 },
        api_keys: ['k2', 'k1'],
        projects: [],
        groups: { g: ['ann'] },
      })
    })

    it('refuses a list that is stored otherwise', async () => {
      const directory = await directoryOf(acme)
      await expect(change(directory, (draft) => draft.add('members', {}))).rejects.toThrow(
        '`members` is none of api_keys,',
      )
      await expect(change(directory, (draft) => draft.setObject('shares', {}))).rejects.toThrow(
        '`shares` is none of groups,',
      )
    })

    it('leaves after any number of changes what an import of its document would make', async () => {
      const tried = Math.min(cases, 100)
      const all = Array.from({ length: tried + 5 }, (_, seed) => randomTenant(seed))
      const directory = await directoryOf(...all.map(({ document }) => document))
      for (const [seed, { document, request }] of all.slice(0, tried).entries()) {
        const { tenant, members = [] } = document
        const donor = all[seed + 5]?.document.members ?? []
        const expected: Member[] = [...members]
        await change(
          directory,
          async (draft) => {
            for (const [index, record] of donor.entries()) {
              await draft.putMember({ ...record })
              const at = expected.findIndex(({ user }) => user === record.user)
              if (at < 0) expected.push(record)
              else expected[at] = record
              if (index % 3 !== 0) continue
              const gone = expected.splice(index % expected.length, 1)[0]
              await draft.removeMember(gone?.user ?? '')
            }
          },
          tenant,
        )
        const left = (await exported(directory, tenant)) as TenantDocument
        expect(left.members ?? []).toEqual(expected)
        expect(await everyFact(await factsOf(directory, tenant), left, request)).toEqual(
          await everyFact(factsOfDocument(left), left, request),
        )
      }
    })
  })

  it('tenants are listed by id, page by page', async () => {
    const directory = await directoryOf(...['b', 'a', 'é', 'B'].map((tenant) => ({ ...acme, tenant })))
    const first = await directory.list(2)
    expect(first).toEqual([
      { id: 'B', system: 'x', plan: 'free', members: 2 },
      { id: 'a', system: 'x', plan: 'free', members: 2 },
    ])
    expect((await directory.list(9, 'a')).map(({ id }) => id)).toEqual(['b', 'é'])
  })
})
