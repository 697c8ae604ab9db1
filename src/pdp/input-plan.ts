import type { Projection, TenantFacts } from './facts.ts'
import { normaliseInstant } from './instant.ts'
import type { DecisionRequest } from './request.ts'

/** How to write the input of one permission: the request and those facts that its rules read, in a fixed order. */
export interface InputPlan {
  readonly actionProperties: readonly string[]
  readonly subject: readonly string[]
  readonly subjectProperties: readonly string[]
  readonly resource: readonly string[]
  readonly properties: readonly string[]
  readonly context: readonly string[]
  /** Whether a rule of the permission itself reads the session's time, not just the core (see `write`). */
  readonly readsSession: boolean
  /** Whether a rule of the permission itself reads the context. */
  readonly looksUpContext: boolean
  readonly tenant: Projection
  readonly member: Projection
  readonly target: Projection
  readonly items: readonly string[]
  readonly counts: readonly string[]
  readonly entities: boolean
  readonly now: boolean
}

const projections = new Map<string, Projection>()

/** The same object for the same names, so that records can index their texts by its id. */
export function projectionOf(names: readonly string[]): Projection {
  const key = names.join(' ')
  const known = projections.get(key)
  if (known !== undefined) return known
  const made = Object.freeze({ id: projections.size, names: Object.freeze([...names]) })
  projections.set(key, made)
  return made
}

/** `needs` are paths of the fact catalogue with real names for `*`; `core` those that every permission reads. */
export function planInput(needs: readonly string[], core: readonly string[]): InputPlan {
  const all = [...new Set([...core, ...needs])].sort()
  const below = (prefix: string) =>
    all.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length))
  const session = 'request.context.session_issued_at'
  return Object.freeze({
    actionProperties: below('request.action.properties.'),
    subject: below('request.subject.').filter((name) => !name.includes('.')),
    subjectProperties: below('request.subject.properties.'),
    resource: below('request.resource.').filter((name) => name === 'type' || name === 'id'),
    properties: below('request.resource.properties.'),
    context: below('request.context.'),
    readsSession: needs.includes(session),
    looksUpContext: needs.some((path) => path.startsWith('request.context.')),
    tenant: projectionOf(below('tenant.')),
    member: projectionOf(below('member.')),
    target: projectionOf(below('target.')),
    items: below('items.'),
    counts: below('counts.'),
    entities: all.includes('entities'),
    now: all.includes('now'),
  })
}

/**
 * The exact text that the policy sees, which is also the cache key. `properties` are the request's resource properties
 * after `resource.id` has stood for one of them. `now` is UTC milliseconds, written only where a rule reads it.
 *
 * INVARIANT: strings come from `JSON.stringify`, so no value can end a string and pose as another member.
 */
export function writeInput(
  plan: InputPlan,
  request: DecisionRequest,
  properties: Readonly<Record<string, unknown>>,
  tenant: TenantFacts,
  now: () => string,
): string {
  const member = request.subject.type === 'user' ? tenant.record(request.subject.id) : undefined
  const withSession = plan.readsSession || member?.value('sessions_valid_after') !== undefined
  let text = `{"request":{"action":{${actionText(plan, request.action)}}${subjectText(plan, request.subject)}`
  text += `${resourceText(plan, request.resource, properties)}${contextText(plan, request.context, withSession)}`
  text += `},"tenant":${tenant.header.text(plan.tenant)}`
  if (member !== undefined) text += `,"member":${member.text(plan.member)}`
  if (plan.target.names.length > 0) {
    const target = typeof properties.user === 'string' ? tenant.record(properties.user) : undefined
    if (target !== undefined) text += `,"target":${target.text(plan.target)}`
  }
  if (plan.items.length > 0) {
    const asked =
      properties === request.resource.properties
        ? request
        : { ...request, resource: { ...request.resource, properties } }
    text += `,"items":{${written(plan.items, (name) => tenant.item(name, asked))}}`
  }
  if (plan.counts.length > 0) text += `,"counts":{${written(plan.counts, (name) => tenant.count(name))}}`
  if (plan.entities) {
    const entities = tenant.entities(request)
    if (entities !== undefined) text += `,"entities":${entities}`
  }
  if (plan.now) text += `,"now":"${now()}"`
  return `${text}}`
}

function actionText(plan: InputPlan, { name, properties = {} }: DecisionRequest['action']): string {
  const text = `"name":${JSON.stringify(name)}`
  return plan.actionProperties.length === 0 ? text : `${text},"properties":{${pick(plan.actionProperties, properties)}}`
}

function subjectText(plan: InputPlan, { type, id, properties = {} }: DecisionRequest['subject']): string {
  const own = pick(plan.subject, type === 'service' ? { type, id, service: id } : { type, id })
  const said = plan.subjectProperties.length === 0 ? '' : `"properties":{${pick(plan.subjectProperties, properties)}}`
  return member('subject', own, said)
}

/** `properties` are there, if only as an empty object, where a rule of the permission reads any. */
function resourceText(
  plan: InputPlan,
  { type, id }: DecisionRequest['resource'],
  properties: Readonly<Record<string, unknown>>,
): string {
  const said = plan.properties.length === 0 ? '' : `"properties":{${pick(plan.properties, properties)}}`
  return member('resource', pick(plan.resource, { type, id }), said)
}

/**
 * The session's time is left out where only the core reads it and the record sets no bound for sessions: the core does
 * not look at it then, and the same person's sessions share one cache entry.
 */
function contextText(plan: InputPlan, context: DecisionRequest['context'] = {}, withSession: boolean): string {
  const text = written(plan.context, (name) => {
    if (!Object.hasOwn(context, name)) return undefined
    if (name !== 'session_issued_at') return JSON.stringify(context[name])
    const instant = withSession ? normaliseInstant(context[name]) : undefined
    return instant === undefined ? undefined : `"${instant}"`
  })
  // Rules that look attributes up by name expect the object; the core does without it.
  return text === '' && !plan.looksUpContext ? '' : `,"context":{${text}}`
}

/** `,"name":{…}` of the parts that hold something. */
function member(name: string, ...parts: readonly string[]): string {
  const text = parts.filter((part) => part !== '').join(',')
  return text === '' ? '' : `,"${name}":{${text}}`
}

function pick(names: readonly string[], from: object): string {
  return written(names, (name) =>
    Object.hasOwn(from, name) ? JSON.stringify((from as Record<string, unknown>)[name]) : undefined,
  )
}

/** `"name":text` of each name that has a text. Names come from rules, which the catalogue bounds to plain words. */
function written(names: readonly string[], textOf: (name: string) => string | undefined): string {
  let text = ''
  for (const name of names) {
    const value = textOf(name)
    if (value !== undefined) text += `${text === '' ? '' : ','}"${name}":${value}`
  }
  return text
}
