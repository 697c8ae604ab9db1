import { resolve } from 'node:path'
import { type Directory, openDirectory } from '../directory/directory.ts'
import { readTenants } from '../directory/document-tenants.ts'
import { nameOf, placeOf } from '../directory/place.ts'
import { inlineFacts, tenantValidator } from '../directory/tenant-schema.ts'
import type { Settings } from '../document/settings.ts'
import { createGatewayApi, type GatewayApiParts } from '../gateway/gateway-api.ts'
import { type GrpcParts, listenGrpc } from '../gateway/grpc-listener.ts'
import { createIdentify } from '../gateway/identity.ts'
import { readRoutes } from '../gateway/read-routes.ts'
import { addAuthzenApi } from '../http/authzen-api.ts'
import { isInTheClear, ListenError, loopbackOnly } from '../http/bind.ts'
import { type Certificates, watchCertificates } from '../http/certificates.ts'
import { createConsole } from '../http/console.ts'
import { createDecisionApi } from '../http/decision-api.ts'
import { createEventStreams, type EventStreams } from '../http/event-streams.ts'
import { addExplainApi } from '../http/explain-api.ts'
import { type Listener, listen } from '../http/listener.ts'
import { createManagementApi, type Management, managementRoute } from '../http/management-api.ts'
import { addOpaApi } from '../http/opa-api.ts'
import { addOpenapiApi } from '../http/openapi-api.ts'
import { decisionRoutes } from '../http/routes.ts'
import { addStatusApi } from '../http/status-api.ts'
import { createMetrics, type Metrics } from '../log/metrics.ts'
import { openDecisionLog } from '../log/open-decision-log.ts'
import type { ServerLog } from '../log/server-log.ts'
import type { Bundle } from '../opa/bundle.ts'
import { awaitFacts } from '../pdp/awaited-pdp.ts'
import { createPdp } from '../pdp/decide.ts'
import { unchanging } from '../pdp/freshness.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { type Activation, createActivation } from './activation.ts'
import type { BundleIndex } from './build.ts'
import { startHousekeeping } from './housekeeping.ts'
import { createManagement } from './management.ts'
import { maskExplanation } from './mask-explanation.ts'
import { startMonthly } from './monthly.ts'
import { type Access, callersOf, openAccess, peopleOf } from './open-access.ts'
import { openOutbox } from './open-outbox.ts'
import { createReadiness, type Readiness } from './readiness.ts'

export interface ServeParts {
  readonly bundle: Bundle<BundleIndex>
  /** The folder or URL that the bundle came from, for `/v1/status`. */
  readonly source: string
  readonly settings: Settings
  /** Tenant documents, where no directory is configured, and the folder that messages name them from. */
  readonly tenantFiles: readonly string[]
  readonly root: string
  readonly log: ServerLog
  readonly version: string
}

export interface Serving {
  readonly listeners: readonly Listener[]
  readonly readiness: Readiness
  /** Where a newer policy is to be put. */
  readonly activation: Activation
  /** Ids of the tenants that are served, of a directory the first few. */
  readonly tenants: readonly string[]
  /** After the last answer: writes what still waits for the decision log, ends deliveries, and closes the directory. */
  finish(): Promise<void>
}

/** How long the decision log may take to write what waits when the process stops, and what the outbox has begun to send. */
const flushMs = 5_000

/**
 * The composition root of a serving process: policy, tenants, decision point, listener. Rejects with a `DocumentError`
 * for a tenant document, the routes or the file of the decision log, a `ListenError` for an address, a `KeySetError` for
 * the keys of tokens, a `DirectoryError` for the file of the directory.
 */
