/**
 * The closed table of everything that is not a decision. `decision: false` only ever means that the policy said no;
 * whatever cannot be decided leaves as one of these codes. README and OpenAPI list the same rows (a test holds them
 * together), and none of them is ever cached.
 */
export const errorTable = {
  malformed_json: { status: 400, message: 'the body is not JSON', remedy: 'send one JSON object' },
  malformed_request: {
    status: 400,
    message: 'the request does not have the expected shape',
    remedy: 'mend the member that `pointer` names',
  },
  missing_attribute: {
    status: 400,
    message: 'the action is allowed, and lacks an attribute that it needs',
    remedy: 'send the attribute that the detail names',
  },
  malformed_tenant: {
    status: 400,
    message: 'the tenant document does not have the expected shape',
    remedy: 'mend the members that the detail names',
  },
  not_well_formed: { status: 400, message: 'a string holds a lone surrogate', remedy: 'send well-formed Unicode' },
  too_deep: {
    status: 400,
    message: 'the body is nested too deeply',
    remedy: 'keep objects and lists within 32 levels',
  },
  number_out_of_range: {
    status: 400,
    message: 'a number cannot be represented exactly',
    remedy: 'keep numbers within ±(2^53 - 1); send ids as strings',
  },
  resource_type_mismatch: {
    status: 400,
    message: 'resource.type differs from the first part of action.name',
    remedy: 'for `member:invite` send the resource type `member`',
  },
  ambiguous_resource: {
    status: 400,
    message: 'resource.id and the property of the same meaning differ',
    remedy: 'send one of the two, or the same value in both',
  },
  ambiguous_tenant: {
    status: 400,
    message: 'the request names a tenant and also brings one',
    remedy: 'send `context.tenant` or the top-level `tenant`, not both',
  },
  tenant_required: {
    status: 400,
    message: 'the request names no tenant and no default tenant is configured',
    remedy: 'send `context.tenant`, or set `default_tenant`',
  },
  unknown_system: {
    status: 400,
    message: 'the tenant runs on a system that the policy does not have',
    remedy: 'use one of the systems under config/systems',
  },
  invitation_needed: {
    status: 403,
    message: 'the invitation that was sent is not good',
    remedy: 'send the `invitation` of the latest message; ask for another if it has run out',
  },
  unauthenticated: { status: 401, message: 'no valid credential was sent', remedy: 'send a token of this sidecar' },
  forbidden: {
    status: 403,
    message: 'the caller may not do this',
    remedy: 'send a token that covers what the detail names',
  },
  not_found: { status: 404, message: 'no such path', remedy: 'see the list of endpoints in the README' },
  no_public_url: {
    status: 404,
    message: 'the address that callers know this server by is not configured',
    remedy: 'set `public_url`',
  },
  unknown_message: {
    status: 404,
    message: 'no such message waits in the outbox',
    remedy: 'see `GET /v1/outbox`; what was delivered is gone',
  },
  unknown_token: { status: 404, message: 'no such token', remedy: 'see `GET /v1/tokens`' },
  unknown_tenant: { status: 404, message: 'no such tenant', remedy: 'import the tenant, or correct `context.tenant`' },
  unknown_member: {
    status: 404,
    message: 'the user is no active member of the tenant',
    remedy: 'register sessions of active members',
  },
  unknown_session: { status: 404, message: 'no such session', remedy: 'it has ended; list those that are left' },
  method_not_allowed: {
    status: 405,
    message: 'this path does not take that method',
    remedy: 'use the method that the `Allow` header names',
  },
  request_timeout: {
    status: 408,
    message: 'the request did not arrive in time',
    remedy: 'send it whole within `http.request_timeout_ms`',
  },
  user_exists: {
    status: 409,
    message: 'this user has a record in the tenant already',
    remedy: 'accept the invitation as another user, or have it revoked',
  },
  session_exists: {
    status: 409,
    message: 'another user has a session of this id',
    remedy: 'register each session under an id of its own',
  },
  token_exists: {
    status: 409,
    message: 'there is a token of this name',
    remedy: 'give each token a name of its own',
  },
  idempotency_conflict: {
    status: 409,
    message: 'the `Idempotency-Key` was used for another request',
    remedy: 'send each request with a key of its own',
  },
  too_large: { status: 413, message: 'the body is too large', remedy: 'send less, or raise `limits.body_bytes`' },
  too_many_items: {
    status: 413,
    message: 'the request asks too many questions at once',
    remedy: 'ask fewer at once, or raise `limits.batch_items`',
  },
  unsupported_media_type: {
    status: 415,
    message: 'the body is not declared as JSON',
    remedy: 'send `Content-Type: application/json`',
  },
  too_many_failures: {
    status: 429,
    message: 'too many credentials that are not good came from this address',
    remedy: 'mend the credential; one that is good is taken at once',
  },
  headers_too_large: { status: 431, message: 'the headers are too large', remedy: 'send less than 16 KiB of headers' },
  too_many_facts: {
    status: 503,
    message: 'the decision needs more records than a decision may read',
    remedy: 'narrow the request; the bound of each fact is in policies/README.md',
  },
  undecidable: {
    status: 503,
    message: 'the policy gave no complete result',
    remedy: 'run `postern build`; a named rule yields nothing',
  },
  evaluation_failed: {
    status: 503,
    message: 'the policy could not be evaluated',
    remedy: 'see the log line of this request id',
  },
  audit_unavailable: {
    status: 503,
    message: 'the decision could not be recorded, and a record is required',
    remedy: 'mend the sink of `decision_log`; see the log line of this request id',
  },
  directory_unavailable: {
    status: 503,
    message: 'the directory of tenants cannot be read or written',
    remedy: 'mend what `directory` names; see the log line of this request id',
  },
  stale_directory: {
    status: 503,
    message: 'it is too long ago that the facts were confirmed to be the present ones',
    remedy: 'ask again; see whether this sidecar reaches the database of `directory`',
  },
  revision_not_reached: {
    status: 503,
    message: 'the facts are not yet of the revision that was asked for',
    remedy: 'ask again; a `revision` from before a restore is never reached, so drop it',
  },
  tenant_changed: {
    status: 503,
    message: 'the tenant was written while the request read it',
    remedy: 'send the request again',
  },
  not_ready: { status: 503, message: 'no policy is active yet, or the server is stopping', remedy: 'ask again later' },
} as const

export type ErrorCode = keyof typeof errorTable

/**
 * A request that cannot be answered by a decision. `pointer` is a JSON Pointer into the request body, `retryAfter` the
 * seconds after which it may be sent again.
 */
export class PosternError extends Error {
  override readonly name = 'PosternError'
  readonly code: ErrorCode
  readonly pointer: string | undefined
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, detail?: string, options?: { pointer?: string; retryAfter?: number; cause?: unknown }) {
    super(detail ?? errorTable[code].message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.pointer = options?.pointer
    this.retryAfter = options?.retryAfter
  }

  get status(): number {
    return errorTable[this.code].status
  }
}
