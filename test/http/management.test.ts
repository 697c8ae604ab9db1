import { describe, expect, it } from 'vitest'
import { at, type Body, consoleOf, token } from '../support/console.ts'
import { backends } from '../support/stored-tenants.ts'

describe.each(backends)('on $name', ({ directoryOf }) => {
  describe('the life of a member', () => {
    it('goes from an invitation to a seat, and ends at once', async () => {
      const { ask, act, may } = await consoleOf(directoryOf, 'filestack')
      const invite = { resource: { email: 'new@example.com', role: 'developer', api_keys: ['key-app'] } }
      const full = await act('owner', 'member:invite', invite)
      expect([full.status, full.body.context.reason, full.body.context.limit]).toEqual([
        409,
        'seat_limit_reached',
        { name: 'seats', limit: 3, used: 3, plan: 'free', next_plan: 'start' },
      ])
      expect((await act('dev', 'member:invite', invite)).status).toBe(403)
      expect((await act('owner', 'plan:change', { resource: { plan: 'start' } })).status).toBe(200)

      const invited = await act('owner', 'member:invite', invite)
      expect(invited.body).toMatchObject({ decision: true, done: { members: ['new@example.com'] } })
      const { invitation } = invited.body.done.invitations[0] as { invitation: string }

      const verified = { context: { email_verified: true } }
      for (const wrong of [undefined, 'x', invitation.toLowerCase()])
        expect((await act('newcomer', 'invitation:accept', { ...verified, invitation: wrong })).body.error.code).toBe(
          'invitation_needed',
        )
      expect((await act('dev', 'invitation:accept', { ...verified, invitation })).body.error.code).toBe('user_exists')
      expect((await may('newcomer', 'api_key:use', { api_key: 'key-app' })).reason).toBe('not_a_member')
      expect((await act('newcomer', 'invitation:accept', { ...verified, invitation })).status).toBe(200)
      expect((await may('newcomer', 'api_key:use', { api_key: 'key-app' })).decision).toBe(true)
      // An invitation is good once.
      expect((await act('other', 'invitation:accept', { ...verified, invitation })).body.error.code).toBe(
        'invitation_needed',
      )

      expect((await act('owner', 'member:revoke', { resource: { user: 'newcomer' } })).status).toBe(200)
      expect((await may('newcomer', 'api_key:use', { api_key: 'key-app' })).reason).toBe('member_inactive')
      const { body } = await ask('GET', '/v1/tenants/acme-filestack', {})
      expect((body as { members?: unknown[] }).members).toContainEqual({
        user: 'newcomer',
        email: 'new@example.com',
        role: 'developer',
        status: 'inactive',
        api_keys: ['key-app'],
        sessions_valid_after: at.now.toISOString(),
      })
    })

    it('knows no invitation that has run out, was revoked, or was sent anew', async () => {
      const { act } = await consoleOf(directoryOf, 'quantcdn')
      const invite = (email: string) =>
        act('alex', 'team_member:invite', { resource: { name: 'New', email, role: 'developer' } })
      const secretOf = ({ body }: { body: Body }) => body.done.invitations[0]?.invitation
      const accept = async (invitation: string | undefined) =>
        (await act('n', 'invitation:accept', { invitation, context: { registered: true } })).body.error?.code
      const [a, b] = [secretOf(await invite('a@example.com')), secretOf(await invite('b@example.com'))]
      await act('alex', 'invitation:revoke', { resource: { user: 'a@example.com' } })
      expect(await accept(a)).toBe('invitation_needed')
      const before = at.now
      at.now = new Date(before.getTime() + 3_600_001)
      expect(await accept(b)).toBe('invitation_needed')
      at.now = before
      expect(await accept(b)).toBeUndefined()
    })
  })

  describe('a management action', () => {
    it('that is sent again is carried out once, and another one under its key is refused', async () => {
      const { act, directory, tenant } = await consoleOf(directoryOf, 'filerobot')
      const key = { 'idempotency-key': 'k1' }
      const invite = { resource: { email: 'a@example.com', level: 'viewer', scope: ['website'] } }
      const first = await act('alex', 'user:invite', invite, key)
      const again = await act('alex', 'user:invite', invite, key)
      expect([first.status, again.status, again.body.replayed]).toEqual([200, 200, true])
      expect(again.body.revision).toBe(first.body.revision)
      // The secret was shown once.
      expect(again.body.done).toEqual({ ...first.body.done, invitations: [] })
      const { members } = (await directory.export(tenant))?.document ?? {}
      expect(members?.filter(({ user }) => user === 'a@example.com')).toHaveLength(1)
      const other = { resource: { ...invite.resource, email: 'b@example.com' } }
      expect((await act('alex', 'user:invite', other, key)).body.error.code).toBe('idempotency_conflict')
      // Without the key it is another request.
      expect((await act('alex', 'user:invite', invite)).body.context.reason).toBe('already_member')
      // And a key is one caller's own.
      expect((await act('sam', 'user:invite', other, key)).status).toBe(200)
    })

    it('that cannot be carried out whole changes nothing', async () => {
      const { act, directory, tenant } = await consoleOf(directoryOf, 'filestack')
      const before = await directory.export(tenant)
      const { status, body } = await act('owner', 'api_key:create', {})
      expect([status, body.error.code, body.error.pointer]).toEqual([400, 'missing_attribute', '/resource/api_key'])
      expect(await directory.export(tenant)).toEqual(before)
    })

    it('is decided on a revoked actor as on anybody: no', async () => {
      const { act } = await consoleOf(directoryOf, 'imagekit')
      await act('alex', 'user:create', { resource: { email: 'b@example.com', role: 'developer' } })
      await act('alex', 'user:update_role', { resource: { user: 'sam', role: 'account_administrator' } })
      expect((await act('sam', 'user:delete', { resource: { user: 'alex' } })).status).toBe(200)
      const late = await act('alex', 'user:delete', { resource: { user: 'sam' } })
      expect([late.status, late.body.context.reason]).toEqual([403, 'not_a_member'])
    })

    it('takes its actor from the console alone', async () => {
      const { ask, tenant } = await consoleOf(directoryOf, 'filestack')
      const path = `/v1/tenants/${tenant}/actions/member:list`
      const codeOf = async (headers: Record<string, string>) => {
        const { status, body } = await ask('POST', path, headers, {
          subject: { type: 'user', id: 'owner' },
          actor: 'owner',
        })
        return [status, body.error?.code]
      }
      expect(await codeOf({})).toEqual([401, 'unauthenticated'])
      expect(await codeOf({ 'x-postern-actor': 'owner', 'x-postern-actor-service': 'support' })).toEqual([
        401,
        'unauthenticated',
      ])
      expect(await codeOf({ 'x-postern-actor': 'owner', authorization: `Bearer ${token}x` })).toEqual([
        401,
        'unauthenticated',
      ])
      expect(await codeOf({ 'x-postern-actor': 'owner' })).toEqual([200, undefined])
      const override = await ask(
        'POST',
        `/v1/tenants/${tenant}/actions/seat_limit:override`,
        { 'x-postern-actor-service': 'support' },
        { resource: { limit: 9 } },
      )
      expect(override.status).toBe(200)
      const person = await ask(
        'POST',
        `/v1/tenants/${tenant}/actions/seat_limit:override`,
        { 'x-postern-actor': 'support' },
        { resource: { limit: 9 } },
      )
      expect(person.status).toBe(403)
    })
  })

  describe('a whole tenant', () => {
    it('goes in and comes out, listed page by page', async () => {
      const { ask } = await consoleOf(directoryOf, 'fivemanage')
      const document = {
        tenant: 'b',
        system: 'fivemanage',
        members: [{ user: 'o', role: 'owner', tattoo: 1 }],
        hobby: 1,
      }
      const put = await ask('PUT', '/v1/tenants/b', {}, document)
      expect(put.status).toBe(200)
      expect(
        (put.body as unknown as { warnings: { pointer: string }[] }).warnings.map(({ pointer }) => pointer),
      ).toEqual(['/hobby', '/members/0/tattoo'])
      const got = await ask('GET', '/v1/tenants/b', {})
      expect(got.body).toMatchObject({ tenant: 'b', system: 'fivemanage', members: [{ user: 'o', role: 'owner' }] })
      expect(got.headers.get('x-postern-revision')).toBe(put.body.revision)
      const listed = async (query: string) => {
        const { body } = await ask('GET', `/v1/tenants${query}`, {})
        return (body as unknown as { tenants: { id: string }[] }).tenants.map(({ id }) => id)
      }
      expect([await listed(''), await listed('?limit=1'), await listed('?limit=1&after=acme-fivemanage')]).toEqual([
        ['acme-fivemanage', 'b'],
        ['acme-fivemanage'],
        ['b'],
      ])
    })

    it.each([
      ['of another id', { tenant: 'c', system: 'fivemanage' }, '/tenant'],
      ['of no system', { tenant: 'b', system: 'chess' }, '/system'],
      ['with a wrong type', { tenant: 'b', system: 'fivemanage', members: [{ user: 7 }] }, '/members/0/user'],
      [
        'with a second record',
        { tenant: 'b', system: 'fivemanage', members: [{ user: 'a' }, { user: 'a' }] },
        '/members/1/user',
      ],
      [
        'with a text that is cut short',
        { tenant: 'b', system: 'fivemanage', members: [{ user: 'a\0b' }] },
        '/members/0/user',
      ],
    ])('%s is refused with its place, and nothing is stored', async (_title, document, pointer) => {
      const { ask } = await consoleOf(directoryOf, 'fivemanage')
      const { status, body } = await ask('PUT', '/v1/tenants/b', {}, document)
      expect([status, body.error.pointer]).toEqual([400, pointer])
      expect((await ask('GET', '/v1/tenants/b', {})).status).toBe(404)
    })

    it('that is sent again under its key does not undo what was written since', async () => {
      const { ask, act, tenant } = await consoleOf(directoryOf, 'filerobot')
      const path = `/v1/tenants/${tenant}`
      const { body: document } = await ask('GET', path, {})
      const key = { 'idempotency-key': 'k1' }
      const first = await ask('PUT', path, key, document)
      const invite = { resource: { email: 'a@example.com', level: 'viewer', scope: ['website'] } }
      expect((await act('alex', 'user:invite', invite)).status).toBe(200)
      const since = await ask('GET', path, {})
      expect((await ask('PUT', path, key, document)).body).toEqual(first.body)
      expect((await ask('GET', path, {})).body).toEqual(since.body)
      const other = await ask('PUT', path, key, since.body)
      expect([other.status, other.body.error.code]).toEqual([409, 'idempotency_conflict'])
      // Without the key it is another request.
      expect((await ask('PUT', path, {}, document)).status).toBe(200)
      expect((await ask('GET', path, {})).body).not.toEqual(since.body)
    })
  })

  it('members are listed in pages, each with the cursor of the next', async () => {
    const { ask } = await consoleOf(directoryOf, 'filestack')
    const path = '/v1/tenants/acme-filestack/members'
    const page = async (query: string) => {
      const { status, body } = await ask('GET', `${path}?${query}`, {})
      const { members, next } = body as unknown as { members: { user: string }[]; next: string | null }
      return { status, users: members.map(({ user }) => user), next }
    }
    const whole = await page('')
    expect(whole).toEqual({ status: 200, users: [...whole.users].sort(), next: null })
    const first = await page('limit=1')
    const rest = await page(`cursor=${first.next}`)
    expect([...first.users, ...rest.users]).toEqual(whole.users)
    const codeOf = async (to: string) => (await ask('GET', to, {})).body.error.code
    expect(await codeOf(`${path}?serach=a`)).toBe('malformed_request')
    expect(await codeOf('/v1/tenants/none/members')).toBe('unknown_tenant')
    expect((await ask('GET', path, { authorization: 'Bearer x' })).body.error.code).toBe('unauthenticated')
  })

  it('other paths and methods are none of this API', async () => {
    const { ask } = await consoleOf(directoryOf, 'fivemanage')
    expect((await ask('DELETE', '/v1/tenants/acme-fivemanage', {})).body.error.code).toBe('method_not_allowed')
    expect((await ask('GET', '/v1/members', {})).body.error.code).toBe('not_found')
    expect((await ask('GET', '/v1/tenants?limit=0', {})).body.error.code).toBe('malformed_request')
  })
})