export async function serve(parts: ServeParts): Promise<Serving> {
  const { bundle, settings, log } = parts
  const validator = tenantValidator()
  const metrics = createMetrics({
    version: parts.version,
    routes: [
      ...decisionRoutes,
      { path: 'gateway', methods: ['ANY'], statuses: [200, 401, 402, 403, 404, 405, 429, 503] },
      managementRoute,
    ],
    dialects: ['authorize', 'opa', 'gateway', 'authzen'],
  })
  const tenants = await tenantsOf(parts)
  const access = openAccess({ tokens: tenants.directory?.tokens, settings, metrics, log })
  const certificates = certificatesOf(parts, metrics)
  const active = createPdp({
    tenants: tenants.source,
    inline: inlineFacts(validator),
    defaultTenant: settings.default_tenant ?? undefined,
    memo: {
      entries: settings.cache.entries,
      bytes: settings.cache.bytes,
      largestInput: settings.cache.largest_input_bytes,
    },
  })
  const pdp = awaitFacts(active, tenants.freshness)
  const activation = createActivation({ pdp: active, memoryMib: settings.evaluator.memory_mib, metrics, log })
  activation.activate(bundle, parts.source)
  metrics.watch({
    cacheEntries: () => active.memo?.entries ?? 0,
    cacheEvictions: () => active.memo?.evictions ?? 0,
    wasmMemoryBytes: () => activation.policy?.evaluator.memoryBytes ?? 0,
    bundle: () => activeBundle(activation),
  })
  const limit = settings.bundle.max_stale_seconds
  const readiness = createReadiness({
    policy: () => active.policy !== undefined,
    policy_fresh: () => limit === 0 || activation.age() <= limit,
    directory_fresh: () => tenants.directory?.isFresh() ?? true,
  })
  const recorder = openDecisionLog({ settings, root: parts.root, version: parts.version, log })
  if (recorder !== undefined) metrics.watch({ decisionLog: () => recorder.counts })
  const callers = await callersOf(settings, access, certificates, log)
  const api = createDecisionApi({ pdp, callers, settings, metrics, log, readiness, recorder })
  const explain = async (request: DecisionRequest) =>
    maskExplanation(await pdp.explain(request), request, settings.explain.mask)
  addExplainApi(api, { explainer: { explain }, callers, settings, metrics, log })
  addOpaApi(api, { pdp, callers, settings, metrics, log, version: parts.version, recorder })
  addStatusApi(api, { callers, metrics, log, status: activation.status })
  addAuthzenApi(api, { pdp, callers, settings, metrics, log, recorder })
  const { directory } = tenants
  const outbox = directory && openOutbox({ ...parts, queue: directory.outbox })
  const invitationMs = settings.management.invitation_hours * 3_600_000
  const management =
    directory && outbox && createManagement({ directory, ...outbox, pdp: active, recorder, invitationMs })
  addOpenapiApi(api, { metrics, version: parts.version })
  const gateway = gatewayOf(parts, access, { pdp, metrics, readiness, recorder })
  const managed = managementOf(parts, directory, management, access, metrics)
  // A certificate makes a caller of decisions known, not one who may change tenants.
  if (managed !== undefined && !managed.api.knowsCallers) await loopbackOnly(managed.address)
  const hooks = { log, refused: (status: number) => metrics.responded('other', '_OTHER', status) }
  const listeners = [await listen(api, settings.listen.decision, settings, hooks, certificates)]
  const { gateway: byHttp, gateway_grpc: byGrpc } = settings.listen
  if (gateway !== undefined && byHttp !== null)
    listeners.push(await listen(gateway, byHttp, settings, hooks, certificates))
  if (gateway !== undefined && byGrpc !== null) listeners.push(await grpcOn(byGrpc, { api: gateway, readiness }))
  if (managed !== undefined) {
    const listener = await listen(managed.api, managed.address, settings, hooks, certificates)
    listeners.push(endingStreams(listener, managed.events))
  }
  for (const { address } of listeners)
    if (isInTheClear(address)) log.warn('credentials come to this listener in the clear; set `tls`', { address })
  const systems = () => active.policy?.systems
  const monthly = directory && management && startMonthly({ ...management, directory, systems, log })
  const activityDays = settings.management.activity_days
  const housekeeping = directory && startHousekeeping({ directory, activityDays, log })
  metrics.watch({ outbox: () => housekeeping?.outboxCounts() })
  const finish = async () => {
    await Promise.all([monthly?.close(), housekeeping?.close()])
    await Promise.all([recorder?.close(flushMs), outbox?.deliverer.close(flushMs)])
    await tenants.close()
  }
  return { listeners, readiness, activation, tenants: tenants.ids, finish }
}

