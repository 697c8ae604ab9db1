import { namesOf, replaceAt } from '../document/mask.ts'
import type { Explanation } from '../pdp/explain.ts'
import { address } from '../pdp/member.ts'
import type { NearestGrant } from '../pdp/nearest-grants.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import type { Stage } from '../pdp/stages.ts'

const hidden = '***'

/** The lists of a tenant of which the policy sees the items that a request is about. */
const itemLists: readonly string[] = ['shares', 'gallery_access']

/** Where the policy sees what a stage says that it saw. */
const seenAs: Readonly<Record<string, string>> = {
  action: 'request.action.name',
  system: 'tenant.system',
  role: 'member.role',
  status: 'member.status',
  plan: 'tenant.plan',
}

/**
 * The explanation without the values of the facts that the pointers name.
 *
 * INVARIANT: what is hidden in one place is said in no other. Every value is hidden by its place (in the facts, in what
 * stages saw, in the patches of grants); then each text that was hidden so is looked for in all that is left, for a
 * message or another fact may repeat it, in other letter case too.
 */
export function maskExplanation(
  explanation: Explanation,
  request: DecisionRequest,
  pointers: readonly string[],
): Explanation {
  if (pointers.length === 0) return explanation
  const { hide, isHidden, scrub, shown } = hiding(pointers)
  // What the policy did not see may be said all the same: the subject's id, or the plan of a tenant in the request.
  hide('request', request)
  if (request.tenant !== undefined) hide('tenant', request.tenant)

  const facts = Object.entries(explanation.facts).map(([path, value]) => [path, hide(path, value)] as const)
  const stages = explanation.stages.map((stage) => withSaw(stage, hide))
  const grants = explanation.nearest_grants?.map((grant) => hideInGrant(grant, hide))

  const { message, limit, obligations } = explanation.decision
  const showsLimit =
    limit !== undefined && !isHidden('counts') && !Object.values(limit).some((value) => scrub(value) !== value)
  const showsUse = limit === undefined ? !isHidden('counts') : showsLimit
  const { limit: _, ...decision } = explanation.decision
  return {
    decision: {
      ...decision,
      message: showsLimit || limit === undefined ? String(scrub(message)) : hidden,
      ...(showsLimit ? { limit } : {}),
      obligations: scrub(obligations) as typeof obligations,
    },
    revision: explanation.revision,
    stages: stages.map(({ saw, rules, ...stage }) => ({
      ...stage,
      ...(saw === undefined ? {} : { saw: scrub(saw) as NonNullable<Stage['saw']> }),
      rules: rules.map((rule) => ({ ...rule, verdict: scrub(rule.verdict) })),
    })),
    facts: Object.fromEntries(facts.map(([path, value]) => [scrubPath(shown(path), scrub), scrub(value)])),
    nearest_grants:
      grants
        // How far a limit is to be raised tells how much of it is used.
        ?.filter((grant) => showsUse || !raisesLimit(grant))
        .map((grant) => scrubGrant(grant, scrub)) ?? null,
  }
}

function raisesLimit(grant: NearestGrant): boolean {
  return grant.kind === 'limit' || grant.with === 'limit'
}

type Hide = (place: string, value: unknown) => unknown

function withSaw(stage: Stage, hide: Hide): Stage {
  if (stage.saw === undefined) return stage
  const saw = Object.entries(stage.saw).map(([name, value]) => {
    const place = seenAs[name]
    return [name, place === undefined || value === undefined ? value : hide(place, value)]
  })
  return { ...stage, saw: Object.fromEntries(saw) }
}

/** Other members' ids are hidden with the subject's: who hides the one would not show the others. */
function hideInGrant(grant: NearestGrant, hide: Hide): NearestGrant {
  const { member } = grant
  if (member !== undefined) for (const place of ['request.subject.id', 'member.user']) hide(place, member)
  const patch = grant.patch.map((step) => {
    if (step.op === 'remove') return step
    const [list = '', index = '', ...rest] = namesOf(step.path)
    const kind = itemLists.includes(list) ? 'items' : 'tenant'
    const place = list === 'members' && index !== '' ? ['member', ...rest] : [kind, list, index, ...rest]
    const value = hide(place.filter((name) => name !== '').join('.'), step.value)
    return { ...step, value }
  })
  return { ...grant, patch }
}

/** Of a patch the values alone: its paths are made of names and places of lists. */
function scrubGrant(grant: NearestGrant, scrub: (value: unknown) => unknown): NearestGrant {
  return {
    ...grant,
    change: String(scrub(grant.change)),
    ...(grant.member === undefined ? {} : { member: String(scrub(grant.member)) }),
    patch: grant.patch.map((step) => (step.op === 'remove' ? step : { ...step, value: scrub(step.value) })),
  }
}

/** `entities.user.x`, `counts.roles.x`: from the third name on a path is made of values. */
function scrubPath(path: string, scrub: (value: unknown) => unknown): string {
  const [kind, name, ...rest] = path.split('.')
  return rest.length === 0 ? path : `${kind}.${name}.${scrub(rest.join('.'))}`
}

/**
 * `hide` takes a value by its place and remembers the texts and numbers that were in it; `scrub` takes them out of any
 * value, the names in it included.
 */
function hiding(pointers: readonly string[]) {
  const masks = pointers.map(namesOf)
  const known = new Set<string>()
  let pattern: RegExp | undefined
  const remember = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) remember(inner)
    else if (typeof value === 'string' || typeof value === 'number') known.add(address(String(value)))
    pattern = undefined
  }
  // Places are compared as the facts are named, with dots: a name that has dots itself hides rather more.
  const hide: Hide = (place, value) =>
    masks.reduce<unknown>((left, names) => {
      const named = names.join('.')
      if (named === place || place.startsWith(`${named}.`)) {
        remember(left)
        remember(place.slice(named.length + 1).split('.'))
        return hidden
      }
      const at = names.findIndex((_, index) => names.slice(0, index).join('.') === place)
      if (at < 0) return left
      try {
        return replaceAt(left, names.slice(at), hidden, remember)
      } catch {
        remember(left)
        return hidden
      }
    }, value)
  const scrub = (value: unknown): unknown => {
    if (typeof value === 'object' && value !== null) {
      if (Array.isArray(value)) return value.map(scrub)
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [scrub(name), scrub(inner)]))
    }
    if (typeof value === 'number') return known.has(String(value)) ? hidden : value
    if (typeof value !== 'string') return value
    pattern ??= patternOf(known)
    return value.replace(pattern, hidden)
  }
  // The names below what is masked may be the secret, as those of overridden permissions are.
  const shown = (path: string): string =>
    masks.map((names) => names.join('.')).find((named) => path.startsWith(`${named}.`)) ?? path
  return { hide, scrub, shown, isHidden: (kind: string) => masks.some(([first]) => first === kind) }
}

/** The longest first, and whole words only: the number 3 is not in 13. */
function patternOf(known: ReadonlySet<string>): RegExp {
  const texts = [...known].filter((text) => text !== '').sort((a, b) => b.length - a.length)
  if (texts.length === 0) return /(?!)/g
  const any = texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|')
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${any})(?![\\p{L}\\p{N}_])`, 'giu')
}
