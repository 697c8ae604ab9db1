import { describe, expect, it } from 'vitest'
import { freshnessOf, unchanging } from '../../src/pdp/freshness.ts'

describe('how fresh facts are to be', () => {
  it.each([
    [undefined, undefined],
    [{}, undefined],
    [{ tenant: 'acme' }, undefined],
    [{ at_least: 'v1.e.7' }, { atLeast: 'v1.e.7', full: false }],
    [{ at_least: '' }, { atLeast: '', full: false }],
    [{ consistency: 'full' }, { full: true }],
    [
      { at_least: 'v1.e.7', consistency: 'full' },
      { atLeast: 'v1.e.7', full: true },
    ],
  ])('with the context %j is %j', (context, wanted) => {
    expect(freshnessOf(context === undefined ? {} : { context })).toEqual(wanted)
  })

  it.each([
    [{ at_least: 7 }, '/context/at_least'],
    [{ at_least: null }, '/context/at_least'],
    [{ at_least: ['v1.e.7'], consistency: 'full' }, '/context/at_least'],
    [{ consistency: 'FULL' }, '/context/consistency'],
    [{ consistency: '' }, '/context/consistency'],
    [{ consistency: null }, '/context/consistency'],
    [{ at_least: 'v1.e.7', consistency: true }, '/context/consistency'],
  ])('cannot be %j', (context, pointer) => {
    expect(() => freshnessOf({ context })).toThrow(
      expect.objectContaining({ code: 'malformed_request', status: 400, pointer }),
    )
  })
})

it('documents are as fresh as can be, and of no revision that anybody was given', async () => {
  await unchanging.reach({ full: true })
  await expect(unchanging.reach({ atLeast: '1', full: false })).rejects.toMatchObject({
    code: 'revision_not_reached',
    status: 503,
  })
})
