import { describe, expect, it } from 'vitest'
import { PosternError } from '../../src/pdp/errors.ts'
import { apiOver, bodyOf } from '../http/fixture.ts'

const wellKnown = '/.well-known/authzen-configuration'

/** An API that callers know by an address, with one tenant, `acme`. */
const known = (public_url: string | null) =>
  apiOver(undefined, undefined, undefined, {
    public_url,
    snapshot: () => ({
      decide: () => {
        throw new Error('it was asked')
      },
      open({ context }) {
        if (context?.tenant !== 'acme') throw new PosternError('unknown_tenant')
        return { id: 'acme', candidates: () => [], actions: () => [] }
      },
    }),
  }).app

describe('the metadata of AuthZEN', () => {
  it.each([
    ['https://pdp.example.com', '', ''],
    ['https://pdp.example.com', '', '/t/acme'],
    ['https://pdp.example.com:8443/authz/eu', '/authz/eu', ''],
    ['https://pdp.example.com:8443/authz/eu', '/authz/eu', '/t/acme'],
  ])('of %s names the URL that a caller starts from, and what is offered below it', async (url, base, below) => {
    const answer = await known(url).request(`${wellKnown}${base}${below}`)
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'application/json',
      'public, max-age=3600',
    ])
    expect(await answer.json()).toEqual({
      policy_decision_point: `${url}${below}`,
      access_evaluation_endpoint: `${url}${below}/access/v1/evaluation`,
      access_evaluations_endpoint: `${url}${below}/access/v1/evaluations`,
      search_subject_endpoint: `${url}${below}/access/v1/search/subject`,
      search_resource_endpoint: `${url}${below}/access/v1/search/resource`,
      search_action_endpoint: `${url}${below}/access/v1/search/action`,
    })
  })

  it.each([
    [null, wellKnown, 'no_public_url'],
    [null, `${wellKnown}/t/acme`, 'no_public_url'],
    ['https://pdp.example.com', `${wellKnown}/t/nobody`, 'unknown_tenant'],
    // Another decision point's: the identifier in it would not be the URL that the caller started from.
    ['https://pdp.example.com/eu', wellKnown, 'not_found'],
  ])('is not there with the public URL %s at %s', async (url, path, code) => {
    const answer = await known(url).request(path)
    expect([answer.status, (await bodyOf(answer)).error.code]).toEqual([404, code])
  })

  it('is read, and nothing else', async () => {
    const app = known('https://pdp.example.com')
    const posted = await app.request(wellKnown, { method: 'POST' })
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await app.request(wellKnown, { method: 'HEAD' })).status).toBe(200)
  })
})
