import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import { mostRead, prepareMemberList } from '../../src/directory/member-list.ts'
import { openStore, type Store } from '../../src/directory/store.ts'
import type { Tables } from '../../src/directory/tables.ts'
import type { Member } from '../../src/pdp/member.ts'
import type { MemberPlace, MembersQuery } from '../../src/pdp/members-query.ts'
import { directoryFile, directoryOf } from '../support/stored-tenants.ts'

const members: readonly (Member & { scope?: string | string[] })[] = [
  { user: 'zoe', email: 'A.Zoe@example.com', role: 'owner', api_keys: ['k1', 'k2'], scope: 'company' },
  { user: 'Bob', role: 'guest', status: 'pending', scope: ['web', 'docs'] },
  { user: 'ann', email: 'b@example.com', role: 'guest', api_keys: ['k1'] },
  { user: 'bot', status: 'suspended', scope: ['docs'] },
  { user: 'eve', email: 'z@other.test', role: 'guest', status: 'inactive' },
]

/** Users of every page in turn. */
function pagesOf(list: (query: MembersQuery) => ReturnType<ReturnType<typeof prepareMemberList>>, query: MembersQuery) {
  const pages: string[][] = []
  let from: MemberPlace | undefined
  do {
    const page = list({ ...query, from })
    pages.push(page.members.map(({ user }) => user))
    from = page.next
  } while (from !== undefined)
  return pages
}

describe('a list of members', () => {
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
  ])('of %j has every one that meets the filters, however it is cut into pages', (filters, expected) => {
    const { members: list } = directory()
    for (const limit of [1, 2, 3, 100]) {
      const pages = pagesOf((query) => list('acme', query) ?? { members: [], next: undefined }, {
        sort: 'user',
        ...filters,
        limit,
      })
      expect(pages.flat()).toEqual(expected)
      expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(limit)
    }
  })

  it('of no tenant is none, and one of an empty tenant is empty', () => {
    const empty = directoryOf({ tenant: 'empty', system: 'x' })
    expect(empty.members('none', { sort: 'user', limit: 1 })).toBeUndefined()
    expect(empty.members('empty', { sort: 'user', limit: 1 })).toEqual({ members: [], next: undefined })
  })

  it('goes on where it was when members come and go between pages', () => {
    const changed = directory()
    const first = changed.members('acme', { sort: 'user', limit: 2 })
    changed.write('acme', (draft) => {
      draft.removeMember('bot')
      draft.putMember({ user: 'aaa' })
      return { commit: true, change: 'test', value: 0 }
    })
    expect(changed.members('acme', { sort: 'user', limit: 9, from: first?.next })?.members.map((m) => m.user)).toEqual([
      'eve',
      'zoe',
    ])
  })
})

const many = 100_000

/** The directory's file with 100,000 members, and the store with a count of the rows that its queries gave. */
function counted() {
  const file = directoryFile()
  const directory = openDirectory(file)
  directory.put([
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
  directory.close()
  const store = openStore(file)
  const rows = { read: 0 }
  const query: Store['query'] = (names, build) => {
    const { all, first } = store.query(names, build)
    return {
      first,
      all(values) {
        const found = all(values)
        rows.read += found.length
        return found
      },
    }
  }
  return { file, rows, store, list: prepareMemberList({ ...store, query }) }
}

it('a page of a tenant of 100,000 members reads no more rows than it may, whatever is asked', () => {
  const { rows, store, list } = counted()
  const read = (query: MembersQuery) => {
    rows.read = 0
    const { members: found, next } = list('big', query)
    return [found.length, next !== undefined, rows.read]
  }
  // One row in 500 is read twice: as the place where the next ones begin.
  const most = mostRead + mostRead / 500
  expect(read({ sort: 'user', limit: 100 })).toEqual([100, true, 501])
  expect(read({ sort: 'email', limit: 1000, from: { by: '5', user: '' } })).toEqual([1000, true, 1002])
  expect(read({ sort: 'role', limit: 1, role: 'r2', from: { by: 'r2', user: 'u9' } })).toEqual([1, true, 501])
  for (const sort of ['user', 'email', 'role'] as const)
    expect(read({ sort, limit: 100, search: 'nobody' })).toEqual([0, true, most])
  expect(read({ sort: 'user', limit: 100, role: 'none' })).toEqual([0, false, 0])
  const pages = pagesOf((query) => list('big', query), { sort: 'email', limit: 100, search: 'u99999' })
  expect([pages.length, pages.flat()]).toEqual([many / mostRead, ['u99999']])
  store.close()
})

it('every order is read along an index, without a sort and without a scan', () => {
  const file = directoryFile()
  openDirectory(file).close()
  const queries: string[] = []
  const builder = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  const query: Store['query'] = (names, build) => {
    const values = Object.fromEntries(names.map((name) => [name, '?'])) as never
    queries.push(build(builder, values).compile().sql)
    return { all: () => [], first: () => undefined }
  }
  prepareMemberList({ query } as Store)
  const database = new Database(file)
  const plans = queries.map((text) =>
    (
      database.prepare(`explain query plan ${text}`).all(text.replace(/[^?]/g, '').split('')) as { detail: string }[]
    ).map(({ detail }) => detail),
  )
  database.close()
  expect(plans).toEqual([
    ['SEARCH member USING PRIMARY KEY (tenant=? AND user>?)'],
    ['SEARCH member USING INDEX member_by_email (tenant=? AND <expr>=? AND user>?)'],
    ['SEARCH member USING INDEX member_by_email (tenant=? AND <expr>>?)'],
    ['SEARCH member USING INDEX member_by_role (tenant=? AND <expr>=? AND user>?)'],
    ['SEARCH member USING INDEX member_by_role (tenant=? AND <expr>>?)'],
  ])
})
