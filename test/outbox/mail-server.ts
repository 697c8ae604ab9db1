import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { onTestFinished } from 'vitest'

/** An e-mail that was taken; long lines of the body are whole again. */
export interface Received {
  readonly to: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A mail server on loopback; `refuse` is what it answers to the recipient. */
export async function mailServer(refuse?: { readonly responseCode: number }) {
  const received: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_, __, done) => done(refuse === undefined ? undefined : Object.assign(new Error('no such one'), refuse)),
    onData(stream, session, done) {
      let text = ''
      stream.on('data', (chunk: Buffer) => {
        text += chunk
      })
      stream.on('end', () => {
        const [head = '', body = ''] = text.split(/\r\n\r\n([\s\S]*)/)
        const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
        const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/).slice(0, 2)))
        const whole = body.replace(/=\r\n/g, '').replaceAll('=3D', '=')
        received.push({ to: session.envelope.rcptTo.map(({ address }) => address), headers, body: whole })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, received }
}
