import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import type { TenantDraft } from '../../src/directory/tenant-draft.ts'
import { NotLoaded } from '../../src/pdp/facts.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { directoryFile, directoryOf } from '../support/stored-tenants.ts'

const acme: TenantDocument = { tenant: 'acme', system: 'x', members: [{ user: 'ann', role: 'owner' }] }
const beta: TenantDocument = { tenant: 'beta', system: 'x' }
const token = { name: 't', scope: 'read', tenant: null, expires: null, created: 0 } as const

/** What a look-up that is not answered at once waits for. */
function waitedFor(ask: () => unknown): Promise<unknown> {
  try {
    ask()
  } catch (error) {
    if (error instanceof NotLoaded) return error.loaded
    throw error
  }
  return expect.unreachable('it was answered at once')
}

const committed = async (draft: TenantDraft, user: string) => ({
  commit: true as const,
  change: 'test',
  value: await draft.putMember({ user, role: 'guest' }),
})

describe('while a write of a file is under way', () => {
  it('decisions have what was kept, and wait for its end with all else', async () => {
    const directory = await directoryOf(acme, beta)
    const role = (user: string) => directory.tenants.find('acme')?.record(user)?.value('role')
    expect(role('ann')).toBe('owner')
    const waited: Promise<unknown>[] = []
    let ended = 0
    await directory.write('acme', async (draft) => {
      await draft.putMember({ user: 'ann', role: 'guest' })
      const written = await committed(draft, 'bob')
      expect(role('ann')).toBe('owner')
      for (const ask of [() => role('bob'), () => directory.tenants.find('beta'), () => directory.tenants.find('none')])
        waited.push(waitedFor(ask).finally(() => ended++))
      await setImmediate()
      expect(ended).toBe(0)
      return written
    })
    await Promise.all(waited)
    expect([role('ann'), role('bob'), directory.tenants.find('beta')?.id, directory.tenants.find('none')]).toEqual([
      'guest',
      'guest',
      'beta',
      undefined,
    ])
  })

  it('whoever reads or writes waits for its end, and sees what it came to', async () => {
    const directory = await directoryOf(acme)
    const users = async () => (await directory.export('acme'))?.document.members?.map(({ user }) => user)
    const begun: Promise<unknown>[] = []
    let ended = 0
    const begin = (work: Promise<unknown>) => begun.push(work.finally(() => ended++))
    await directory.write('acme', async (draft) => {
      const written = await committed(draft, 'bob')
      begin(directory.list(9).then(([summary]) => summary?.members))
      begin(directory.feed.head().then(({ position }) => position))
      begin(users())
      begin(directory.tokens.create(token).then((secret) => directory.tokens.find(secret ?? '')))
      begin(directory.write('acme', async (next) => ({ commit: false, value: await next.member('bob') })))
      await setImmediate()
      expect(ended).toBe(0)
      return written
    })
    expect(await Promise.all(begun)).toEqual([
      2,
      2,
      ['ann', 'bob'],
      { scope: 'read', tenant: null, expires: null },
      { value: { user: 'bob', role: 'guest' }, revision: expect.stringMatching(/\.2$/) },
    ])
  })

  it('the others take their turns, one at a time', async () => {
    const directory = await directoryOf(acme)
    let inside = 0
    const write = () =>
      directory.write('acme', async (draft) => {
        expect(++inside).toBe(1)
        const count = Number(draft.settings().count ?? 0) + 1
        await setImmediate()
        draft.setSettings({ count })
        inside--
        return { commit: true, change: 'test', value: count }
      })
    const written = await Promise.all(Array.from({ length: 20 }, write))
    expect(written.map((one) => one?.value)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  it('what is stored beside it is kept, also where it comes to nothing', async () => {
    const directory = await directoryOf(acme)
    const [, secret] = await Promise.all([
      directory.write('acme', async () => ({ commit: false, value: undefined })),
      directory.tokens.create(token),
    ])
    expect(await directory.tokens.find(secret ?? '')).toMatchObject({ scope: 'read' })
  })

  it('a backup waits for its end', async () => {
    const file = directoryFile()
    const directory = await directoryOf(acme)
    await Promise.all([directory.write('acme', (draft) => committed(draft, 'bob')), directory.backup(file)])
    const copy = await openDirectory(file)
    const [summary] = await copy.list(9)
    await copy.close()
    expect(summary?.members).toBe(2)
  })
})

it('a write that throws, or comes to nothing, lets the next one begin', async () => {
  const directory = await directoryOf(acme)
  const writes = await Promise.allSettled([
    directory.write('acme', async (draft) => {
      await draft.removeMember('ann')
      throw new Error('the policy failed')
    }),
    directory.write('acme', async (draft) => ({ commit: false, value: await draft.removeMember('ann') })),
    directory.write('none', () => expect.unreachable()),
    directory.write('acme', (draft) => committed(draft, 'bob')),
  ])
  expect(writes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  expect((await directory.export('acme'))?.document.members).toEqual([
    { user: 'ann', role: 'owner' },
    { user: 'bob', role: 'guest' },
  ])
})

it('a directory is closed after the write that is under way, and says so to whoever comes later', async () => {
  const file = directoryFile()
  const directory = await openDirectory(file)
  await directory.put([acme])
  const [written] = await Promise.all([
    directory.write('acme', async (draft) => {
      await setImmediate()
      return await committed(draft, 'bob')
    }),
    directory.close(),
  ])
  const closed = expect.objectContaining({ code: 'directory_unavailable' })
  expect(() => directory.tenants.find('beta')).toThrow(closed)
  await expect(directory.list(9)).rejects.toEqual(closed)
  await expect(directory.put([beta])).rejects.toEqual(closed)
  const again = await openDirectory(file)
  expect((await again.export('acme'))?.revision).toBe(written?.revision)
  await again.close()
})
