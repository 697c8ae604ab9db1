import { describe, expect, it } from 'vitest'
import { at, consoleOf } from '../support/console.ts'
import { backends, type DirectoryOf } from '../support/stored-tenants.ts'

const tenant = 'acme-filestack'
const path = `/v1/tenants/${tenant}`

async function filestack(directoryOf: DirectoryOf) {
  const made = await consoleOf(directoryOf, 'filestack')
  const { status, body } = await made.act('owner', 'plan:change', { resource: { plan: 'start' } })
  expect(status).toBe(200)
  const page = async (query = '') => {
    const answer = await made.ask('GET', `${path}/activity${query}`, {})
    return answer.body as unknown as { activity: { action: string }[]; next: string | null }
  }
  return { ...made, page, changed: body.revision }
}

describe.each(backends)('the activity of a tenant on $name', ({ directoryOf }) => {
  it('has each action that was carried out, with who did what to whom, the newest first', async () => {
    const { act, page, changed, ask } = await filestack(directoryOf)
    const revoked = await act('owner', 'member:revoke', { resource: { user: 'dev' } })
    const now = at.now.toISOString()
    const owner = { type: 'user', id: 'owner' }
    const [revocation, change] = [
      { at: now, revision: revoked.body.revision, action: 'member:revoke', actor: owner, targets: ['dev'] },
      { at: now, revision: changed, action: 'plan:change', actor: owner, targets: [] },
    ]
    expect(await page()).toEqual({ activity: [revocation, change], next: null })
    expect(await page('?user=dev')).toEqual({ activity: [revocation], next: null })
    expect(await page('?user=owner')).toEqual({ activity: [revocation, change], next: null })
    expect(await page('?user=nobody')).toEqual({ activity: [], next: null })
    const first = await page('?user=owner&limit=1')
    expect(first.activity).toEqual([revocation])
    expect(await page(`?user=owner&limit=1&cursor=${first.next}`)).toEqual({ activity: [change], next: null })

    // What is told of a tenant outlives a document that takes its place.
    await ask('PUT', path, {}, { tenant, system: 'filestack' })
    expect((await page()).activity).toEqual([revocation, change])
  })

  it('has nothing of an action that was denied, failed or was repeated', async () => {
    const { act, page } = await filestack(directoryOf)
    expect((await act('dev', 'plan:change', { resource: { plan: 'free' } })).status).toBe(403)
    expect((await act('owner', 'api_key:create', {})).status).toBe(400)
    const key = { 'idempotency-key': 'k' }
    const create = { resource: { api_key: 'key-new' } }
    for (const replayed of [undefined, true])
      expect((await act('owner', 'api_key:create', create, key)).body.replayed).toBe(replayed)
    expect((await page()).activity.map(({ action }) => action)).toEqual(['api_key:create', 'plan:change'])
  })

  it('keeps a service apart from the user of its name', async () => {
    const { ask, page } = await filestack(directoryOf)
    const by = { 'x-postern-actor-service': 'support' }
    expect((await ask('POST', `${path}/actions/seat_limit:override`, by, { resource: { limit: 9 } })).status).toBe(200)
    expect([await page('?user=support'), (await page('?limit=1')).activity]).toMatchObject([
      { activity: [] },
      [{ actor: { type: 'service', id: 'support' } }],
    ])
  })

  it.each([
    ['?usr=a', 'malformed_request'],
    ['?user=', 'malformed_request'],
    ['?cursor=x', 'malformed_request'],
    ['?limit=0', 'malformed_request'],
  ])('is not listed with %s', async (query, code) => {
    const { ask } = await filestack(directoryOf)
    expect((await ask('GET', `${path}/activity${query}`, {})).body.error.code).toBe(code)
  })

  it('is of a tenant that there is, for a console that proves itself', async () => {
    const { ask } = await filestack(directoryOf)
    expect((await ask('GET', '/v1/tenants/none/activity', {})).body.error.code).toBe('unknown_tenant')
    expect((await ask('GET', `${path}/activity`, { authorization: 'Bearer x' })).body.error.code).toBe(
      'unauthenticated',
    )
  })
})
