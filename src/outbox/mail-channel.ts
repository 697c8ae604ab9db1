import { createTransport } from 'nodemailer'
import { DeliveryError } from './delivery-error.ts'
import type { Channel, Message } from './message.ts'
import type { Deliveries } from './read-deliveries.ts'
import { fill, type Template } from './template.ts'

export interface MailChannelOptions {
  /** `smtp://` or `smtps://`, with credentials where the server wants them. */
  readonly url: string
  readonly from: string
  /** What an invitation's link begins with. */
  readonly linkBase: string
  readonly deliveries: Deliveries
  /** How long one step of the conversation with the server may take. Default 10 s. */
  readonly timeoutMs?: number
}

/** One address and nothing else: no name, list, comment or line of its own. */
const address = /^[^\s\p{Cc}@<>()[\]\\,;:"]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.-]{0,251}[\p{L}\p{N}])?$/u

/** E-mails, one connection each. In clear only to this machine: everywhere else TLS is required. */
export function mailChannel({ url, from, linkBase, deliveries, timeoutMs = 10_000 }: MailChannelOptions): Channel {
  const { protocol, hostname, port, username, password } = new URL(url)
  const secure = protocol === 'smtps:'
  const local = /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(hostname)
  const transport = createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    ...(local ? { ignoreTLS: true } : { requireTLS: true }),
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = from.slice(from.lastIndexOf('@') + 1)
  return {
    async send(message) {
      const { recipient } = message
      if (recipient === null || !address.test(recipient))
        throw new DeliveryError('the recipient has no e-mail address', { final: true })
      const { subject, body } = written(message, deliveries, linkBase)
      try {
        await transport.sendMail({
          from,
          to: { name: '', address: recipient },
          envelope: { from, to: [recipient] },
          subject,
          text: body,
          messageId: `<${message.id}@${domain}>`,
          date: new Date(message.created),
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
      } catch (error) {
        throw new DeliveryError(reasonOf(error), { final: false })
      }
    },
  }
}

function written(message: Message, deliveries: Deliveries, linkBase: string): Template {
  const { type, tenant, secret, expires } = message
  const delivery = deliveries.get(type)
  if (delivery?.channel !== 'mail')
    throw new DeliveryError(`config/deliveries.yaml no longer sends \`${type}\` by mail`, { final: true })
  const parameters = Object.entries(JSON.parse(message.body) as object).map(([name, value]) => {
    const said = delivery.words[name]
    return [name, said !== undefined && Object.hasOwn(said, String(value)) ? said[String(value)] : value] as const
  })
  const invited = secret === null ? {} : { link: linkOf(linkBase, tenant, secret) }
  const until = expires === null ? {} : { expires: new Date(expires).toISOString() }
  return fill(delivery.template, { ...Object.fromEntries(parameters), tenant, ...invited, ...until })
}

/** In the fragment, which browsers keep to themselves: the secret reaches no access log and no Referer. */
function linkOf(base: string, tenant: string, secret: string): string {
  return `${base}#tenant=${encodeURIComponent(tenant)}&invitation=${secret}`
}

function reasonOf(error: unknown): string {
  const { responseCode, code } = error as { readonly responseCode?: number; readonly code?: string }
  if (responseCode !== undefined) return `the mail server answered ${responseCode}`
  return `the mail server cannot be reached${code === undefined ? '' : ` (${code})`}`
}
