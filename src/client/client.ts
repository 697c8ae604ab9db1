/** A request as `POST /authorize` takes it. */
export interface AuthorizationRequest {
  readonly subject: {
    readonly type: string
    readonly id: string
    readonly properties?: Readonly<Record<string, unknown>>
  }
  readonly action: { readonly name: string; readonly properties?: Readonly<Record<string, unknown>> }
  readonly resource: {
    readonly type: string
    readonly id: string
    readonly properties?: Readonly<Record<string, unknown>>
  }
  readonly context?: Readonly<Record<string, unknown>>
  readonly tenant?: Readonly<Record<string, unknown>>
}

/** The policy's answer. An allow holds only together with its obligations. */
export interface Decided {
  readonly decision: boolean
  readonly reason: string
  readonly message: string
  readonly obligations: readonly { readonly type: string; readonly [parameter: string]: unknown }[]
  readonly decisionId: string
  readonly error?: undefined
}

/** There is no answer, which is as good as a deny; `error` says why. */
export interface Undecided {
  readonly decision: false
  readonly error: AuthorizationError
}

/** `code` is the sidecar's, or `timeout`, `unreachable` or `malformed_answer` where the sidecar said nothing of use. */
export class AuthorizationError extends Error {
  override readonly name = 'AuthorizationError'
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

export interface ClientOptions {
  /** Where the sidecar listens, such as `http://127.0.0.1:8181`. */
  readonly url: string
  /** An access token, where the sidecar asks for one. */
  readonly token?: string
  /** Milliseconds that one call may take, a second attempt included. Default 1000. */
  readonly timeoutMs?: number
  /** What becomes of a call without an answer: `deny` (default) returns an `Undecided`, `throw` rejects with its error. */
  readonly onError?: 'deny' | 'throw'
}

export interface Client {
  authorize(request: AuthorizationRequest): Promise<Decided | Undecided>
  /**
   * Asks all at once; answers in the same order, one for each. A request that the sidecar cannot decide is an
   * `Undecided` in its place; where the sidecar does not answer at all, all are, or `onError: 'throw'` rejects.
   */
  batch(requests: readonly Omit<AuthorizationRequest, 'tenant'>[]): Promise<readonly (Decided | Undecided)[]>
}

/**
 * A client of a sidecar. It fails closed: `decision` is true only where the sidecar answered 200 with a well-formed
 * allow. Connections are kept between calls. A request that JSON cannot carry rejects with a `TypeError`.
 *
 * To ask again is safe, for a decision changes nothing; so a refused or lost connection and a 503 get one more attempt.
 * A timeout gets none: the time that the caller gave is over, and a slow sidecar would be asked twice as much.
 *
 * @example
 * const { decision } = await createClient({ url: 'http://127.0.0.1:8181' }).authorize(request)
 */
export function createClient({ url, token, timeoutMs = 1000, onError = 'deny' }: ClientOptions): Client {
  const headers = {
    'Content-Type': 'application/json',
    'X-Postern-Context': 'full',
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  }
  /** What `read` makes of the answer; the error where there is none, unless errors are to be thrown. */
  const ask = async <T>(path: string, body: string, read: (answer: unknown) => T): Promise<T | AuthorizationError> => {
    const call = { endpoint: new URL(path, url), headers, body, signal: AbortSignal.timeout(timeoutMs), read }
    try {
      const first = await attempt(call)
      if (!(first instanceof AuthorizationError)) return first
      const second = await attempt(call)
      if (!(second instanceof AuthorizationError)) return second
      throw second
    } catch (thrown) {
      const error = thrown instanceof AuthorizationError ? thrown : timedOut(thrown, timeoutMs)
      if (onError === 'throw') throw error
      return error
    }
  }
  return {
    async authorize(request) {
      const answer = await ask('/authorize', JSON.stringify(request), decidedBy)
      return answer instanceof AuthorizationError ? undecided(answer) : answer
    },
    async batch(requests) {
      // To the sidecar no items mean one question at the top level.
      if (requests.length === 0) return Object.freeze([])
      const body = JSON.stringify({ evaluations: requests })
      const answer = await ask('/access/v1/evaluations', body, (given) => itemsBy(given, requests.length))
      return answer instanceof AuthorizationError ? Object.freeze(requests.map(() => undecided(answer))) : answer
    },
  }
}

interface Call<T> {
  readonly endpoint: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
  /** Throws an `AuthorizationError` for what is no answer. */
  read(answer: unknown): T
}

/** Throws what `fetch` does once the time is over. An error is returned where another attempt may do better, and thrown where none can. */
async function attempt<T>({ endpoint, headers, body, signal, read }: Call<T>): Promise<T | AuthorizationError> {
  let status: number
  let answer: unknown
  try {
    // A redirect would hand the question, and the say, to somebody else.
    const response = await fetch(endpoint, { method: 'POST', headers, body, signal, redirect: 'error' })
    status = response.status
    answer = parsed(await response.text())
  } catch (thrown) {
    if (signal.aborted) throw thrown
    return new AuthorizationError('unreachable', 'the sidecar cannot be reached', thrown)
  }
  if (status === 200) return read(answer)
  const error = refusedBy(answer, status)
  if (status === 503) return error
  throw error
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function decidedBy(answer: unknown): Decided {
  const { decision, context } = asObject(answer)
  const { reason, message, obligations, decision_id } = asObject(context)
  const wellFormed =
    typeof decision === 'boolean' &&
    [reason, message, decision_id].every((text) => typeof text === 'string') &&
    Array.isArray(obligations) &&
    obligations.every((obligation) => typeof asObject(obligation).type === 'string')
  if (!wellFormed) throw new AuthorizationError('malformed_answer', 'the answer is no decision')
  return Object.freeze({ decision, reason, message, obligations, decisionId: decision_id }) as Decided
}

/** One for each request, or it is not known which answer is whose. */
function itemsBy(answer: unknown, count: number): readonly (Decided | Undecided)[] {
  const { evaluations } = asObject(answer)
  if (!Array.isArray(evaluations) || evaluations.length !== count)
    throw new AuthorizationError('malformed_answer', `the answer is no list of ${count} decisions`)
  return Object.freeze(evaluations.map(itemBy))
}

function itemBy(item: unknown): Decided | Undecided {
  const { code, message } = asObject(asObject(asObject(item).context).error)
  if (typeof code === 'string') return undecided(new AuthorizationError(code, String(message)))
  try {
    return decidedBy(item)
  } catch (error) {
    return undecided(error as AuthorizationError)
  }
}

function undecided(error: AuthorizationError): Undecided {
  return Object.freeze({ decision: false, error })
}

function refusedBy(answer: unknown, status: number): AuthorizationError {
  const { code, message, detail } = asObject(asObject(answer).error)
  if (typeof code !== 'string') return new AuthorizationError('malformed_answer', `the sidecar answered ${status}`)
  return new AuthorizationError(code, String(detail ?? message))
}

function timedOut(thrown: unknown, timeoutMs: number): AuthorizationError {
  return new AuthorizationError('timeout', `no answer within ${timeoutMs} ms`, thrown)
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
