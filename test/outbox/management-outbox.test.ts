import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadPolicy } from '../../src/app/activate.ts'
import { createManagement } from '../../src/app/management.ts'
import { inlineFacts, tenantValidator } from '../../src/directory/tenant-schema.ts'
import { createConsole } from '../../src/http/console.ts'
import { createEventStreams } from '../../src/http/event-streams.ts'
import { createManagementApi } from '../../src/http/management-api.ts'
import { readDeliveries } from '../../src/outbox/read-deliveries.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import { builtBundle, memoLimits, project } from '../support/policy.ts'
import { backends, type DirectoryOf } from '../support/stored-tenants.ts'

const token = 'console-secret-of-thirty-two-letters'
const bundle = builtBundle()
const policy = loadPolicy(bundle, 64)
const deliveries = readDeliveries(project.root, new Set(bundle.manifest.index.obligations))
const now = () => new Date('2026-11-26T02:00:00.000Z')

/** The management of one system's demo tenant, changed by `change`, and its outbox. */
async function managedOn(directoryOf: DirectoryOf, system: string, change: (document: Demo) => void = () => {}) {
  const document = parse(readFileSync(join(project.root, `config/systems/${system}/demo.yaml`), 'utf8')) as Demo
  change(document)
  const directory = await directoryOf(document as never)
  const pdp = createPdp({
    tenants: directory.tenants,
    inline: inlineFacts(tenantValidator()),
    defaultTenant: document.tenant,
    memo: memoLimits,
    now,
  })
  pdp.activate(policy)
  const woken: string[] = []
  const deliverer = { wake: (tenant: string) => void woken.push(tenant) }
  const app = createManagementApi({
    management: createManagement({ directory, pdp, invitationMs: 3_600_000, deliveries, deliverer, now }),
    console: createConsole({ token, find: directory.tokens.find, failures: () => undefined }),
    tokens: directory.tokens,
    events: createEventStreams(directory.feed),
    metrics: { responded() {}, failedClosed() {}, decided() {}, render: () => '' },
    settings: { limits: { body_bytes: 65_536, depth: 32 } },
    log: { error() {} },
  })
  const ask = async (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) => {
    const made = await app.request(path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: made.status, body: (await made.json()) as Body }
  }
  const act = (by: string, action: string, resource: unknown, headers: Record<string, string> = {}) =>
    ask('POST', `/v1/tenants/${document.tenant}/actions/${action}`, { 'x-postern-actor': by, ...headers }, { resource })
  const waiting = () => directory.outbox.list(false, 100, 0)
  return { ask, act, directory, waiting, woken, tenant: document.tenant }
}

interface Body {
  readonly done: { readonly invitations: readonly { readonly invitation: string }[] }
  readonly error: { readonly code: string }
  readonly messages: readonly unknown[]
  readonly next?: string
}

interface Demo {
  readonly tenant: string
  readonly members: object[]
  plan?: string
}

const onStart = (document: Demo) => {
  document.plan = 'start'
}

