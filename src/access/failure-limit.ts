import { LRUCache } from 'lru-cache'

/** Addresses that are counted. Whoever has more of them pushes out only others who failed. */
const mostAddresses = 10_000

const windowMs = 60_000

export interface FailureLimitOptions {
  /** Failed attempts that an address has in a minute. */
  readonly attempts: number
  /** Told of each failure; `first` of those that are too many in a minute. */
  readonly report: (failure: { readonly throttled: boolean; readonly first: boolean; readonly address: string }) => void
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
}

/**
 * Counts an attempt with a credential that is not good, from an address, undefined where the caller has none. Answers
 * with the seconds that the address is to wait once it had too many, else undefined.
 *
 * Only for attempts that have failed: a gateway that shares its address with somebody who guesses is never kept out.
 * The secrets are too long to be guessed; what is limited is the noise.
 */
export type FailureLimit = (address: string | undefined) => number | undefined

export function createFailureLimit({
  attempts,
  report,
  now = () => performance.now(),
}: FailureLimitOptions): FailureLimit {
  const failed = new LRUCache<string, { readonly until: number; count: number }>({ max: mostAddresses })
  return (sentFrom) => {
    const address = networkOf(sentFrom ?? 'unix')
    const at = now()
    const known = failed.get(address)
    const minute = known !== undefined && at < known.until ? known : { until: at + windowMs, count: 0 }
    if (minute !== known) failed.set(address, minute)
    minute.count += 1
    const throttled = minute.count > attempts
    report({ throttled, first: minute.count === attempts + 1, address })
    return throttled ? Math.ceil((minute.until - at) / 1_000) : undefined
  }
}

/** An IPv4 address as it is, of an IPv6 address the 64 bits that one caller has the rest of. */
function networkOf(address: string): string {
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1)
  if (!address.includes(':')) return address
  const [left = '', right = ''] = address.split('::')
  const groups = left === '' ? [] : left.split(':')
  const missing = 8 - groups.length - (right === '' ? 0 : right.split(':').length)
  const all = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...right.split(':')]
  return `${all.slice(0, 4).join(':')}::/64`
}
