import { setTimeout as sleep } from 'node:timers/promises'
import type { Activation } from './activation.ts'
import type { Delivery, Offer, PolicySource } from './policy-source.ts'

export interface RolloutParts {
  readonly source: PolicySource
  readonly activation: Pick<Activation, 'activate' | 'confirm' | 'refuse'>
  /** Told of what was activated. Never rejects. */
  readonly keep: (delivery: Delivery) => Promise<void>
  /** The tag of what is active when the rollout begins. */
  readonly tag: string
  readonly signal: AbortSignal
  /** From one look to the next. Default one second. */
  readonly milliseconds?: number
}

/**
 * Activates what a source comes to hold, until `signal` is aborted. What was refused once is not tried again before the
 * source holds something else.
 *
 * INVARIANT: whatever goes wrong on the way to a new policy, the old one stays.
 */
export async function rollOut(parts: RolloutParts): Promise<void> {
  const { source, activation, signal, milliseconds = 1000 } = parts
  let known = { tag: parts.tag, good: true }
  while (await waited(milliseconds, signal)) {
    const offer = await source.look(known.tag).catch((error: unknown) => {
      activation.refuse(error, source.name)
      return 'not_due' as const
    })
    if (signal.aborted) return
    if (offer === 'unchanged' && known.good) activation.confirm()
    if (typeof offer === 'object') known = { tag: offer.tag, good: await activated(offer, parts) }
  }
}

async function activated(offer: Offer, { activation, keep }: RolloutParts): Promise<boolean> {
  try {
    const delivery = await offer.deliver()
    activation.activate(delivery.bundle, offer.from)
    await keep(delivery)
    return true
  } catch (error) {
    activation.refuse(error, offer.from)
    return false
  }
}

/** False where the wait was cut short. Waiting keeps no process alive. */
async function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, { signal, ref: false })
    return true
  } catch {
    return false
  }
}
