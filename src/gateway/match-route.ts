import type { PlacedRoute, TemplateSegment } from './route.ts'

/** A route and the texts that stand in its template's places. */
export interface Match {
  readonly route: PlacedRoute
  readonly segments: ReadonlyMap<string, string>
}

/**
 * The route that takes a request: one that names the host before one that does not, and among those a literal before a
 * `{name}` in the same place. Reading the file has made sure that no two are equal in this order.
 */
export function matchRoute(
  routes: readonly PlacedRoute[],
  method: string,
  segments: readonly string[],
  host: string | undefined,
): Match | undefined {
  const taking = routes.filter(
    (route) =>
      route.method === method &&
      (route.host === undefined || route.host === host) &&
      route.template.length === segments.length &&
      route.template.every((part, index) => takes(part, segments[index] as string)),
  )
  const ofHost = taking.filter((route) => route.host !== undefined)
  const candidates = ofHost.length > 0 ? ofHost : taking
  const route = candidates.find((one) => candidates.every((other) => isAtLeastAsNarrow(one.template, other.template)))
  if (route === undefined) return undefined
  const named = route.template.flatMap((part, index) =>
    typeof part === 'string' ? [] : [[part.name, segments[index] as string] as const],
  )
  return { route, segments: new Map(named) }
}

/** An empty segment is never a value: `/keys/` is not the key of an empty name. */
function takes(part: TemplateSegment, segment: string): boolean {
  return typeof part === 'string' ? part === segment : segment !== ''
}

/** True when whatever the first template takes, the second, of the same length and overlapping it, takes as well. */
function isAtLeastAsNarrow(one: readonly TemplateSegment[], other: readonly TemplateSegment[]): boolean {
  return one.every((part, index) => typeof part === 'string' || typeof other[index] !== 'string')
}

/** Why two routes of one method and host cannot stand side by side; undefined when they can. */
export function conflictOf(one: PlacedRoute, other: PlacedRoute): 'same' | 'overlap' | undefined {
  if (one.method !== other.method || one.host !== other.host || one.template.length !== other.template.length)
    return undefined
  const apart = one.template.some((part, index) => {
    const opposite = other.template[index]
    if (typeof part === 'string' && typeof opposite === 'string') return part !== opposite
    return part === '' || opposite === ''
  })
  if (apart) return undefined
  const narrower = isAtLeastAsNarrow(one.template, other.template)
  const wider = isAtLeastAsNarrow(other.template, one.template)
  if (narrower && wider) return 'same'
  return narrower || wider ? undefined : 'overlap'
}
