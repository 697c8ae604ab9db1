import type { Settings } from '../document/settings.ts'
import type { ServerLog } from '../log/server-log.ts'
import type { Bundle } from '../opa/bundle.ts'
import { createDeliverer, type Deliverer, type Queue } from '../outbox/deliverer.ts'
import { mailChannel } from '../outbox/mail-channel.ts'
import type { Channel } from '../outbox/message.ts'
import { type Deliveries, readDeliveries } from '../outbox/read-deliveries.ts'
import { webhookChannel } from '../outbox/webhook-channel.ts'
import type { BundleIndex } from './build.ts'

export interface OpenOutboxOptions {
  readonly queue: Queue
  readonly bundle: Bundle<BundleIndex>
  readonly settings: Settings
  readonly root: string
  readonly log: ServerLog
}

export interface OpenOutbox {
  readonly deliveries: Deliveries
  readonly deliverer: Deliverer
}

/** Begins to deliver what waits. Throws a `DocumentError` for what is wrong in the deliveries and their templates. */
export function openOutbox({ queue, bundle, settings: { outbox }, root, log }: OpenOutboxOptions): OpenOutbox {
  const deliveries = readDeliveries(root, new Set(bundle.manifest.index.obligations))
  const { smtp_url, from, link_base, webhook_url, webhook_secret, attempts } = outbox
  const channels: Record<string, Channel> = {}
  if (smtp_url !== null && from !== null && link_base !== null)
    channels.mail = mailChannel({ url: smtp_url, from, linkBase: link_base, deliveries })
  if (webhook_url !== null && webhook_secret !== null)
    channels.webhook = webhookChannel({ url: webhook_url, secret: webhook_secret })
  return { deliveries, deliverer: createDeliverer({ queue, channels, attempts, log }) }
}
