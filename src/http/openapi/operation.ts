import type { ErrorCode } from '../../pdp/errors.ts'

type Json = Readonly<Record<string, unknown>>

/** The operations that an API adds, under one heading. */
export interface OperationGroup {
  readonly name: string
  readonly description: string
  readonly operations: readonly Operation[]
}

/** One operation of an API, as far as it differs from the others: what all share is added by `openapiDocument`. */
export interface Operation {
  readonly path: string
  readonly method: 'get' | 'post'
  readonly id: string
  readonly summary: string
  readonly description: string
  readonly parameters?: readonly Json[]
  /** The body that is sent, as a JSON Schema. */
  readonly body?: Json
  /** What a 200 holds, as a JSON Schema, and its media type where that is not JSON. */
  readonly answer: Json
  readonly mediaType?: string
  /** The codes of the error table that it is refused with. */
  readonly errors: readonly ErrorCode[]
  /** Instead of ours: that of OPA's server, none of its members (as OPA's `/health`), or ours or the answer. */
  readonly errorBody?: 'opa' | 'empty' | 'answer'
  /** Statuses of errors where they are not those of the table. */
  readonly statuses?: Readonly<Partial<Record<ErrorCode, number>>>
  /** `Cache-Control` of a 200 that may be stored. */
  readonly cache?: string
}

/** The place of a schema that has a name. */
export function schemaRef(name: string): Json {
  return { $ref: `#/components/schemas/${name}` }
}

/** What a caller is refused with, whatever it asks. */
export const callerErrors = [
  'unauthenticated',
  'forbidden',
  'too_many_failures',
] as const satisfies readonly ErrorCode[]

/** What every question can be refused with. */
export const questionErrors = [
  'malformed_json',
  'malformed_request',
  'malformed_tenant',
  'not_well_formed',
  'too_deep',
  'number_out_of_range',
  'resource_type_mismatch',
  'ambiguous_resource',
  'ambiguous_tenant',
  'tenant_required',
  'unknown_system',
  ...callerErrors,
  'unknown_tenant',
  'too_large',
  'unsupported_media_type',
  'too_many_facts',
  'undecidable',
  'evaluation_failed',
  'audit_unavailable',
  'directory_unavailable',
  'stale_directory',
  'revision_not_reached',
  'not_ready',
] as const satisfies readonly ErrorCode[]
