import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Attributes, Obligation, ScenarioRequest, Subject, TenantDocument } from './evaluate.ts'

export interface DecisionRow {
  readonly id: string
  readonly document: TenantDocument
  readonly others: readonly TenantDocument[]
  readonly request: ScenarioRequest
  /** The id of the tenant asked for, where the row names one. */
  readonly tenant?: string
  readonly expect: 'allow' | 'deny'
  readonly reason: string
  readonly obligations: readonly Obligation[]
}

export interface WireRequest {
  readonly subject: Subject
  readonly action: { readonly name: string }
  readonly resource: { readonly type: string; readonly id: string; readonly properties: Attributes }
  readonly context: Attributes
  readonly tenant: TenantDocument
}

interface File {
  readonly tenants: Readonly<Record<string, Omit<TenantDocument, 'system'>>>
  readonly rows: readonly {
    readonly id: string
    readonly given: string
    readonly also?: readonly string[]
    readonly request: {
      readonly subject: string
      readonly action: string
      readonly tenant?: string
      readonly resource?: Attributes
      readonly context?: Attributes
    }
    readonly expect: 'allow' | 'deny'
    readonly reason: string
    readonly obligations?: readonly Obligation[]
  }[]
}

export const decisionFile = (system: string): URL =>
  new URL(`../../config/systems/${system}/decisions.yaml`, import.meta.url)

/** The rows of a system's decisions.yaml, with the names of tenants and services resolved. */
export function decisionRows(system: string): readonly DecisionRow[] {
  const file = parse(readFileSync(decisionFile(system), 'utf8')) as File
  const documentOf = (name: string): TenantDocument => {
    const tenant = file.tenants[name]
    if (!tenant) throw new Error(`${system}: there is no tenant called ${name}`)
    return { ...tenant, tenant: tenant.tenant, system }
  }
  return file.rows.map((row) => ({
    id: row.id,
    document: documentOf(row.given),
    others: (row.also ?? []).map(documentOf),
    request: {
      subject: subjectOf(row.request.subject),
      action: row.request.action,
      resource: row.request.resource ?? {},
      context: row.request.context ?? {},
    },
    ...(row.request.tenant === undefined ? {} : { tenant: row.request.tenant }),
    expect: row.expect,
    reason: row.reason,
    obligations: row.obligations ?? [],
  }))
}

function subjectOf(name: string): Subject {
  const service = /^service:(.*)$/s.exec(name)?.[1]
  return service === undefined ? { type: 'user', id: name } : { type: 'service', id: service }
}

/** The document that the row's request is about; one that nobody described has nothing but its id. */
export function askedDocument(row: DecisionRow): TenantDocument {
  const { document, others, tenant } = row
  if (tenant === undefined) return document
  return [document, ...others].find((one) => one.tenant === tenant) ?? { tenant, system: document.system }
}

/** The row's request as it goes over the wire, bringing its tenant along. */
export function toWire(row: DecisionRow): WireRequest {
  const { subject, action, resource, context } = row.request
  return {
    subject,
    action: { name: action },
    resource: { type: action.split(':')[0] ?? action, id: '-', properties: resource },
    context,
    tenant: askedDocument(row),
  }
}
