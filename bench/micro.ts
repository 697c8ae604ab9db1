import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rememberSecrets } from '../src/access/secret-memory.ts'
import { loadPolicy } from '../src/app/activate.ts'
import { type EmbeddedPdp, embedPdp } from '../src/app/embed.ts'
import { buildProject, projectAt } from '../src/app/project.ts'
import { createBearer } from '../src/http/bearer.ts'
import { createCallers } from '../src/http/callers.ts'
import { writeBundle } from '../src/opa/bundle.ts'
import { silentProgress } from '../src/opa/progress.ts'
import type { Grant, Rights } from '../src/pdp/access-token.ts'
import { createPdp } from '../src/pdp/decide.ts'
import { writeInput } from '../src/pdp/input-plan.ts'
import type { PermissionIndex, Policy } from '../src/pdp/policy.ts'
import type { DecisionRequest } from '../src/pdp/request.ts'
import { factsOfDocument } from '../src/pdp/tenant-document.ts'
import { authzenBody } from './contenders/authzen.ts'
import { repository } from './paths.ts'
import { type Timing, time } from './time.ts'
import type { Workload } from './workload.ts'

export interface MicroCase {
  readonly label: string
  /** Microseconds of the plan's first step and of its goal, where there is one. */
  readonly firstStep?: number
  readonly goal?: number
  /** Prepares outside the clock; answers with what is timed, called with 0, 1, 2 … */
  make(workload: Workload): ((i: number) => unknown) | Promise<(i: number) => unknown>
}

export interface MicroResult extends Timing {
  readonly firstStep?: number | undefined
  readonly goal?: number | undefined
}

/** What Postern does in process, without HTTP; the first two lines are the harness itself and a familiar measure. */
export const microCases: readonly MicroCase[] = [
  { label: 'nothing (the harness itself)', make: () => (i) => i },
  {
    label: 'JSON.parse of one request',
    make: (workload) => {
      const texts = workload.questions.map((_, i) => JSON.stringify(authzenBody(workload, i)))
      return (i) => JSON.parse(texts[i % texts.length] ?? '')
    },
  },
  {
    label: 'cache key of a matrix row',
    make: async () => {
      const { policy, facts } = await prepare()
      const permission = permissionOf(policy, matrixRow)
      return () => writeInput(permission.input, matrixRow, {}, facts, noTime)
    },
  },
  {
    label: 'hit',
    firstStep: 3,
    goal: 1.5,
    make: async () => {
      const { pdp } = await prepare()
      return () => pdp.decide(matrixRow)
    },
  },
  { label: 'miss of a matrix row', firstStep: 15, goal: 10, make: () => miss(matrixRow) },
  { label: 'miss of a matrix row that refuses', make: () => miss(refusedRow) },
  { label: 'miss of a lifecycle row', firstStep: 30, goal: 20, make: () => miss(lifecycleRow) },
  {
    label: 'token of a caller, known from a moment ago',
    make: async () => {
      const grant: Grant = { scope: 'decide', tenant: 'acme', expires: null }
      // A clock that costs what the real one does, and never comes to when the token would be looked up anew.
      const { find } = rememberSecrets(
        async () => grant,
        () => performance.now() % 1,
      )
      const bearer = createBearer({ find, failures: () => undefined })
      const callers = createCallers({ unasked: undefined, bearer, defaultTenant: undefined })
      const sent = { authorization: `Bearer postern_${'a'.repeat(43)}`, address: undefined }
      await callers.identify(sent)
      return () => callers.admit(callers.identify(sent) as Rights, matrixRow, 'decide')
    },
  },
  {
    label: '`postern/pdp`: hit',
    make: async () => {
      const pdp = await embedded()
      return () => pdp.decide(matrixRow)
    },
  },
  {
    label: '`postern/pdp`: miss of a lifecycle row',
    make: async () => {
      const pdp = await embedded()
      const { properties } = lifecycleRow.resource
      return (i) => {
        const { decision, cache } = pdp.decide({
          ...lifecycleRow,
          resource: { ...lifecycleRow.resource, properties: { ...properties, email: `new-${i}@example.com` } },
        })
        if (cache === 'hit') throw new Error(`request ${i} was no miss`)
        return decision
      }
    },
  },
]

const ask = (user: string, name: string, properties: Record<string, unknown> = {}): DecisionRequest => ({
  subject: { type: 'user', id: user },
  action: { name },
  resource: { type: name.slice(0, name.indexOf(':')), id: '-', properties },
  context: { tenant: 'acme' },
})

const matrixRow = ask('owner-1', 'own_membership:view')
const refusedRow = ask('billing-1', 'application:manage')
const lifecycleRow = ask('owner-1', 'member:invite', {
  email: 'new@example.com',
  role: 'developer',
  api_keys: ['key-1'],
})

const noTime = () => ''

/** A tenant of 500 members of a shipped system. */
const tenantDocument = () => {
  const roles = ['account_owner', 'developer', 'billing']
  const members = Array.from({ length: 500 }, (_, i) => {
    const role = roles[i % roles.length] ?? ''
    return {
      user: `${role.replace('account_', '')}-${Math.floor(i / roles.length) + 1}`,
      role,
      status: 'active',
      api_keys: ['key-1'],
    }
  })
  const settings = { company_name: 'Acme', owner_full_name: 'Owner One' }
  return { tenant: 'acme', system: 'filestack', plan: 'scale', settings, api_keys: ['key-1'], members }
}

/** A decision point upon the tenant, and what it is made of. */
const prepare = async () => {
  const { bundle } = await buildProject(projectAt(repository), process.env, silentProgress)
  const policy = loadPolicy(bundle, 64)
  const facts = factsOfDocument(tenantDocument())
  const pdp = createPdp({
    tenants: { find: () => facts },
    inline: () => facts,
    defaultTenant: undefined,
    memo: { entries: 100_000, bytes: 64 * 1024 * 1024, largestInput: 4096 },
  })
  pdp.activate(policy)
  return { policy, facts, pdp }
}

/** The package entry `postern/pdp`, as a program gets it: from a folder and a file, with its own checks of a request. */
const embedded = async (): Promise<EmbeddedPdp> => {
  const { bundle } = await buildProject(projectAt(repository), process.env, silentProgress)
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  try {
    writeBundle(join(folder, 'bundle'), bundle)
    const tenants = join(folder, 'tenant.json')
    writeFileSync(tenants, JSON.stringify(tenantDocument()))
    return embedPdp({ bundle: join(folder, 'bundle'), tenants })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const permissionOf = (policy: Policy, request: DecisionRequest): PermissionIndex => {
  const permission = policy.systems.get('filestack')?.permissions.get(request.action.name)
  if (permission === undefined) throw new Error(`no permission ${request.action.name}`)
  return permission
}

/** The evaluation alone: facts and key apart. */
const miss = async (request: DecisionRequest) => {
  const { policy, facts } = await prepare()
  const input = writeInput(
    permissionOf(policy, request).input,
    request,
    request.resource.properties ?? {},
    facts,
    noTime,
  )
  return () => policy.evaluator.evaluate(input)
}

/** Times all cases one after the other in this process. */
export const runMicro = async (cases: readonly MicroCase[], workload: Workload): Promise<readonly MicroResult[]> => {
  const results: MicroResult[] = []
  for (const { label, firstStep, goal, make } of cases) {
    results.push({ ...time(label, await make(workload)), firstStep, goal })
  }
  return results
}
