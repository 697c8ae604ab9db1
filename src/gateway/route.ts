/** Where a text of the decision request comes from: written in the file, or a part of the client's request. */
export type Source = string | { readonly segment: string } | { readonly query: string } | { readonly header: string }

/** One row of config/routes.yaml: which requests it takes and what it asks about them. */
export interface Route {
  readonly method: string
  readonly path: string
  /** Undefined for every host. */
  readonly host?: string
  readonly action: string
  readonly resource?: {
    /** There if and only if the action has no colon. */
    readonly type?: string
    readonly id?: Source
    readonly properties?: Readonly<Record<string, Source>>
  }
  /** A tenant's id; undefined for the default tenant of the settings. */
  readonly tenant?: string | { readonly segment: string }
  /** Obligation types that the service behind the route carries out. */
  readonly obligations?: readonly string[]
}

/** A route with its template taken apart and its place. */
export interface PlacedRoute extends Route {
  readonly template: readonly TemplateSegment[]
  /** `file:line`. */
  readonly place: string
}

/** A literal, or the name of what stands there. */
export type TemplateSegment = string | { readonly name: string }

/** `/v1/keys/{key}` as its segments; undefined for one that is neither literal nor a whole `{name}`. */
export function templateOf(path: string): readonly TemplateSegment[] | undefined {
  const segments = path
    .slice(1)
    .split('/')
    .map((segment) => {
      const name = /^\{([a-z][a-z0-9_]*)\}$/.exec(segment)?.[1]
      return name === undefined ? segment : { name }
    })
  return segments.some((segment) => typeof segment === 'string' && /[{}]/.test(segment)) ? undefined : segments
}
