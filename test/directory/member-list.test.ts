import { SqliteAdapter, SqliteQueryCompiler } from 'kysely'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import { membersPage, mostRead } from '../../src/directory/member-list.ts'
import { openSqliteStore } from '../../src/directory/sqlite-store.ts'
import { builderOf } from '../../src/directory/statement.ts'
import type { Session } from '../../src/directory/store.ts'
import type { Member } from '../../src/pdp/member.ts'
import { type MemberPlace, type MembersPage, type MembersQuery, memberSorts } from '../../src/pdp/members-query.ts'
import { backends, directoryFile } from '../support/stored-tenants.ts'

const members: readonly (Member & { scope?: string | string[] })[] = [
  { user: 'zoe', email: 'A.Zoe@example.com', role: 'owner', api_keys: ['k1', 'k2'], scope: 'company' },
  { user: 'Bob', role: 'guest', status: 'pending', scope: ['web', 'docs'] },
  { user: 'ann', email: 'b@example.com', role: 'guest', api_keys: ['k1'] },
  { user: 'bot', status: 'suspended', scope: ['docs'] },
  { user: 'eve', email: 'z@other.test', role: 'guest', status: 'inactive' },
]

/** Users of every page in turn. */
async function pagesOf(list: (query: MembersQuery) => Promise<MembersPage>, query: MembersQuery) {
  const pages: string[][] = []
  let from: MemberPlace | undefined
  do {
    const page = await list({ ...query, from })
    pages.push(page.members.map(({ user }) => user))
    from = page.next
  } while (from !== undefined)
  return pages
}

describe.each(backends)('a list of members on $name', ({ directoryOf }) => {
  const directory = () =>
    directoryOf({ tenant: 'acme', system: 'x', members }, { tenant: 'acme2', system: 'x', members })

  it.each<[Partial<MembersQuery>, string[]]>([
    [{}, ['Bob', 'ann', 'bot', 'eve', 'zoe']],
    [{ sort: 'email' }, ['Bob', 'bot', 'zoe', 'ann', 'eve']],
    [{ sort: 'role' }, ['bot', 'Bob', 'ann', 'eve', 'zoe']],
    [{ role: 'guest' }, ['Bob', 'ann', 'eve']],
    [{ role: 'guest', sort: 'role' }, ['Bob', 'ann', 'eve']],
    [{ role: 'guest', sort: 'email' }, ['Bob', 'ann', 'eve']],
    [{ role: 'gues' }, []],
    [{ status: 'active' }, ['ann', 'zoe']],
    [{ status: 'inactive' }, ['bot', 'eve']],
    [{ status: 'pending', role: 'guest' }, ['Bob']],
    [{ search: ' BO ' }, ['Bob', 'bot']],
    [{ search: 'EXAMPLE.com' }, ['ann', 'zoe']],
    [{ search: '%' }, []],
    [{ key: 'k1' }, ['ann', 'zoe']],
    [{ project: 'docs' }, ['Bob', 'bot']],
    [{ project: 'company' }, ['zoe']],
    [{ project: 'doc' }, []],
  ])('of %j has every one that meets the filters, however it is cut into pages', async (filters, expected) => {
    const { members: list } = await directory()
    for (const limit of [1, 2, 3, 100]) {
      const page = async (query: MembersQuery) => (await list('acme', query)) ?? expect.unreachable()
      const pages = await pagesOf(page, { sort: 'user', ...filters, limit })
      expect(pages.flat()).toEqual(expected)
      expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(limit)
    }
  })

  describe('by last login', () => {
    const at = (day: number) => `2026-11-0${day}T12:00:00.000Z`
    const signedIn = async () => {
      const made = await directory()
      const session = (user: string, day: number) =>
        made.registerSession('acme', { id: `${user} ${day}`, user, about: '', at: at(day) })
      await session('zoe', 2)
      await session('ann', 1)
      await session('ann', 3)
      return made
    }
    it.each<[Partial<MembersQuery>, string[]]>([
      [{ sort: 'last_login' }, ['Bob', 'bot', 'eve', 'zoe', 'ann']],
      [{ sort: 'last_login', role: 'guest' }, ['Bob', 'eve', 'ann']],
      [{ lastLoginBefore: at(3) }, ['Bob', 'bot', 'eve', 'zoe']],
      [{ lastLoginAfter: at(3) }, ['ann']],
      [{ lastLoginAfter: at(2), lastLoginBefore: at(3) }, ['zoe']],
    ])('%j lists who never was there as if long ago', async (filters, expected) => {
      const { members: list } = await signedIn()
      for (const limit of [1, 2, 100]) {
        const page = async (query: MembersQuery) => (await list('acme', query)) ?? expect.unreachable()
        const pages = await pagesOf(page, { sort: 'user', ...filters, limit })
        expect(pages.flat()).toEqual(expected)
      }
    })

    it('says it beside the record, and still when a record is written or the tenant is stored anew', async () => {
      const made = await signedIn()
      const listed = async () => {
        const page = await made.members('acme', { sort: 'last_login', limit: 9, lastLoginAfter: at(1) })
        return page?.members.map(({ user, last_login }) => [user, last_login])
      }
      const expected = [
        ['zoe', at(2)],
        ['ann', at(3)],
      ]
      expect(await listed()).toEqual(expected)
      await made.endSession('acme', 'ann 3')
      await made.write('acme', async (draft) => {
        await draft.putMember({ user: 'ann', role: 'owner' })
        return { commit: true, change: 'test', value: 0 }
      })
      expect(await listed()).toEqual(expected)
      await made.put([{ tenant: 'acme', system: 'x', members: members.filter(({ user }) => user !== 'zoe') }])
      expect(await listed()).toEqual([['ann', at(3)]])
      expect((await made.members('acme', { sort: 'user', limit: 1 }))?.members).toEqual([
        { ...members[1], last_login: null },
      ])
      // Neither what is exported nor what is checked knows of it.
      expect((await made.export('acme'))?.document.members).toEqual(members.filter(({ user }) => user !== 'zoe'))
      expect((await made.check()).faults).toEqual([])
    })
  })

  it('of no tenant is none, and one of an empty tenant is empty', async () => {
    const empty = await directoryOf({ tenant: 'empty', system: 'x' })
    expect(await empty.members('none', { sort: 'user', limit: 1 })).toBeUndefined()
    expect(await empty.members('empty', { sort: 'user', limit: 1 })).toEqual({ members: [], next: undefined })
  })

  it('goes on where it was when members come and go between pages', async () => {
    const changed = await directory()
    const first = await changed.members('acme', { sort: 'user', limit: 2 })
    await changed.write('acme', async (draft) => {
      await draft.removeMember('bot')
      await draft.putMember({ user: 'aaa' })
      return { commit: true, change: 'test', value: 0 }
    })
    const second = await changed.members('acme', { sort: 'user', limit: 9, from: first?.next })
    expect(second?.members.map((m) => m.user)).toEqual(['eve', 'zoe'])
  })
})

