import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { openDirectory } from '../../src/directory/directory.ts'
import { project } from '../support/policy.ts'
import { directoryFile, emptyDatabase } from '../support/stored-tenants.ts'
import { mailServer } from './mail-server.ts'
import { emptyTenants, send, until } from './outbox-fixture.ts'

// The compiled program; `npm test` compiles first.
const main = join(project.root, 'dist/src/main.js')
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const tenants = 4

/** A receiver of webhooks; `answer` is what it does with each. */
async function receiver() {
  const ids: string[] = []
  const made = { ids, url: '', answer: (response: ServerResponse): unknown => response.writeHead(500).end() }
  const server = createServer((incoming, outgoing) => {
    incoming.resume().on('end', () => {
      ids.push(String(incoming.headers['webhook-id']))
      made.answer(outgoing)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  made.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return made
}

/** Starts `postern serve` on the directory; what it prints, and the address of its management API. */
async function start(file: string, url: string, more: Readonly<Record<string, string>> = {}) {
  const child: ChildProcess = spawn(
    process.execPath,
    [main, 'serve', '--project', project.root, '--bundle', project.bundle],
    {
      env: {
        PATH: process.env.PATH ?? '',
        POSTERN_LISTEN_DECISION: '127.0.0.1:0',
        POSTERN_LISTEN_MANAGEMENT: '127.0.0.1:0',
        POSTERN_DIRECTORY: file,
        POSTERN_OUTBOX_WEBHOOK_URL: url,
        POSTERN_OUTBOX_WEBHOOK_SECRET: secret,
        POSTERN_DRAIN_DELAY_MS: '0',
        ...more,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const shown = { text: '' }
  child.stderr?.on('data', (chunk: Buffer) => {
    shown.text += chunk
  })
  const addresses = () => [...shown.text.matchAll(/http:\/\/127\.0\.0\.1:\d+/g)].map(([address]) => address)
  await until(() => addresses().length === 2)
  const stop = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
  }
  return { management: addresses()[1] as string, shown, stop }
}

function act(management: string, tenant: string, headers: Record<string, string>, action: string, body: unknown) {
  return fetch(`${management}/v1/tenants/${tenant}/actions/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

it('a process killed between write and delivery, or before it noted one, loses nothing', {
  timeout: 120_000,
}, async () => {
  const file = directoryFile()
  const demo = parse(readFileSync(join(project.root, 'config/systems/filestack/demo.yaml'), 'utf8'))
  const settings = { ...demo.settings, promo: { granted: true } }
  const names = Array.from({ length: tenants }, (_, index) => `team-${index}`)
  const directory = await openDirectory(file)
  await directory.put(names.map((tenant) => ({ ...demo, tenant, plan: 'start', settings })))
  await directory.close()

  // Nobody takes anything yet.
  const hook = await receiver()
  const first = await start(file, hook.url)
  const secrets: string[] = []
  for (const tenant of names) {
    const billing = { 'x-postern-actor-service': 'billing' }
    const credited = await act(first.management, tenant, billing, 'promo_credit:apply', { context: { month: 1 } })
    expect(await credited.json()).toMatchObject({ decision: true })
    const invite = { email: 'new@example.com', role: 'billing' }
    const owner = { 'x-postern-actor': 'owner' }
    const invited = await act(first.management, tenant, owner, 'member:invite', { resource: invite })
    const { done } = (await invited.json()) as { done: { invitations: { invitation: string }[] } }
    secrets.push(done.invitations[0]?.invitation as string)
  }
  await first.stop('SIGKILL')

  const kept = await openDirectory(file)
  const webhooks = (await kept.outbox.list(false, 100, 0)).filter(({ channel }) => channel === 'webhook')
  const expected = webhooks.map(({ id }) => id).sort()
  // The server looks at the calendar as well.
  expect(await kept.months.begun()).toBe(true)
  await kept.close()
  expect(webhooks.map(({ tenant }) => tenant).sort()).toEqual(names)

  // It takes everything, and the process is killed before it hears of it.
  hook.ids.length = 0
  hook.answer = () => {}
  const second = await start(file, hook.url)
  await until(() => hook.ids.length === tenants)
  await second.stop('SIGKILL')
  expect([...hook.ids].sort()).toEqual(expected)

  hook.answer = (response) => response.writeHead(200).end()
  const third = await start(file, hook.url)
  await until(() => hook.ids.length === 2 * tenants)
  // Each twice, under the same id.
  expect([...hook.ids].sort()).toEqual([...expected, ...expected].sort())

  // No mail server is configured: the invitations wait, and nothing that is shown tells their secrets.
  let listed = ''
  await until(async () => {
    listed = await (await fetch(`${third.management}/v1/outbox`)).text()
    return !listed.includes('"webhook"')
  })
  await third.stop('SIGTERM')
  const { messages } = JSON.parse(listed) as { messages: { channel: string }[] }
  expect(messages.map(({ channel }) => channel)).toEqual(names.map(() => 'mail'))

  // Once there is one they go out, and the link in each is that of its invitation.
  const { url: mail, received } = await mailServer()
  const fourth = await start(file, hook.url, {
    POSTERN_OUTBOX_SMTP_URL: mail,
    POSTERN_OUTBOX_FROM: 'team@example.com',
    POSTERN_OUTBOX_LINK_BASE: 'https://console.example.com/join',
  })
  await until(async () => (await (await fetch(`${fourth.management}/v1/outbox`)).text()) === '{"messages":[]}')
  const [link, ...others] = received.map(({ body }) => /#tenant=(team-\d)&invitation=(\S+)/.exec(body))
  expect(others).toHaveLength(tenants - 1)
  expect(secrets[names.indexOf(link?.[1] as string)]).toBe(link?.[2])
  const accepting = { invitation: link?.[2], context: { email_verified: true } }
  const accepted = await act(
    fourth.management,
    link?.[1] as string,
    { 'x-postern-actor': 'newcomer' },
    'invitation:accept',
    accepting,
  )
  expect(await accepted.json()).toMatchObject({ decision: true })
  await fourth.stop('SIGTERM')

  const printed = [first, second, third, fourth].map(({ shown }) => shown.text).join('')
  for (const each of [...secrets, secret]) expect(listed + printed).not.toContain(each)
  expect(hook.ids).toHaveLength(2 * tenants)
})

it.skipIf(inject('postgres') === null)(
  'of two servers on one PostgreSQL one delivers, and the other goes on where it was killed',
  { timeout: 120_000 },
  async () => {
    const url = await emptyDatabase()
    const directory = await openDirectory(url)
    await directory.put(emptyTenants('a'))
    await send(directory, 'a', ['1', '2', '3'])
    const hook = await receiver()
    hook.answer = (response) => hook.ids.length === 1 && response.writeHead(200).end()
    const first = await start(url, hook.url)
    await until(() => hook.ids.length === 2)
    const second = await start(url, hook.url)
    // Longer than it takes the second one to look for what waits.
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    expect(hook.ids).toEqual(['1', '2'])
    await first.stop('SIGKILL')
    hook.answer = (response) => response.writeHead(200).end()
    await until(async () => (await directory.outbox.list(false, 1, 0)).length === 0, 60_000)
    await second.stop('SIGTERM')
    await directory.close()
    expect(hook.ids).toEqual(['1', '2', '2', '3'])
  },
)
