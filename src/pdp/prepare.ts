import { goesWith } from './action-type.ts'
import { PosternError } from './errors.ts'
import type { TenantFacts } from './facts.ts'
import { writeInput } from './input-plan.ts'
import type { PermissionIndex, Policy, SystemIndex } from './policy.ts'
import type { DecisionRequest } from './request.ts'

/** A request as the policy is asked it. */
export interface Prepared {
  readonly system: SystemIndex
  readonly permission: PermissionIndex
  /** The exact text that the policy sees. */
  readonly input: string
}

/** Tenant and request → input text. Throws `PosternError` for a request that does not fit the policy. */
export function prepare(policy: Policy, request: DecisionRequest, tenant: TenantFacts, now: () => Date): Prepared {
  const system = systemOf(policy, tenant)
  const permission = system.permissions.get(request.action.name) ?? system.unlisted
  const properties = propertiesOf(request, permission)
  const input = writeInput(permission.input, request, properties, tenant, () => now().toISOString())
  return { system, permission, input }
}

/** The system that a tenant runs on. Throws `unknown_system`. */
export function systemOf(policy: Policy, tenant: TenantFacts): SystemIndex {
  const system = policy.systems.get(tenant.system)
  if (system === undefined) throw new PosternError('unknown_system', `no system \`${tenant.system}\``)
  return system
}

const noProperties: Readonly<Record<string, unknown>> = Object.freeze({})

/**
 * The resource's properties, with `resource.id` standing for the one of the type's own name where the permission's row
 * takes it. `-` and `""` never stand.
 */
function propertiesOf(request: DecisionRequest, permission: PermissionIndex): Readonly<Record<string, unknown>> {
  const { type, id, properties = noProperties } = request.resource
  const action = request.action.name
  if (!goesWith(action, type))
    throw new PosternError('resource_type_mismatch', `\`${action}\` is asked of the resource type \`${type}\``, {
      pointer: '/resource/type',
    })
  if (id === '-' || id === '') return properties
  const named = Object.hasOwn(properties, type) ? properties[type] : undefined
  if (named !== undefined && named !== null && named !== id)
    throw new PosternError('ambiguous_resource', `resource.id is \`${id}\`, and \`properties.${type}\` differs`, {
      pointer: '/resource/id',
    })
  if (permission.idProperty === undefined || named === id) return properties
  return { ...properties, [permission.idProperty]: id }
}
