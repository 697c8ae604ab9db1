import { type ActivePdp, createPdp } from '../../src/pdp/decide.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import { planInput } from '../../src/pdp/input-plan.ts'
import type { MemoLimits } from '../../src/pdp/memo.ts'
import type { Evaluation, PermissionIndex, Policy, SystemIndex } from '../../src/pdp/policy.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { factsOfDocument, type TenantDocument } from '../../src/pdp/tenant-document.ts'

export const allow: Evaluation = { decision: true, reason: 'granted', obligations: [] }

export const roomy: MemoLimits = { entries: 100, bytes: 1_000_000, largestInput: 4096 }

export interface Parts {
  /** What `door:open` reads beside the core. */
  readonly needs?: readonly string[]
  readonly core?: readonly string[]
  readonly idProperty?: string
  readonly evaluate?: (input: string) => Evaluation
  readonly system?: Partial<SystemIndex>
  readonly permission?: Partial<PermissionIndex>
}

/** The policy of a system `club` with one permission, made by hand; `inputs` are the texts that it was asked. */
export function clubPolicy(parts: Parts = {}): { readonly policy: Policy; readonly inputs: string[] } {
  const { needs = [], core = [], idProperty, evaluate = () => allow } = parts
  const inputs: string[] = []
  const door: PermissionIndex = {
    input: planInput(needs, core),
    idProperty,
    row: 'matrix.yaml:3',
    cells: { keeper: 'matrix.yaml:4' },
    names: {},
    effects: [],
    to: undefined,
    byInvitee: false,
    ...parts.permission,
  }
  const club: SystemIndex = {
    permissions: new Map([['door:open', door]]),
    unlisted: {
      input: planInput([], core),
      idProperty: undefined,
      row: 'matrix.yaml:1',
      cells: {},
      names: {},
      effects: [],
      to: undefined,
      byInvitee: false,
    },
    plans: new Map(),
    roles: {},
    sections: { matrix: 'matrix.yaml:1', roles: 'roles.yaml:1', plans: 'plans.yaml:1' },
    messages: {},
    core: {},
    ...parts.system,
  }
  const evaluator = {
    evaluate(input: string) {
      inputs.push(input)
      return evaluate(input)
    },
    verdicts: () => ({ asker: 'member' as const, membership: 'ok', right: [], grants: [], rules: [] }),
  }
  return { policy: { digest: 'abc', systems: new Map([['club', club]]), evaluator }, inputs }
}

export const club: TenantDocument = {
  tenant: 'chess',
  system: 'club',
  revision: 7,
  members: [{ user: 'ann', role: 'keeper', status: 'active' }],
}

interface PdpParts extends Parts {
  readonly stored?: readonly TenantDocument[]
  readonly defaultTenant?: string
  readonly memo?: MemoLimits
  readonly now?: () => Date
}

export interface Club {
  readonly pdp: ActivePdp
  readonly inputs: readonly string[]
}

/** A decision point over the policy of `club` that stores one tenant, `chess`. */
export function clubPdp(parts: PdpParts = {}): Club {
  const { stored = [club], defaultTenant, memo = roomy, now } = parts
  const { policy, inputs } = clubPolicy(parts)
  const tenants = new Map(stored.map((document) => [document.tenant, factsOfDocument(document)]))
  const pdp = createPdp({
    tenants: { find: (tenant) => tenants.get(tenant) },
    inline: (document) => factsOfDocument(document as unknown as TenantDocument),
    defaultTenant,
    memo,
    ...(now === undefined ? {} : { now }),
  })
  pdp.activate(policy)
  return { pdp, inputs }
}

/** Ann asks to open a door of `chess`. */
export function request(change: Partial<DecisionRequest> = {}): DecisionRequest {
  return {
    subject: { type: 'user', id: 'ann' },
    action: { name: 'door:open' },
    resource: { type: 'door', id: '-' },
    context: { tenant: 'chess' },
    ...change,
  }
}

/** The input of one request, read again. */
export function inputOf(parts: PdpParts, change: Partial<DecisionRequest> = {}): Record<string, unknown> {
  const { pdp, inputs } = clubPdp(parts)
  pdp.decide(request(change))
  return JSON.parse(inputs[0] as string)
}

/** Code and pointer of the error that `ask` throws. */
export function refusal(ask: () => unknown): { code: string; pointer: string | undefined; status: number } {
  try {
    ask()
  } catch (error) {
    if (error instanceof PosternError) return { code: error.code, pointer: error.pointer, status: error.status }
    throw error
  }
  throw new Error('it was decided')
}
