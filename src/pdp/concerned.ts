import { PosternError } from './errors.ts'
import { bounded, own } from './fact-record.ts'
import { address } from './member.ts'
import type { DecisionRequest } from './request.ts'

/** Something given to, or made by, a user or a group: a path or a collection. */
export interface Share {
  readonly user?: string
  readonly group?: string
  readonly path?: string
  readonly collection?: string
  /** Of a share; who made a thing has no level. */
  readonly level?: string
}

export function property(request: DecisionRequest, name: string): unknown {
  return own(request.resource.properties, name)
}

/** The objects of a list that the request brings; anything else in it stands as an empty object. */
export function listed(fact: string, value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return []
  return bounded(fact, value).map((item) => (typeof item === 'object' && item !== null ? item : {}))
}

/** A text that is not blank. */
export function isGiven(value: unknown): value is string {
  return typeof value === 'string' && address(value) !== ''
}

/** An entry that names both a path and a collection, or neither, is about nothing; so it is with user and group. */
export function isAboutSomething({ user, group, path, collection }: Share): boolean {
  return (path === undefined) !== (collection === undefined) && (user === undefined) !== (group === undefined)
}

/** More folders than anybody has; each of them is looked up. */
const mostFolders = 1_000

/** The paths that the request names with all folders above them, each once. Throws `too_many_facts` for very many. */
export function pathsOf(request: DecisionRequest): ReadonlySet<string> {
  const named = [property(request, 'path'), own(request.context, 'destination'), own(request.context, 'asset_path')]
  const paths = new Set<string>()
  for (const path of named) {
    if (typeof path !== 'string') continue
    paths.add(path).add('/')
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      paths.add(path.slice(0, slash))
      if (paths.size > mostFolders)
        throw new PosternError('too_many_facts', `a path with more than ${mostFolders} folders above it`)
    }
  }
  return paths
}
