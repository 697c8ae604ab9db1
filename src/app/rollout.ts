import { setTimeout as sleep } from 'node:timers/promises'
import type { Activation } from './activation.ts'
import type { Offer, PolicySource } from './policy-source.ts'

export interface RolloutParts {
  readonly source: PolicySource
  readonly activation: Pick<Activation, 'activate' | 'confirm' | 'refuse'>
  /** The tag of what is active when the rollout begins. */
  readonly tag: string
  readonly signal: AbortSignal
}

/**
 * Activates what a source comes to hold, until `signal` is aborted. What was refused once is not tried again before the
 * source holds something else.
 *
 * INVARIANT: whatever goes wrong on the way to a new policy, the old one stays.
 */
export async function rollOut({ source, activation, tag, signal }: RolloutParts): Promise<void> {
  let known = { tag, good: true }
  let failures = 0
  while (await waited(source.wait(failures), signal)) {
    let offer: Offer | undefined
    try {
      offer = await source.look(known.tag)
      failures = 0
    } catch (error) {
      failures += 1
      activation.refuse(error, source.name)
      continue
    }
    if (signal.aborted) return
    if (offer === undefined) {
      if (known.good) activation.confirm()
      continue
    }
    known = { tag: offer.tag, good: await activated(offer, source, activation) }
  }
}

async function activated(
  offer: Offer,
  source: PolicySource,
  activation: Pick<Activation, 'activate' | 'refuse'>,
): Promise<boolean> {
  try {
    activation.activate(await offer.bundle(), source.name)
    return true
  } catch (error) {
    activation.refuse(error, source.name)
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
