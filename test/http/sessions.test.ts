import { describe, expect, it, onTestFinished } from 'vitest'
import { type Listener, listen } from '../../src/http/listener.ts'
import { at, consoleOf, token } from '../support/console.ts'
import { backends, type DirectoryOf } from '../support/stored-tenants.ts'
import { quickHttp } from './fixture.ts'

const tenant = 'acme-filestack'
const path = `/v1/tenants/${tenant}`

interface Event {
  readonly event: string | undefined
  readonly id: string | undefined
  readonly data: unknown
}

/** The blocks of a stream, one by one. */
function eventsOf(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader()
  onTestFinished(() => reader.cancel())
  let text = ''
  const next = async (): Promise<Event | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end !== -1) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        const data = field('data')
        return { event: field('event'), id: field('id'), data: data === undefined ? undefined : JSON.parse(data) }
      }
      const { value, done } = await reader.read()
      if (done) return undefined
      text += Buffer.from(value).toString()
    }
  }
  return next
}

async function consoleOn(directoryOf: DirectoryOf, heartbeatMs?: number) {
  const made = await consoleOf(directoryOf, 'filestack', { heartbeatMs })
  const register = (session: unknown) => made.ask('POST', `${path}/sessions`, {}, session)
  const sessionsOf = async (user: string) =>
    ((await made.ask('GET', `${path}/members/${user}/sessions`, {})).body as { sessions?: { id: string }[] }).sessions
  const stream = async (query = `?tenant=${tenant}`, lastId?: string) => {
    const response = await made.app.request(`/v1/events${query}`, {
      headers: { authorization: `Bearer ${token}`, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
    })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    return eventsOf(response.body as ReadableStream<Uint8Array>)
  }
  return { ...made, register, sessionsOf, stream }
}

describe.each(backends)('on $name', ({ directoryOf }) => {
  const filestack = (heartbeatMs?: number) => consoleOn(directoryOf, heartbeatMs)

  describe('sessions', () => {
    it('are registered for active members, listed, and ended one by one', async () => {
      const { ask, register, sessionsOf, stream } = await filestack()
      const next = await stream()
      await next()
      expect((await register({ id: 's1', user: 'dev', about: 'Firefox' })).body).toEqual({
        id: 's1',
        user: 'dev',
        about: 'Firefox',
      })
      await register({ id: 's1', user: 'dev', about: 'Firefox 2' })
      await register({ id: 's2', user: 'dev' })
      const now = at.now.toISOString()
      expect(await sessionsOf('dev')).toEqual([
        { id: 's1', user: 'dev', about: 'Firefox 2', at: now },
        { id: 's2', user: 'dev', about: '', at: now },
      ])
      const { status, body } = await ask('DELETE', `${path}/sessions/s1`, {})
      expect(status).toBe(200)
      expect((await sessionsOf('dev'))?.map(({ id }) => id)).toEqual(['s2'])
      expect(await next()).toEqual({
        event: 'change',
        id: body.revision,
        data: { revision: body.revision, tenant, kind: 'session:end', ended: [{ user: 'dev', sessions: ['s1'] }] },
      })
      expect((await ask('DELETE', `${path}/sessions/s1`, {})).body.error.code).toBe('unknown_session')
    })

    it('that ended do not begin anew by a request that is sent again under its key, nor end twice', async () => {
      const { ask, sessionsOf } = await filestack()
      const session = { id: 's1', user: 'dev', about: '' }
      const register = (key: string) => ask('POST', `${path}/sessions`, { 'idempotency-key': key }, session)
      const end = () => ask('DELETE', `${path}/sessions/s1`, { 'idempotency-key': 'k2' })
      expect((await register('k1')).body).toEqual(session)
      const ended = await end()
      expect((await register('k1')).body).toEqual(session)
      expect(await sessionsOf('dev')).toEqual([])
      expect((await register('k3')).status).toBe(200)
      expect((await end()).body).toEqual(ended.body)
      expect(await sessionsOf('dev')).toHaveLength(1)
    })

    it('beyond a hundred of one member end the oldest', async () => {
      const { register, sessionsOf, stream } = await filestack()
      const next = await stream()
      await next()
      for (let n = 100; n < 201; n++) await register({ id: `s${n}`, user: 'dev' })
      expect((await sessionsOf('dev'))?.length).toBe(100)
      expect(await next()).toMatchObject({
        data: { kind: 'session:end', ended: [{ user: 'dev', sessions: ['s100'] }] },
      })
    })

    it.each([
      ['of somebody who is no member', { id: 's', user: 'nobody' }, 404, 'unknown_member', undefined],
      ['of another user under the same id', { id: 'taken', user: 'owner' }, 409, 'session_exists', undefined],
      ['without a user', { id: 's' }, 400, 'malformed_request', '/user'],
      ['without an id', { id: '', user: 'dev' }, 400, 'malformed_request', '/id'],
      ['that is about a number', { id: 's', user: 'dev', about: 7 }, 400, 'malformed_request', '/about'],
      ['with another member', { id: 's', user: 'dev', device: 'x' }, 400, 'malformed_request', ''],
    ])('%s are refused', async (_title, session, expected, code, pointer) => {
      const { register, sessionsOf } = await filestack()
      await register({ id: 'taken', user: 'dev' })
      const { status, body } = await register(session)
      expect([status, body.error.code, body.error.pointer]).toEqual([expected, code, pointer])
      expect((await sessionsOf('dev'))?.length).toBe(1)
    })

    it('need a tenant, and a console that proves itself', async () => {
      const { ask } = await filestack()
      const wrong = { authorization: 'Bearer x' }
      const codeOf = async (...call: Parameters<typeof ask>) => (await ask(...call)).body.error.code
      expect(await codeOf('POST', '/v1/tenants/none/sessions', {}, { id: 's', user: 'dev' })).toBe('unknown_tenant')
      expect(await codeOf('GET', '/v1/tenants/none/members/dev/sessions', {})).toBe('unknown_tenant')
      expect(await codeOf('GET', '/v1/events?tenant=none', {})).toBe('unknown_tenant')
      expect(await codeOf('GET', '/v1/events?tennant=none', {})).toBe('malformed_request')
      expect(await codeOf('GET', '/v1/events', wrong)).toBe('unauthenticated')
      expect(await codeOf('DELETE', `${path}/sessions/s`, wrong)).toBe('unauthenticated')
      expect(await codeOf('POST', `${path}/sessions`, wrong, { id: 's', user: 'dev' })).toBe('unauthenticated')
      expect(await codeOf('GET', `${path}/members/dev/sessions`, wrong)).toBe('unauthenticated')
    })
  })

  describe('a revocation', () => {
    it('denies at once, ends the sessions in the same write, and is told within the second, without a gap', async () => {
      const { act, may, register, sessionsOf, stream } = await filestack()
      await register({ id: 's1', user: 'dev' })
      await register({ id: 's2', user: 'dev' })
      await register({ id: 's3', user: 'owner' })
      const next = await stream()
      const begun = (await next())?.id as string

      const started = performance.now()
      const { status, body } = await act('owner', 'member:revoke', { resource: { user: 'dev' } })
      expect([status, (await may('dev', 'api_key:use', { api_key: 'key-app' })).reason]).toEqual([
        200,
        'member_inactive',
      ])
      expect([await sessionsOf('dev'), (await sessionsOf('owner'))?.length]).toEqual([[], 1])
      const revoked = {
        event: 'change',
        id: body.revision,
        data: {
          revision: body.revision,
          tenant,
          kind: 'member:revoke',
          ended: [{ user: 'dev', sessions: ['s1', 's2'] }],
        },
      }
      expect(await next()).toEqual(revoked)
      expect(performance.now() - started).toBeLessThan(1_000)
      expect((await register({ id: 's4', user: 'dev' })).body.error.code).toBe('unknown_member')

      // Whoever was cut off goes on behind the last id, also behind one that came with no event.
      const changed = await act('owner', 'plan:change', { resource: { plan: 'start' } })
      const missed = { event: 'change', id: changed.body.revision }
      const again = await stream(undefined, begun)
      expect(await again()).toEqual({ event: undefined, id: undefined, data: undefined })
      expect(await again()).toEqual(revoked)
      expect(await again()).toMatchObject(missed)
      const later = await stream(undefined, body.revision)
      await later()
      expect(await later()).toMatchObject(missed)
    })

    it('that is refused ends nothing and is not told', async () => {
      const { act, register, sessionsOf, directory } = await filestack()
      await register({ id: 's3', user: 'owner' })
      const before = await directory.feed.head()
      expect((await act('dev', 'member:revoke', { resource: { user: 'owner' } })).status).toBe(403)
      expect([(await sessionsOf('owner'))?.length, await directory.feed.head()]).toEqual([1, before])
    })
  })

  describe('the stream of events', () => {
    it('is of one tenant or of all', async () => {
      const { ask, stream } = await filestack()
      const [one, all] = [await stream(), await stream('')]
      await Promise.all([one(), all()])
      await ask('PUT', '/v1/tenants/b', {}, { tenant: 'b', system: 'filestack' })
      await ask('PUT', path, {}, { tenant, system: 'filestack' })
      expect(await all()).toMatchObject({ data: { tenant: 'b', kind: 'put', ended: [] } })
      expect(await all()).toMatchObject({ data: { tenant, kind: 'put' } })
      expect(await one()).toMatchObject({ data: { tenant, kind: 'put' } })
    })

    it.each(['v1.00000000-0000-0000-0000-000000000000.1', 'yesterday', 'future', '01'])(
      'begins anew with a reset after an id that is not known: %s',
      async (lastId) => {
        const { directory, stream } = await filestack()
        const { position, revision } = await directory.feed.head()
        const unknown = revision.replace(/\d+$/, lastId === 'future' ? String(position + 1) : '01')
        const next = await stream('', lastId.length < 7 ? unknown : lastId)
        expect(await next()).toEqual({ event: 'reset', id: revision, data: { revision } })
      },
    )

    it('misses nothing where more was changed than it takes at once', async () => {
      const { directory, stream } = await filestack()
      const begun = await directory.feed.head()
      const put = { tenant, system: 'filestack' }
      await directory.put(Array.from({ length: 150 }, (_, n) => ({ ...put, tenant: n === 149 ? tenant : `t${n}` })))
      const next = await stream('', begun.revision)
      await next()
      const told: unknown[] = []
      for (let n = 0; n < 150; n++) told.push((await next())?.data)
      expect(told).toMatchObject([...Array.from({ length: 149 }, (_, n) => ({ tenant: `t${n}` })), { tenant }])
    })

    it('says from time to time where it is, also by the changes of others', async () => {
      const { ask, directory, stream } = await filestack(20)
      const next = await stream()
      await next()
      await ask('PUT', '/v1/tenants/b', {}, { tenant: 'b', system: 'filestack' })
      await directory.freshness.reach({ full: true })
      const { revision } = await directory.feed.head()
      let said: Event | undefined
      // It may have been said before where it was by then.
      do {
        said = await next()
        expect([said?.event, said?.data]).toEqual([undefined, undefined])
      } while (said?.id !== revision)
    })

    it('ends when the listener is to close, and leaves no connection behind', async () => {
      const { app, events } = await filestack()
      const listener: Listener = await listen(app, '127.0.0.1:0', quickHttp)
      const response = await fetch(`${listener.address}/v1/events`, { headers: { authorization: `Bearer ${token}` } })
      const next = eventsOf(response.body as ReadableStream<Uint8Array>)
      expect((await next())?.event).toBeUndefined()
      listener.announceClose()
      events.close()
      listener.stop()
      await listener.closed
      expect([await next(), listener.connections()]).toEqual([undefined, 0])
    })
  })
})