function activeBundle(activation: Activation) {
  const { policy, commit } = activation.status()
  return policy === null ? undefined : { revision: commit ?? '', digest: policy }
}

/** Ids are for the message at start, so that of a directory the first few do. */
const shownTenants = 20

async function tenantsOf({ bundle, settings, root, tenantFiles, log }: ServeParts) {
  if (settings.directory === null) {
    const systems = new Set(Object.keys(bundle.manifest.index.systems))
    const documents = readTenants(tenantFiles, root, tenantValidator(), systems)
    return { source: documents, freshness: unchanging, ids: documents.ids, directory: undefined, close: async () => {} }
  }
  const place = placeOf(settings.directory, root)
  const { max_age_ms: maxAgeMs, listen_url } = settings.freshness
  const directory = await openDirectory(place, { follow: { maxAgeMs, listenUrl: listen_url ?? undefined, log } })
  const ids = (await directory.list(shownTenants)).map(({ id }) => id)
  if (ids.length === 0)
    log.warn(`the directory ${nameOf(place)} holds no tenant; \`postern tenant import\` stores some`)
  return { source: directory.tenants, freshness: directory.freshness, ids, directory, close: () => directory.close() }
}

function managementOf(
  { settings, log }: ServeParts,
  directory: Directory | undefined,
  management: Management | undefined,
  { tokens, failures }: Access,
  metrics: Metrics,
) {
  const address = settings.listen.management
  if (address === null || directory === undefined || management === undefined || tokens === undefined) return undefined
  const { token } = settings.management
  const console = createConsole({ token, verify: peopleOf(settings.management), find: tokens.find, failures })
  if (!console.known)
    log.warn('whoever reaches the management API is believed: for a demo only; set `management.token`')
  const events = createEventStreams(directory.feed)
  const api = createManagementApi({
    management,
    console,
    tokens,
    events,
    metrics,
    settings,
    log,
  })
  return { address, api, events }
}

/** Streams end when the listener says that it will close: no answer of theirs would ever be the last. */
function endingStreams(listener: Listener, events: EventStreams): Listener {
  return {
    ...listener,
    announceClose() {
      listener.announceClose()
      events.close()
    },
  }
}

/** For the listeners of HTTP; their files are named from the root. */
function certificatesOf({ settings, root, log }: ServeParts, metrics: Metrics): Certificates | undefined {
  const { cert, key, client_ca } = settings.tls
  if (cert === null || key === null) return undefined
  const files = {
    cert: resolve(root, cert),
    key: resolve(root, key),
    client_ca: client_ca === null ? null : resolve(root, client_ca),
  }
  return watchCertificates(files, (result, reason) => {
    metrics.certificatesLoaded(result)
    if (result === 'ok') log.info('certificates taken')
    else log.error(`certificates not taken, the old ones stay: ${reason}`)
  })
}

/** Made before anything listens, so that wrong routes or keys stop the start. */
function gatewayOf(
  { bundle, settings, root, log }: ServeParts,
  { failures }: Access,
  shared: Pick<GatewayApiParts, 'pdp' | 'metrics' | 'readiness' | 'recorder'>,
) {
  if (settings.listen.gateway === null && settings.listen.gateway_grpc === null) return undefined
  const { systems } = bundle.manifest.index
  const actions = new Set(Object.values(systems).flatMap(({ permissions }) => Object.keys(permissions)))
  const routes = readRoutes(root, actions)
  const identify = createIdentify(settings.identity, failures)
  const planDenialStatus = settings.gateway.plan_denial_status
  const api = createGatewayApi({ ...shared, routes, identify, planDenialStatus, log })
  return { ...api, knowsCallers: settings.identity.gateway_token !== null }
}

async function grpcOn(text: string, parts: GrpcParts): Promise<Listener> {
  const address = await loopbackOnly(text)
  if ('path' in address) throw new ListenError(`cannot listen on \`${text}\` by gRPC: write \`host:port\``)
  try {
    return await listenGrpc(parts, address.host, address.port)
  } catch (cause) {
    throw new ListenError(`cannot listen on \`${text}\`: it is in use or not permitted`, { cause })
  }
}
