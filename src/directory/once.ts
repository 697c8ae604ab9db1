import { PosternError } from '../pdp/errors.ts'
import { type Journal, journalOf } from './journal.ts'
import type { Outcome, Session } from './store.ts'

/** A request that is carried out once: sent again within a day, it is answered with what it did the first time. */
export interface Once {
  /** Names the request among those of its tenant. */
  readonly key: string
  /** Of all that it asks for. */
  readonly digest: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What was kept of the request's first answer; undefined where it is new. Rejects with `idempotency_conflict`. */
export async function answeredBefore(journal: Journal, once: Once | undefined): Promise<string | undefined> {
  const known = once && (await journal.answered(once.key, once.at))
  if (known !== undefined && known.digest !== once?.digest) throw new PosternError('idempotency_conflict')
  return known?.body
}

/** The outcome of `work`, or of what it came to before; `work` comes to something that JSON can hold. */
export async function carriedOutOnce<T>(
  session: Session,
  tenant: string,
  once: Once | undefined,
  work: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const journal = journalOf(session, tenant)
  const known = await answeredBefore(journal, once)
  if (known !== undefined) return { value: JSON.parse(known), commit: false }
  const outcome = await work()
  if (once !== undefined && outcome.commit)
    await journal.keepAnswer(once.key, { digest: once.digest, body: JSON.stringify(outcome.value) }, once.at)
  return outcome
}
