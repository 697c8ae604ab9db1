import type { ActivePdp } from './decide.ts'
import type { Snapshot, SnapshotPdp } from './decision.ts'
import { PosternError } from './errors.ts'
import type { Explanation } from './explain.ts'
import { NotLoaded } from './facts.ts'
import { type Freshness, freshnessOf } from './freshness.ts'
import type { DecisionRequest } from './request.ts'

/** A decision point that waits for facts which are not at hand, and for those that are as fresh as a request asks. */
export interface AwaitedPdp extends SnapshotPdp {
  explain(request: DecisionRequest): Promise<Explanation>
}

export function awaitFacts(pdp: ActivePdp, freshness: Freshness): AwaitedPdp {
  /** What is at hand is answered at once. */
  const whenFresh = <T>(request: Pick<DecisionRequest, 'context'>, work: () => T): T | Promise<T> => {
    const wanted = freshnessOf(request)
    return wanted === undefined ? whenLoaded(work) : freshness.reach(wanted).then(() => whenLoaded(work))
  }
  return {
    decide: (request) => whenFresh(request, () => pdp.decide(request)),
    explain: async (request) => whenFresh(request, () => pdp.explain(request)),
    snapshot(): Snapshot {
      const held = pdp.snapshot()
      return {
        decide: (request) => whenFresh(request, () => held.decide(request)),
        open: (request) =>
          whenFresh(request, () => {
            const opened = held.open(request)
            return { ...opened, candidates: (...which) => whenLoaded(() => opened.candidates(...which)) }
          }),
      }
    },
  }
}

/** So many facts one after the other are waited for: a tenant that changes all the time must not hold a caller up for ever. */
const mostLoads = 200

/** Does the work, and does it over after each wait for a fact that it lacked; it must change nothing before it ends. */
export function whenLoaded<T>(work: () => T | Promise<T>): T | Promise<T> {
  try {
    const done = work()
    return done instanceof Promise ? done.catch((error: unknown) => afterLoading(work, error)) : done
  } catch (error) {
    return afterLoading(work, error)
  }
}

async function afterLoading<T>(work: () => T | Promise<T>, first: unknown): Promise<T> {
  let missing = first
  for (let load = 0; load < mostLoads; load++) {
    if (!(missing instanceof NotLoaded)) throw missing
    await missing.loaded
    try {
      return await work()
    } catch (error) {
      missing = error
    }
  }
  throw new PosternError('directory_unavailable', undefined, { cause: missing })
}
