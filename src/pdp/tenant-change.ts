import type { PatchStep } from './json-patch.ts'

/** One thing that could be otherwise about a tenant. */
export interface TenantChange {
  /** Of changes of one kind that differ in degree alone, such as a limit, the first that suffices is enough. */
  readonly kind:
    | 'limit'
    | 'seat'
    | 'api_key'
    | 'override'
    | 'share'
    | 'gallery'
    | 'scope'
    | 'custom_level'
    | 'second_factor'
    | 'status'
    | 'role'
    | 'member'
    | 'plan'
  /** One line for people. */
  readonly change: string
  /** Of a freed seat, the user who gives it up. */
  readonly member?: string
  /** The same as steps upon the tenant document. */
  readonly patch: readonly PatchStep[]
}
