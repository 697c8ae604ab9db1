import { createPdp } from '../../src/pdp/decide.ts'
import { planInput } from '../../src/pdp/input-plan.ts'
import type { PermissionIndex } from '../../src/pdp/policy.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { factsOfDocument } from '../../src/pdp/tenant-document.ts'
import { type ApiOptions, apiOver } from '../http/fixture.ts'
import { allow, clubPolicy, roomy } from '../pdp/fixture.ts'

/** What the policy of the club sees of a question. */
export interface Seen {
  readonly subject?: { readonly id?: string; readonly type?: string }
  readonly action: { readonly name: string }
  readonly resource?: { readonly id?: string; readonly type?: string; readonly properties?: unknown }
}

const denial = { decision: false, reason: 'no_permission', obligations: [], stage: 'right' }

/**
 * An API over one stored tenant of the system `club`, whose actions are `door:open`, `door:close` and `ring`, and whose
 * policy is a function; `asked` are the questions that it was asked.
 */
export function clubApi(
  document: Omit<TenantDocument, 'tenant' | 'system'>,
  allows: (seen: Seen) => boolean,
  options: Pick<ApiOptions, 'candidates' | 'token_key'> & {
    readonly tenant?: string
    readonly needs?: readonly string[]
  } = {},
) {
  const { needs = ['request.subject.type', 'request.subject.id', 'request.resource.type', 'request.resource.id'] } =
    options
  const permission: PermissionIndex = {
    input: planInput(needs, []),
    idProperty: undefined,
    effects: [],
    to: undefined,
    byInvitee: false,
    row: 'm:1',
    cells: {},
    names: {},
  }
  const asked: Seen[] = []
  const { policy } = clubPolicy({
    evaluate(input) {
      const { request } = JSON.parse(input)
      asked.push(request)
      return allows(request) ? allow : denial
    },
    system: { permissions: new Map(['door:open', 'door:close', 'ring'].map((name) => [name, permission])) },
  })
  const { tenant = 'chess', ...api } = options
  const facts = factsOfDocument({ ...document, tenant, system: 'club' })
  const tenants = { find: (id: string) => (id === tenant ? facts : undefined) }
  const inline = () => {
    throw new Error('no document was sent')
  }
  const pdp = createPdp({ tenants, inline, defaultTenant: tenant, memo: roomy })
  pdp.activate(policy)
  return {
    ...apiOver((request) => pdp.decide(request), undefined, undefined, { ...api, snapshot: () => pdp.snapshot() }),
    asked,
  }
}
