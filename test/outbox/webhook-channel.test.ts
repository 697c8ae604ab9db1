import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { packageRoot } from '../../src/document/package-root.ts'
import type { Message } from '../../src/outbox/message.ts'
import { webhookChannel } from '../../src/outbox/webhook-channel.ts'

const key = Buffer.from('a key of thirty-two bytes: 123456')
const secret = `whsec_${key.toString('base64')}`
const message: Message = {
  id: '5f0c',
  tenant: 'acme',
  channel: 'webhook',
  type: 'told',
  body: '{"amount_usd":10}',
  recipient: null,
  secret: null,
  expires: null,
  created: Date.UTC(2026, 10, 26),
  attempts: 0,
  due: 0,
}

/** A receiver that answers with the statuses in turn; undefined: not at all. */
async function receiver(...statuses: readonly (number | undefined)[]) {
  const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = []
  const server = createServer((incoming, outgoing) => {
    let body = ''
    incoming.on('data', (chunk: Buffer) => {
      body += chunk
    })
    incoming.on('end', () => {
      const status = statuses[received.length]
      received.push({ headers: incoming.headers, body })
      if (status !== undefined) outgoing.writeHead(status, { location: '/elsewhere' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

describe('a webhook', () => {
  it('is signed as Standard Webhooks has it', async () => {
    const { url, received } = await receiver(204)
    await webhookChannel({ url, secret, now: () => new Date(1_700_000_000_999) }).send(message)
    const [{ headers, body } = { headers: {}, body: '' }] = received
    expect(JSON.parse(body)).toEqual({
      type: 'told',
      timestamp: '2026-11-26T00:00:00.000Z',
      data: { tenant: 'acme', amount_usd: 10 },
    })
    const signature = createHmac('sha256', key).update(`5f0c.1700000000.${body}`).digest('base64')
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': '5f0c',
      'webhook-timestamp': '1700000000',
      'webhook-signature': `v1,${signature}`,
    })
  })

  it('has the body that the README shows', async () => {
    const readme = readFileSync(join(packageRoot(), 'README.md'), 'utf8')
    const shown = /<!-- webhook -->\n```json\n([\s\S]*?)\n```\n<!-- \/webhook -->/.exec(readme)?.[1]
    const { url, received } = await receiver(200)
    const created = Date.UTC(2026, 10, 26, 2)
    await webhookChannel({ url, secret }).send({ ...message, type: 'apply_credit', tenant: 'acme-filestack', created })
    expect(received[0]?.body).toBe(shown)
  })

  it('was not taken unless the answer is a 2xx of that very address', async () => {
    const statuses = [500, 503, 404, 302, 200]
    const { url, received } = await receiver(...statuses)
    const channel = webhookChannel({ url, secret })
    for (const status of statuses.slice(0, -1))
      await expect(channel.send(message)).rejects.toMatchObject({
        message: `the webhook answered ${status}`,
        final: false,
      })
    await channel.send(message)
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(statuses.map(() => '5f0c'))
  })

  it('is given up for this time where nobody answers', async () => {
    const { url } = await receiver(undefined)
    await expect(webhookChannel({ url, secret, timeoutMs: 50 }).send(message)).rejects.toMatchObject({
      message: 'the webhook did not answer in time',
      final: false,
    })
    await expect(webhookChannel({ url: 'http://127.0.0.1:1', secret }).send(message)).rejects.toMatchObject({
      message: expect.stringMatching(/^the webhook cannot be reached \(\w+\)$/),
      final: false,
    })
  })
})
