import { createHmac } from 'node:crypto'
import { DeliveryError } from './delivery-error.ts'
import type { Channel } from './message.ts'

export interface WebhookChannelOptions {
  readonly url: string
  /** `whsec_` and the key in base64, as Standard Webhooks write it. */
  readonly secret: string
  readonly timeoutMs?: number
  readonly now?: () => Date
}

/** Webhooks as Standard Webhooks has them: the receiver checks the signature, the age, and the id for duplicates. */
export function webhookChannel({
  url,
  secret,
  timeoutMs = 10_000,
  now = () => new Date(),
}: WebhookChannelOptions): Channel {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return {
    async send({ id, tenant, type, body, created }) {
      const timestamp = Math.floor(now().getTime() / 1000)
      const data = { tenant, ...JSON.parse(body) }
      const payload = JSON.stringify({ type, timestamp: new Date(created).toISOString(), data })
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${payload}`).digest('base64')
      const response = await answerOf(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': `v1,${signature}`,
        },
        body: payload,
        // To the address that was configured and to no other.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      })
      if (!response.ok) throw new DeliveryError(`the webhook answered ${response.status}`, { final: false })
    },
  }
}

async function answerOf(url: string, options: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, options)
    await response.body?.cancel()
    return response
  } catch (error) {
    const { name, cause } = error as Error & { readonly cause?: { readonly code?: string } }
    const why = name === 'TimeoutError' ? 'did not answer in time' : `cannot be reached (${cause?.code ?? name})`
    throw new DeliveryError(`the webhook ${why}`, { final: false })
  }
}
