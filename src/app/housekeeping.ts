import type { Directory } from '../directory/directory.ts'
import type { OutboxCounts } from '../directory/stored-outbox.ts'
import type { ServerLog } from '../log/server-log.ts'
import { type Repeated, repeatedly } from './repeatedly.ts'

export interface HousekeepingParts {
  readonly directory: Pick<Directory, 'forgetActivity' | 'outbox'>
  /** For how long what was carried out is kept. */
  readonly activityDays: number
  readonly log: Pick<ServerLog, 'error'>
  readonly now?: () => Date
  /** Default an hour, and a quarter of a minute. */
  readonly forgetEveryMs?: number
  readonly countEveryMs?: number
}

export interface Housekeeping extends Repeated {
  /** What the outbox holds, as of a moment ago; undefined while that is not known. */
  outboxCounts(): OutboxCounts | undefined
}

const dayMs = 24 * 60 * 60 * 1_000

/** What a server does beside answering: it forgets what is too old to be listed, and counts what waits to leave it. */
export function startHousekeeping(parts: HousekeepingParts): Housekeeping {
  const { directory, activityDays, log, now = () => new Date() } = parts
  const { forgetEveryMs = 3_600_000, countEveryMs = 15_000 } = parts
  let counts: OutboxCounts | undefined
  const forget = async (stopping: () => boolean) => {
    const before = new Date(now().getTime() - activityDays * dayMs).toISOString()
    while (!stopping() && (await directory.forgetActivity(before))) {
      // A few at a time, so that no write waits for long.
    }
  }
  const count = async () => {
    counts = await directory.outbox.counts()
  }
  const works = [
    repeatedly(forgetEveryMs, forget, (error) => log.error('old activity cannot be forgotten', { error })),
    repeatedly(countEveryMs, count, (error) => {
      counts = undefined
      log.error('the messages of the outbox cannot be counted', { error })
    }),
  ]
  return {
    outboxCounts: () => counts,
    async close() {
      await Promise.all(works.map((work) => work.close()))
    },
  }
}
