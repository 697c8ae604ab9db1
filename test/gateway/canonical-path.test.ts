import { describe, expect, it } from 'vitest'
import { canonicalPath } from '../../src/gateway/canonical-path.ts'
import { queryValue } from '../../src/gateway/query-value.ts'
import { hostilePaths } from './hostile-paths.ts'

describe('the canonical path', () => {
  it('has more than three hundred hostile targets to refuse', () => {
    expect(hostilePaths.length).toBeGreaterThanOrEqual(300)
  })

  it.each(hostilePaths.map((target) => [target.slice(0, 60), target]))('refuses %j', (_, target) => {
    expect(canonicalPath(target)).toEqual({ fault: expect.stringMatching(/./) })
  })

  it.each([
    ['/', [''], ''],
    ['/v1/members', ['v1', 'members'], ''],
    ['/v1/members/', ['v1', 'members', ''], ''],
    ['/v1/%6dembers', ['v1', 'members'], ''],
    ['/a%20b/%C3%A9', ['a b', 'é'], ''],
    ['/100%25', ['100%'], ''],
    ['/...', ['...'], ''],
    ['/.a/b.', ['.a', 'b.'], ''],
    ['/a+b/c:d@e,f=g', ['a+b', 'c:d@e,f=g'], ''],
    ['/a?', ['a'], ''],
    ['/a?q=/../%2f//;%00', ['a'], 'q=/../%2f//;%00'],
    ['/a?b?c', ['a'], 'b?c'],
    [`/${'a'.repeat(8191)}`, ['a'.repeat(8191)], ''],
  ])('reads %j in one way', (target, segments, query) => {
    expect(canonicalPath(target)).toEqual({ segments, query })
  })
})

describe('a query parameter', () => {
  it.each([
    ['key=a', { value: 'a' }],
    ['x=1&key=a%20b', { value: 'a b' }],
    ['k%65y=a', { value: 'a' }],
    ['key', { value: '' }],
    ['key=a=b', { value: 'a=b' }],
    ['', undefined],
    ['Key=a', undefined],
    ['key[]=a', undefined],
    ['key=a&key=b', 'ambiguous'],
    ['key=a&k%65y=a', 'ambiguous'],
    ['key=a+b', 'ambiguous'],
    ['x=1;key=a', 'ambiguous'],
    ['key=%zz', 'ambiguous'],
    ['%zz=1&key=a', 'ambiguous'],
    ['key=%00', 'ambiguous'],
  ])('of %j is found or ambiguous', (query, found) => {
    expect(queryValue(query, 'key')).toEqual(found)
  })
})
