import { createFailureLimit, type FailureLimit } from '../access/failure-limit.ts'
import { createJwtVerifier, type VerifyJwt } from '../access/jwt.ts'
import { rememberSecrets } from '../access/secret-memory.ts'
import type { Tokens } from '../directory/tokens.ts'
import type { Settings } from '../document/settings.ts'
import { createBearer, type FindGrant } from '../http/bearer.ts'
import { loopbackAddress } from '../http/bind.ts'
import { type Callers, createCallers } from '../http/callers.ts'
import type { Certificates } from '../http/certificates.ts'
import type { TokenRegister } from '../http/token-api.ts'
import type { Metrics } from '../log/metrics.ts'
import type { ServerLog } from '../log/server-log.ts'
import { allRights, type Grant, type Rights } from '../pdp/access-token.ts'

export interface AccessParts {
  /** Undefined where there is no directory, and so no tokens. */
  readonly tokens: Tokens | undefined
  readonly settings: Pick<Settings, 'access'>
  readonly metrics: Pick<Metrics, 'credentialRefused'>
  readonly log: Pick<ServerLog, 'warn'>
}

/** How the listeners of a process tell who calls. */
export interface Access {
  readonly failures: FailureLimit
  /** Undefined where there are no tokens. */
  readonly tokens: (TokenRegister & { readonly find: FindGrant }) | undefined
}

/** One for all listeners: whoever fails at one has failed at all. */
export function openAccess({ tokens, settings, metrics, log }: AccessParts): Access {
  const failures = createFailureLimit({
    attempts: settings.access.failures_per_minute,
    report({ throttled, first, address }) {
      metrics.credentialRefused(throttled ? 'throttled' : 'refused')
      if (first) log.warn('too many credentials that are not good; answered with 429 for up to a minute', { address })
    },
  })
  return { failures, tokens: tokens && remembering(tokens) }
}

function remembering(tokens: Tokens): Access['tokens'] {
  const memory = rememberSecrets<Grant>((secret) => tokens.find(secret))
  return {
    create: (token) => tokens.create(token),
    list: () => tokens.list(),
    async revoke(name) {
      try {
        return await tokens.revoke(name)
      } finally {
        memory.forget()
      }
    },
    find: (secret) => memory.find(secret),
  }
}

/** Who may ask for decisions: on loopback everybody, unless tokens are asked for there, too. */
export async function callersOf(
  { listen, access, default_tenant }: Pick<Settings, 'listen' | 'access' | 'default_tenant'>,
  { tokens, failures }: Access,
  certificates: Pick<Certificates, 'authenticateCallers'> | undefined,
  log: Pick<ServerLog, 'info'>,
): Promise<Callers> {
  const local = (await loopbackAddress(listen.decision)) !== undefined
  const certified = certificates?.authenticateCallers === true ? ofCertificates : undefined
  const unasked = access.decision_tokens === 'always' ? undefined : local ? allRights : certified
  if (unasked === allRights)
    log.info('whoever reaches the decision API is answered: for a demo only; set `access.decision_tokens`')
  const bearer = tokens && createBearer({ find: tokens.find, failures })
  return createCallers({ unasked, bearer, defaultTenant: default_tenant ?? undefined })
}

/** Without `simulate`: about facts of its own a caller could have anything decided, and logged. */
const ofCertificates: Rights = { scopes: ['decide', 'read'], tenant: null }

/** How people's own tokens are known; undefined where none are taken. Throws a `KeySetError`. */
export function peopleOf(settings: Settings['management']): VerifyJwt | undefined {
  const { jwt_keys: keys, jwt_issuer: issuer, jwt_audience: audience, jwt_algorithm: algorithm } = settings
  if (keys === null || issuer === null || audience === null) return undefined
  return createJwtVerifier({ keys, setting: 'management.jwt_keys', issuer, audience, algorithm })
}
