import { actionType } from '../pdp/action-type.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { canonicalPath } from './canonical-path.ts'
import type { Asked } from './dialects.ts'
import { matchRoute } from './match-route.ts'
import { queryValue } from './query-value.ts'
import { headerOnce, type RawHeaders } from './raw-headers.ts'
import { Refusal } from './refusals.ts'
import type { PlacedRoute, Source } from './route.ts'

/** What a client's request asks of the policy, but for who asks. */
export interface Routed {
  readonly route: PlacedRoute
  readonly action: DecisionRequest['action']
  readonly resource: DecisionRequest['resource']
  /** Undefined for the default tenant. */
  readonly tenant: string | undefined
}

/**
 * Finds the route of a client's request and what is asked on it. A part of the request that is not there is left out,
 * so that the policy says what is missing.
 *
 * @throws Refusal when no route takes it, or something that the decision needs has more than one reading
 */
export function routeRequest(routes: readonly PlacedRoute[], asked: Asked, headers: RawHeaders): Routed {
  const target = canonicalPath(asked.target)
  if ('fault' in target) throw new Refusal('path_ambiguous', target.fault)
  const match = matchRoute(routes, asked.method, target.segments, asked.host)
  if (match === undefined) throw new Refusal('no_route')
  const { route } = match

  const textOf = (source: Source): string | undefined => {
    if (typeof source === 'string') return source
    if ('segment' in source) return match.segments.get(source.segment)
    if ('header' in source) return headerOnce(headers, source.header)
    const found = queryValue(target.query, source.query)
    if (found === 'ambiguous') throw new Refusal('query_ambiguous', `\`${source.query}\` has more than one reading`)
    return found?.value
  }
  const properties = Object.entries(route.resource?.properties ?? {}).flatMap(([name, source]) => {
    const text = textOf(source)
    return text === undefined ? [] : [[name, text] as const]
  })
  return {
    route,
    action: { name: route.action },
    resource: {
      type: actionType(route.action) ?? (route.resource?.type as string),
      id: (route.resource?.id === undefined ? undefined : textOf(route.resource.id)) ?? '-',
      ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
    },
    tenant: route.tenant === undefined ? undefined : textOf(route.tenant),
  }
}
