import type { DecisionRequest } from '../pdp/request.ts'
import type { Base, SystemBases } from './decision-bases.ts'
import { bareRequest } from './member-rights.ts'
import { type Pinned, pinnedOf } from './question-facts.ts'
import type { ReviewedPolicy } from './reviewed-policy.ts'

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

/** A subject without a record, and a role, a plan and a status that nobody defined. */
export const noRecord = 'no record'
const undefinedRole = 'undefined_role'
const undefinedPlan = 'undefined_plan'
const undefinedStatus = 'undefined_status'
const statuses = ['active', 'pending', 'inactive'] as const

/**
 * What is asked of one system: every row as it is written; for every row, and for the demo tenant with every permission,
 * the subject with each role in each status on each plan; with its own role in each status on each plan under each value
 * of a setting or gate that the permission reads, and with each role under each such value; with what nobody defined;
 * without a record; and each service that any of the policies lets ask. `policies` are all that are asked, so that all
 * are asked alike. Values of two settings are not crossed with each other, and of those the system's files hold a few of
 * each are taken (see `pinnedOf`): the space grows with the rows, not with their product.
 */
export function questionsOf(
  system: string,
  policies: readonly ReviewedPolicy[],
  sources: readonly SystemBases[],
): readonly Question[] {
  const models = policies.map(({ model }) => model[system]).filter((model) => model !== undefined)
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
  const roles = union(models.map((model) => model.roles))
  const plans = union(models.map((model) => model.plans ?? {}))
  const pinned = pinnedOf(
    system,
    policies,
    [...bases.values()].map(({ tenant }) => tenant),
  )
  const documents = new Map<string, Document>()
  // Equal documents are one object: each is checked and indexed once.
  const shared = (document: Document): Document => {
    const text = JSON.stringify(document)
    const known = documents.get(text) ?? document
    documents.set(text, known)
    return known
  }
  const made = new Map<string, readonly Variant[]>()
  const variantsOf = ({ tenant, subject, action }: Base['request']): readonly Variant[] => {
    const facts = pinned(action.name)
    const key = JSON.stringify([tenant, subject, facts])
    const known = made.get(key)
    if (known !== undefined) return known
    const unlike = new Map<Document, Variant>()
    for (const variant of variants(tenant, subject, { roles, plans, facts })) {
      const document = shared(variant.tenant)
      if (!unlike.has(document)) unlike.set(document, { ...variant, tenant: document })
    }
    made.set(key, [...unlike.values()])
    return [...unlike.values()]
  }
  return [...bases.values()].flatMap((request) =>
    variantsOf(request).map(({ tenant, ...point }) => ({
      system,
      permission: request.action.name,
      ...point,
      request: { ...request, tenant },
    })),
  )
}

type Variant = Pick<Question, 'role' | 'plan' | 'status'> & { readonly tenant: Document }

interface Space {
  readonly roles: readonly string[]
  readonly plans: readonly string[]
  readonly facts: readonly Pinned[]
}

/** The subject in the tenant as it is written first, then with others' values in place of its own. */
function variants(
  tenant: Document,
  subject: DecisionRequest['subject'],
  { roles, plans, facts }: Space,
): readonly Variant[] {
  const members = (tenant.members ?? []) as readonly Member[]
  const isUser = subject.type === 'user'
  const record = isUser ? members.find(({ user }) => user === subject.id) : undefined
  const others = members.filter((member) => member !== record)
  const own = {
    role: record === undefined ? (isUser ? noRecord : `service ${subject.id}`) : String(record.role),
    plan: String(tenant.plan ?? 'none'),
    status: String(record?.status ?? 'active'),
  }
  const ownPlans = [own.plan, ...plans]
  const onPlan = (plan: string): Document => (plan === own.plan ? tenant : { ...tenant, plan })
  const unchanged = ownPlans.map((plan): Variant => ({ ...own, plan, tenant: onPlan(plan) }))
  const outside: Variant = { ...own, plan: undefinedPlan, tenant: onPlan(undefinedPlan) }
  const settled = (base: Variant) => facts.map((fact) => ({ ...base, tenant: withFact(base.tenant, fact, subject.id) }))
  const asWritten = [...unchanged, outside]
  if (!isUser) return [...asWritten, ...unchanged.flatMap(settled)]
  const as = (role: string, status: string, plan: string): Variant => {
    const changed = { ...record, user: subject.id, role, status }
    const among = record === undefined ? [...members, changed] : members.map((one) => (one === record ? changed : one))
    return { role, status, plan, tenant: { ...onPlan(plan), members: among } }
  }
  const inEachState = (role: string) => statuses.flatMap((status) => ownPlans.map((plan) => as(role, status, plan)))
  return [
    ...asWritten,
    ...[...unchanged, ...(record === undefined ? [] : inEachState(own.role))].flatMap(settled),
    ...roles.flatMap((role) => [
      ...inEachState(role),
      ...settled(as(role, own.status, own.plan)),
      as(role, 'active', undefinedPlan),
      as(role, undefinedStatus, own.plan),
    ]),
    ...[...ownPlans, undefinedPlan].map((plan) => as(undefinedRole, 'active', plan)),
    ...[...statuses, undefinedStatus].map((status) => as(undefinedRole, status, own.plan)),
    { role: noRecord, plan: own.plan, status: 'none', tenant: { ...tenant, members: others } },
  ]
}

/** The document with one fact as it is pinned; a subject without a record has none to change. */
function withFact(document: Document, { of, name, value }: Pinned, user: string): Document {
  const pin = (record: Document): Document => {
    const { [name]: _, ...without } = record
    return value === undefined ? without : { ...without, [name]: value }
  }
  if (of === 'settings') return { ...document, settings: pin((document.settings ?? {}) as Document) }
  const members = (document.members ?? []) as readonly Member[]
  return { ...document, members: members.map((member) => (member.user === user ? pin(member) : member)) }
}

function union(records: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))]
}
