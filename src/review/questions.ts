import type { DecisionRequest } from '../pdp/request.ts'
import type { Base, SystemBases } from './decision-bases.ts'
import { bareRequest } from './member-rights.ts'
import type { ModelSystem } from './reviewed-policy.ts'

/** One point of the space that is asked, named by what was put in place of the subject's own. */
export interface Question {
  readonly system: string
  readonly permission: string
  readonly role: string
  readonly plan: string
  readonly status: string
  readonly request: DecisionRequest
}

type Document = Readonly<Record<string, unknown>>
type Member = Readonly<Record<string, unknown>> & { readonly user: string }

/** A subject without a record, and a role that nobody defined. */
export const noRecord = 'no record'
const undefinedRole = 'undefined_role'
const undefinedPlan = 'undefined_plan'
const statuses = ['pending', 'inactive', 'undefined_status'] as const

/**
 * What is asked of one system: every row as it is written; for every row, and for the demo tenant with every permission,
 * the subject with each role on each plan, with each status in each role, without a record; and each setting that the
 * tenant has left out or turned over; and each service that any of the policies lets ask. `models` are those of all policies that are asked, so that all are asked alike.
 */
export function questionsOf(
  system: string,
  models: readonly ModelSystem[],
  sources: readonly SystemBases[],
): readonly Question[] {
  const bases = new Map<string, Base['request']>()
  const add = (request: Base['request']) => bases.set(JSON.stringify(request), request)
  for (const { rows } of sources) for (const { request } of rows) add(request)
  const permissions = union(models.map((model) => model.permissions))
  for (const { demo } of sources) {
    const [member] = (demo?.members ?? []) as readonly Member[]
    if (demo === undefined || member === undefined) continue
    for (const name of permissions)
      add({ ...bareRequest({ type: 'user', id: member.user }, name, demo), tenant: demo } as Base['request'])
  }
  const servicesOf = (permission: string) => union(models.map((model) => model.permissions[permission]?.services ?? {}))
  for (const request of [...bases.values()])
    for (const id of servicesOf(request.action.name)) add({ ...request, subject: { type: 'service', id } })
  const roles = [...union(models.map((model) => model.roles)), undefinedRole]
  const plans = [...union(models.map((model) => model.plans ?? {})), undefinedPlan]
  const documents = new Map<string, Document>()
  // Equal documents are one object: each is checked and indexed once.
  const shared = (document: Document): Document => {
    const text = JSON.stringify(document)
    const known = documents.get(text) ?? document
    documents.set(text, known)
    return known
  }
  return [...bases.values()].flatMap((request) =>
    variants(request.tenant, request.subject, roles, plans).map(({ tenant, ...point }) => ({
      system,
      permission: request.action.name,
      ...point,
      request: { ...request, tenant: shared(tenant) },
    })),
  )
}

type Variant = Pick<Question, 'role' | 'plan' | 'status'> & { readonly tenant: Document }

function variants(
  tenant: Document,
  subject: DecisionRequest['subject'],
  roles: readonly string[],
  plans: readonly string[],
): readonly Variant[] {
  const members = (tenant.members ?? []) as readonly Member[]
  const record = subject.type === 'user' ? members.find(({ user }) => user === subject.id) : undefined
  const plan = String(tenant.plan ?? 'none')
  const own = {
    role: record === undefined ? (subject.type === 'user' ? noRecord : `service ${subject.id}`) : String(record.role),
    plan,
    status: String(record?.status ?? 'active'),
  }
  const settings = Object.entries((tenant.settings ?? {}) as Document).flatMap(([name, value]) => {
    const { [name]: _, ...without } = tenant.settings as Document
    const turned = typeof value === 'boolean' ? [{ ...without, [name]: !value }] : []
    return [without, ...turned].map((changed): Variant => ({ ...own, tenant: { ...tenant, settings: changed } }))
  })
  const onEachPlan = plans.map((name): Variant => ({ ...own, plan: name, tenant: { ...tenant, plan: name } }))
  const asWritten = [{ ...own, tenant }, ...settings, ...onEachPlan]
  if (subject.type !== 'user') return asWritten
  const others = members.filter((member) => member !== record)
  const as = (role: string, status: string, onPlan: string): Variant => ({
    role,
    status,
    plan: onPlan,
    tenant: {
      ...tenant,
      ...(onPlan === 'none' ? {} : { plan: onPlan }),
      members: [...others, { ...record, user: subject.id, role, status }],
    },
  })
  return [
    ...asWritten,
    ...roles.flatMap((role) => [plan, ...plans].map((name) => as(role, 'active', name))),
    ...roles.flatMap((role) => statuses.map((status) => as(role, status, plan))),
    { role: noRecord, plan, status: 'none', tenant: { ...tenant, members: others } },
  ]
}

function union(records: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))]
}