describe.each(backends)('on $name', ({ directoryOf }) => {
  const managed = (system: string, change?: (document: Demo) => void) => managedOn(directoryOf, system, change)

  describe('an action', () => {
    it('puts what leaves the process into the outbox, in order, together with the change', async () => {
      const { act, waiting, directory, tenant, woken } = await managed('filestack', onStart)
      const invite = { email: ' new@example.com ', role: 'developer', api_keys: ['key-app'] }
      const invited = await act('owner', 'member:invite', invite)
      expect((await act('owner', 'member:remove', { user: 'dev' })).status).toBe(200)
      expect(
        (await waiting()).map(({ channel, type, recipient, body }) => [channel, type, recipient, JSON.parse(body)]),
      ).toEqual([
        ['mail', 'send_invitation_email', 'new@example.com', { to: 'new@example.com' }],
        // The record is gone; its address was there when the action began.
        ['mail', 'notify_user', 'dev@example.com', { user: 'dev', event: 'removed' }],
      ])
      const secret = invited.body.done.invitations[0]?.invitation
      expect(await directory.outbox.next(tenant, ['mail'], now().getTime())).toMatchObject({ secret })
      expect(woken).toEqual([tenant, tenant])
    })

    it('that is denied, fails or was carried out before puts nothing there', async () => {
      const { act, waiting, woken } = await managed('filestack', onStart)
      const invite = { email: 'new@example.com', role: 'developer', api_keys: ['key-app'] }
      expect((await act('dev', 'member:invite', invite)).status).toBe(403)
      expect((await act('owner', 'api_key:create', {})).status).toBe(400)
      expect([await waiting(), woken]).toEqual([[], []])
      for (const _ of [1, 2]) await act('owner', 'member:invite', invite, { 'idempotency-key': 'k1' })
      expect(await waiting()).toHaveLength(1)
    })

    it('that invites several sends each their own invitation', async () => {
      const { act, waiting, directory, tenant } = await managed('filerobot')
      const invites = ['a@example.com', 'b@example.com'].map((email) => ({
        email,
        level: 'viewer',
        scope: ['website'],
      }))
      const { body } = await act('alex', 'user:bulk_invite', { invites })
      const secrets = body.done.invitations.map(({ invitation }) => invitation)
      expect((await waiting()).map(({ recipient }) => recipient)).toEqual(['a@example.com', 'b@example.com'])
      expect((await directory.outbox.next(tenant, ['mail'], now().getTime()))?.secret).toBe(secrets[0])
    })

    it("sends an invitation to the address that the policy named, also where that is another one's user id", async () => {
      const { act, waiting } = await managed('filestack', (document) => {
        onStart(document)
        document.members.push(
          { user: 'p', email: 'gone', role: 'billing', status: 'pending' },
          { user: 'q', email: '', role: 'billing', status: 'pending' },
        )
      })
      for (const user of ['p', 'q']) expect((await act('owner', 'member:resend_invite', { user })).status).toBe(200)
      expect((await waiting()).map(({ recipient }) => recipient)).toEqual(['gone', ''])
    })

    it('that sends an invitation anew replaces the message that still waits with the earlier one', async () => {
      const { act, waiting, directory, tenant } = await managed('filestack', onStart)
      await act('owner', 'member:invite', { email: 'New@example.com', role: 'billing' })
      const again = await act('owner', 'member:resend_invite', { user: 'New@example.com' })
      expect(await waiting()).toHaveLength(2)
      const next = await directory.outbox.next(tenant, ['mail'], now().getTime())
      expect(next?.secret).toBe(again.body.done.invitations[0]?.invitation)
      expect((await waiting()).map(({ recipient }) => recipient)).toEqual(['New@example.com'])
    })
  })

  it("a report goes by mail to whom the policy names, with the sections that it names, as of the action's own state", async () => {
    const { ask, directory, tenant, waiting } = await managed('quantcdn')
    await directory.registerSession(tenant, { id: 's', user: 'sam', about: '', at: '2026-11-20T00:00:00.000Z' })
    const token = { scope: 'read', expires: null, created: 0 } as const
    await directory.tokens.create({ ...token, name: 'shop', tenant })
    const { status } = await ask(
      'POST',
      `/v1/tenants/${tenant}/actions/monthly_report:send`,
      { 'x-postern-actor-service': 'scheduler' },
      { resource: { user: 'alex' }, context: { date: '2026-11-01' } },
    )
    expect(status).toBe(200)
    const [{ body, ...message } = { body: '' }] = await waiting()
    expect(message).toMatchObject({ channel: 'mail', type: 'send_email', recipient: 'alex@example.com' })
    expect(JSON.parse(body)).toEqual({
      template: 'monthly_team_report',
      to: 'alex',
      include: ['members', 'roles', 'last_login', 'active_scoped_tokens'],
      month: '2026-10',
      report: [
        'Members: 6 active, 1 pending, 1 inactive',
        '',
        'Roles:',
        '  administrator       1 active',
        '  content_manager     1 active, 1 inactive',
        '  developer           1 active, 1 pending',
        '  organization_owner  2 active',
        '  read_only           1 active',
        '',
        'Last login of active members, the longest ago first:',
        '  never       alex@example.com   organization_owner',
        '  never       dana@example.com   developer',
        '  never       kim@example.com    read_only',
        '  never       noor@example.com   content_manager',
        '  never       robin@example.com  administrator',
        '  2026-11-20  sam@example.com    organization_owner',
        '',
        'Access tokens:',
        '  shop  read  until revoked',
      ],
    })
  })

  describe('the outbox of the management API', () => {
    it('lists what waits and what is dead, page by page and without secrets, and has it tried anew', async () => {
      const { act, ask, directory, waiting, woken, tenant } = await managed('filestack', onStart)
      for (const email of ['a@example.com', 'b@example.com'])
        await act('owner', 'member:invite', { email, role: 'billing' })
      const [first, second] = await waiting()
      const page = await ask('GET', '/v1/outbox?limit=1')
      expect(page.body).toEqual({
        messages: [
          {
            id: first?.id,
            tenant,
            channel: 'mail',
            type: 'send_invitation_email',
            recipient: 'a@example.com',
            parameters: { to: 'a@example.com' },
            attempts: 0,
            created_at: '2026-11-26T02:00:00.000Z',
            expires_at: '2026-11-26T03:00:00.000Z',
            due_at: '2026-11-26T02:00:00.000Z',
          },
        ],
        next: String(first?.seq),
      })
      const rest = await ask('GET', `/v1/outbox?after=${page.body.next}`)
      expect(rest.body).toMatchObject({ messages: [{ id: second?.id }] })
      expect(rest.body).not.toHaveProperty('next')

      await directory.outbox.failed(first?.id ?? '', 'the mail server answered 550', undefined)
      expect((await ask('GET', '/v1/outbox?state=dead')).body.messages).toMatchObject([
        { id: first?.id, attempts: 1, last_error: 'the mail server answered 550' },
      ])
      expect((await waiting()).map(({ id }) => id)).toEqual([second?.id])
      const retried = await ask('POST', `/v1/outbox/${first?.id}/retry`)
      expect(retried).toEqual({ status: 200, body: { id: first?.id, state: 'pending' } })
      expect((await waiting()).map(({ id, attempts }) => [id, attempts])).toEqual([
        [first?.id, 0],
        [second?.id, 0],
      ])
      expect(woken).toEqual([tenant, tenant, tenant])
    })

    it('is for the console alone, and says what is wrong with a question', async () => {
      const { ask } = await managed('filestack')
      const answerOf = async (method: string, path: string, headers = {}) => {
        const { status, body } = await ask(method, path, headers)
        return [status, body.error.code]
      }
      const wrong = { authorization: 'Bearer x' }
      expect(await answerOf('GET', '/v1/outbox', wrong)).toEqual([401, 'unauthenticated'])
      expect(await answerOf('POST', '/v1/outbox/x/retry', wrong)).toEqual([401, 'unauthenticated'])
      expect(await answerOf('POST', '/v1/outbox/x/retry')).toEqual([404, 'unknown_message'])
      expect(await answerOf('DELETE', '/v1/outbox')).toEqual([405, 'method_not_allowed'])
      for (const query of ['state=lost', 'limit=0', 'after=x', 'after=-1', 'after=1e3'])
        expect(await answerOf('GET', `/v1/outbox?${query}`), query).toEqual([400, 'malformed_request'])
    })
  })
})
