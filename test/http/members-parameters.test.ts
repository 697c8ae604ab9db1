import { describe, expect, it } from 'vitest'
import { memberCursor, membersQuery } from '../../src/http/members-parameters.ts'

const read = (text: string) => membersQuery(new URLSearchParams(text))
const refusal = (text: string) => {
  try {
    return read(text)
  } catch (error) {
    return (error as Error).message
  }
}

describe('the parameters of a list of members', () => {
  it('are its filters, its order and its place', () => {
    expect(read('')).toEqual({ sort: 'user', limit: 100 })
    const place = { by: 'ä@example.com', user: 'u 1' }
    expect(
      read(`search=a&status=pending&role=r&project=p&key=k&sort=email&limit=7&cursor=${memberCursor('email', place)}`),
    ).toEqual({
      search: 'a',
      status: 'pending',
      role: 'r',
      project: 'p',
      key: 'k',
      sort: 'email',
      from: place,
      limit: 7,
    })
  })

  it('take a day for its beginning, and an instant with its offset', () => {
    expect(read('last_login_before=2026-11-01&last_login_after=2026-10-01T02:00:00%2B02:00')).toMatchObject({
      lastLoginBefore: '2026-11-01T00:00:00.000Z',
      lastLoginAfter: '2026-10-01T00:00:00.000Z',
    })
  })

  it.each([
    [
      'serach=a',
      'no parameter `serach`; there are search, role, project, key, status, last_login_before, last_login_after, sort, cursor, limit',
    ],
    ['role=a&role=b', '`role` is there twice'],
    ['role=', '`role` must not be empty; leave it out to list all'],
    ['status=gone', '`status` must be one of pending, active, inactive'],
    ['sort=name', '`sort` must be one of user, email, role, last_login'],
    ['last_login_before=2026-02-30', '`last_login_before` must be a day, `YYYY-MM-DD`, or an RFC 3339 instant'],
    ['last_login_after=monday', '`last_login_after` must be a day, `YYYY-MM-DD`, or an RFC 3339 instant'],
    ['limit=0', '`limit` must be a whole number from 1 to 1000'],
    ['limit=1001', '`limit` must be a whole number from 1 to 1000'],
    ['limit=many', '`limit` must be a whole number from 1 to 1000'],
    ['cursor=x', '`cursor` must be the `next` of a page with the same `sort`'],
    ['cursor=bnVsbA', '`cursor` must be the `next` of a page with the same `sort`'],
    [
      `sort=role&cursor=${memberCursor('email', { by: '', user: 'a' })}`,
      '`cursor` must be the `next` of a page with the same `sort`',
    ],
  ])('%s is refused in one line', (text, message) => {
    expect(refusal(text)).toBe(message)
  })
})