const many = 100_000

/** The store of a directory's file with 100,000 members, and a count of the rows that a list reads of it. */
async function counted() {
  const file = directoryFile()
  const directory = await openDirectory(file)
  await directory.put([
    {
      tenant: 'big',
      system: 'x',
      members: Array.from({ length: many }, (_, n) => ({
        user: `u${n}`,
        email: `${n}@example.com`,
        role: `r${n % 3}`,
      })),
    },
  ])
  await directory.close()
  const store = openSqliteStore(file)
  const rows = { read: 0 }
  const session: Session = {
    ...store,
    async all(statement, values) {
      const found = await store.all(statement, values)
      rows.read += found.length
      return found
    },
  }
  return { rows, store, list: (query: MembersQuery) => membersPage(session, 'big', query) }
}

it('a page of a tenant of 100,000 members reads no more rows than it may, whatever is asked', async () => {
  const { rows, store, list } = await counted()
  const read = async (query: MembersQuery) => {
    rows.read = 0
    const { members: found, next } = await list(query)
    return [found.length, next !== undefined, rows.read]
  }
  // One row in 500 is read twice: as the place where the next ones begin.
  const most = mostRead + mostRead / 500
  expect(await read({ sort: 'user', limit: 100 })).toEqual([100, true, 501])
  expect(await read({ sort: 'email', limit: 1000, from: { by: '5', user: '' } })).toEqual([1000, true, 1002])
  expect(await read({ sort: 'role', limit: 1, role: 'r2', from: { by: 'r2', user: 'u9' } })).toEqual([1, true, 501])
  for (const sort of memberSorts) expect(await read({ sort, limit: 100, search: 'nobody' })).toEqual([0, true, most])
  expect(await read({ sort: 'user', limit: 100, role: 'none' })).toEqual([0, false, 0])
  const pages = await pagesOf(list, { sort: 'email', limit: 100, search: 'u99999' })
  expect([pages.length, pages.flat()]).toEqual([many / mostRead, ['u99999']])
  store.close()
})

it('every order is read along an index, without a sort and without a scan', async () => {
  const file = directoryFile()
  await (await openDirectory(file)).close()
  const database = new Database(file)
  const builder = builderOf(
    () => new SqliteAdapter(),
    () => new SqliteQueryCompiler(),
  )
  const plans: string[][] = []
  const session: Pick<Session, 'all'> = {
    async all(statement, values) {
      const { sql, bind } = statement.compile(builder)
      const plan = database.prepare(`explain query plan ${sql}`).all(bind(values)) as { readonly detail: string }[]
      plans.push(plan.map(({ detail }) => detail))
      return []
    },
  }
  for (const sort of memberSorts) await membersPage(session as Session, 'acme', { sort, limit: 1 })
  database.close()
  expect(plans).toEqual([
    ['SEARCH member USING PRIMARY KEY (tenant=? AND user>?)'],
    ['SEARCH member USING INDEX member_by_email (tenant=? AND <expr>=? AND user>?)'],
    ['SEARCH member USING INDEX member_by_email (tenant=? AND <expr>>?)'],
    ['SEARCH member USING INDEX member_by_role (tenant=? AND <expr>=? AND user>?)'],
    ['SEARCH member USING INDEX member_by_role (tenant=? AND <expr>>?)'],
    ['SEARCH member USING INDEX member_by_last_login (tenant=? AND last_login=? AND user>?)'],
    ['SEARCH member USING INDEX member_by_last_login (tenant=? AND last_login>?)'],
  ])
})
