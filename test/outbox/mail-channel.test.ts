import { describe, expect, it } from 'vitest'
import { mailChannel } from '../../src/outbox/mail-channel.ts'
import type { Message } from '../../src/outbox/message.ts'
import { readDeliveries } from '../../src/outbox/read-deliveries.ts'
import { builtBundle, project } from '../support/policy.ts'
import { mailServer } from './mail-server.ts'

const deliveries = readDeliveries(project.root, new Set(builtBundle().manifest.index.obligations))
const channelTo = (url: string) =>
  mailChannel({ url, from: 'team@example.com', linkBase: 'https://console.example.com/join', deliveries })

const invitation: Message = {
  id: '5f0c',
  tenant: 'acme & co',
  channel: 'mail',
  type: 'send_invitation_email',
  body: '{"to":"new@example.com"}',
  recipient: 'new@example.com',
  secret: 'the-secret',
  expires: Date.UTC(2026, 11, 3),
  created: Date.UTC(2026, 10, 26),
  attempts: 0,
  due: 0,
}

describe('an e-mail', () => {
  it('of an invitation brings its link, and carries the id of its message', async () => {
    const { url, received } = await mailServer()
    await channelTo(url).send(invitation)
    await channelTo(url).send(invitation)
    const [first, second] = received
    expect(first?.to).toEqual(['new@example.com'])
    expect(first?.headers).toMatchObject({
      From: 'team@example.com',
      To: 'new@example.com',
      Subject: 'You are invited to acme & co',
      'Message-ID': '<5f0c@example.com>',
      'Auto-Submitted': 'auto-generated',
    })
    const text = first?.body
    expect(text).toContain('https://console.example.com/join#tenant=acme%20%26%20co&invitation=the-secret')
    expect(text).toContain('2026-12-03T00:00:00.000Z')
    expect(second?.headers['Message-ID']).toBe(first?.headers['Message-ID'])
  })

  it('of a notice says in words what happened', async () => {
    const { url, received } = await mailServer()
    const body = '{"user":"dev","event":"access_revoked"}'
    await channelTo(url).send({ ...invitation, type: 'notify_user', body, secret: null, expires: null, tenant: 'acme' })
    expect(received[0]?.headers.Subject).toBe('Your access to acme')
    expect(received[0]?.body).toContain('In acme, your access was withdrawn.')
  })

  it('of a report has each of its lines, and no line more', async () => {
    const { url, received } = await mailServer()
    const body = JSON.stringify({
      month: '2026-11',
      report: ['Roles:', '  guest  1 active', '', 'a\r\nRoles: {month}'],
    })
    await channelTo(url).send({ ...invitation, type: 'send_email', body, secret: null, expires: null, tenant: 'acme' })
    expect(received[0]?.headers.Subject).toBe('Report of acme for 2026-11')
    expect(received[0]?.body.replaceAll('\r\n', '\n')).toContain(
      '\n\nRoles:\n  guest  1 active\n\na Roles: {month}\n\n',
    )
  })

  it('takes no header, paragraph or placeholder from a name', async () => {
    const { url, received } = await mailServer()
    const tenant = 'acme\r\nBcc: all@example.com\r\n\r\nDear customer {link}'
    await channelTo(url).send({ ...invitation, tenant })
    expect(received[0]?.to).toEqual(['new@example.com'])
    expect(Object.keys(received[0]?.headers ?? {})).not.toContain('Bcc')
    expect(received[0]?.headers.Subject).toBe('You are invited to acme Bcc: all@example.com Dear customer {link}')
    expect(received[0]?.body).not.toMatch(/^Bcc|^Dear/m)
  })

  it('goes to one address and to nothing that only looks like one', async () => {
    const { url, received } = await mailServer()
    for (const recipient of [
      null,
      'bill',
      'a@example.com, b@example.com',
      'a@example.com\r\nBcc: b@example.com',
      'a@example.com\nRCPT TO:<b@example.com>',
      'Bill <a@example.com>',
      '"a b"@example.com',
      'a@b@example.com',
      '@example.com',
      'a@',
      'a@example.com>',
    ])
      await expect(channelTo(url).send({ ...invitation, recipient }), String(recipient)).rejects.toMatchObject({
        message: 'the recipient has no e-mail address',
        final: true,
      })
    expect(received).toEqual([])
  })

  it('that the server refuses is tried again, and its words, which may quote the message, are not kept', async () => {
    for (const responseCode of [450, 550]) {
      const { url } = await mailServer({ responseCode })
      await expect(channelTo(url).send(invitation)).rejects.toMatchObject({
        message: `the mail server answered ${responseCode}`,
        final: false,
      })
    }
    await expect(channelTo('smtp://127.0.0.1:1').send(invitation)).rejects.toMatchObject({
      message: 'the mail server cannot be reached (ESOCKET)',
      final: false,
    })
  })

  it('is in clear to this machine alone', async () => {
    const { url, received } = await mailServer()
    // The same server under a name that does not say so.
    await expect(channelTo(url.replace('127.0.0.1', '127.1')).send(invitation)).rejects.toMatchObject({
      message: 'the mail server answered 500',
      final: false,
    })
    expect(received).toEqual([])
  })

  it('that lacks what its template wants is not sent', async () => {
    const { url, received } = await mailServer()
    await expect(channelTo(url).send({ ...invitation, secret: null })).rejects.toMatchObject({
      message: 'the template wants `{link}`, which this message does not have',
      final: true,
    })
    await expect(channelTo(url).send({ ...invitation, type: 'apply_credit' })).rejects.toMatchObject({ final: true })
    expect(received).toEqual([])
  })
})
