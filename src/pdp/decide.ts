import { randomBytes } from 'node:crypto'
import { candidatesIn } from './candidates.ts'
import type { Answer, Decision } from './decision.ts'
import { createDecisionPool, type DecisionPool } from './decision-pool.ts'
import { PosternError } from './errors.ts'
import { type Explanation, explain } from './explain.ts'
import { toDecision } from './explain-decision.ts'
import type { Candidate, TenantFacts, TenantSource } from './facts.ts'
import { holdFacts } from './held-facts.ts'
import { createMemo, type Memo, type MemoLimits } from './memo.ts'
import type { Policy } from './policy.ts'
import { type Prepared, prepare, systemOf } from './prepare.ts'
import type { DecisionRequest } from './request.ts'

export interface PdpOptions {
  readonly tenants: TenantSource
  /** Facts of a document that a request brings along; throws `malformed_tenant`. */
  readonly inline: (document: Readonly<Record<string, unknown>>) => TenantFacts
  readonly defaultTenant: string | undefined
  readonly memo: MemoLimits
  readonly now?: () => Date
}

/** A decision point whose policy can be replaced in one step. Throws `NotLoaded` where a fact is not at hand. */
export interface ActivePdp {
  decide(request: DecisionRequest): Answer
  /** See `SnapshotPdp`. */
  snapshot(): HeldPdp
  /** What `decide` would ask the policy. Throws as `decide` does. */
  prepare(request: DecisionRequest): Prepared
  /** Rejects as `decide` throws. The cache has no part in it. */
  explain(request: DecisionRequest): Promise<Explanation>
  /**
   * Decides upon facts that the caller holds, such as those inside a write transaction. The cache has no part in it.
   * Throws as `decide` does.
   */
  decideOn(request: DecisionRequest, tenant: TenantFacts): Answer
  activate(policy: Policy): void
  readonly policy: Policy | undefined
  readonly memo: Memo | undefined
}

/** A `Snapshot` that throws `NotLoaded` instead of waiting. */
export interface HeldPdp {
  decide(request: DecisionRequest): Answer
  open(request: Whose): HeldTenant
}

export interface HeldTenant extends Pick<TenantFacts, 'id' | 'candidates'> {
  actions(after: string | undefined, most: number): readonly Candidate[]
}

/**
 * Decides one request: tenant → permission → input text → memo → policy.
 *
 * INVARIANT: policy, memo and pool change together, so that no decision is given for another bundle.
 */
export function createPdp(options: PdpOptions): ActivePdp {
  const { tenants, inline, defaultTenant, now = () => new Date() } = options
  let active: Active | undefined

  const current = (): Active => {
    if (active === undefined) throw new PosternError('not_ready')
    return active
  }
  const decide = ({ policy, memo, pool }: Active, request: DecisionRequest, tenant: TenantFacts): Answer => {
    const { system, permission, input } = prepare(policy, request, tenant, now)

    const known = memo.get(input)
    if (known !== undefined) return answer(known, tenant, 'hit')
    const evaluation = policy.evaluator.evaluate(input)
    const decision = pool(toDecision(evaluation, request, tenant, system, permission, policy.digest))
    // What depends on the time is true of one moment.
    const kept = !permission.input.now && memo.set(input, decision)
    return answer(decision, tenant, kept ? 'miss' : 'bypass')
  }

  return {
    decide: (request) => decide(current(), request, tenantOf(request, tenants, inline, defaultTenant)),
    snapshot() {
      const still = current()
      const held = holdFacts(tenants, inline)
      const tenantFor = (request: Whose) => tenantOf(request, held.tenants, held.inline, defaultTenant)
      return {
        decide: (request) => decide(still, request, tenantFor(request)),
        open(request) {
          const tenant = tenantFor(request)
          const actions = [...systemOf(still.policy, tenant).permissions.keys()]
          return {
            id: tenant.id,
            candidates: (...which) => tenantFor(request).candidates(...which),
            actions: (after, most) => candidatesIn(actions.length, (index) => actions[index] as string, after, most),
          }
        },
      }
    },
    prepare: (request) => prepare(current().policy, request, tenantOf(request, tenants, inline, defaultTenant), now),
    async explain(request) {
      const { policy } = current()
      return explain(policy, request, tenantOf(request, tenants, inline, defaultTenant), now())
    },
    decideOn(request, tenant) {
      const { policy, pool } = current()
      const { system, permission, input } = prepare(policy, request, tenant, now)
      const evaluation = policy.evaluator.evaluate(input)
      return answer(pool(toDecision(evaluation, request, tenant, system, permission, policy.digest)), tenant, 'bypass')
    },
    activate(policy) {
      active = { policy, memo: createMemo(options.memo), pool: createDecisionPool() }
    },
    get policy() {
      return active?.policy
    },
    get memo() {
      return active?.memo
    },
  }
}

interface Active {
  readonly policy: Policy
  readonly memo: Memo
  readonly pool: DecisionPool
}

type Whose = Pick<DecisionRequest, 'context' | 'tenant'>

function answer(decision: Decision, tenant: TenantFacts, cache: Answer['cache']): Answer {
  return { decision, decisionId: newDecisionId(), revision: tenant.revision, cache }
}

function tenantOf(
  request: Whose,
  tenants: TenantSource,
  inline: PdpOptions['inline'],
  defaultTenant: string | undefined,
): TenantFacts {
  const named = request.context?.tenant
  if (request.tenant !== undefined) {
    if (named !== undefined) throw new PosternError('ambiguous_tenant', undefined, { pointer: '/tenant' })
    return inline(request.tenant)
  }
  if (named !== undefined && typeof named !== 'string')
    throw new PosternError('malformed_request', '`context.tenant` is no string', { pointer: '/context/tenant' })
  const id = named ?? defaultTenant
  if (id === undefined) throw new PosternError('tenant_required')
  const found = tenants.find(id)
  if (found === undefined)
    throw new PosternError('unknown_tenant', `no tenant \`${id}\``, { pointer: '/context/tenant' })
  return found
}

let idBlock = Buffer.alloc(0)
let idOffset = 0

/** 128 random bits as hex. Drawn in blocks: one call to the generator serves 256 ids. */
function newDecisionId(): string {
  if (idOffset >= idBlock.length) {
    idBlock = randomBytes(4096)
    idOffset = 0
  }
  const id = idBlock.toString('hex', idOffset, idOffset + 16)
  idOffset += 16
  return id
}
