import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import { DocumentError, type Problem } from '../document/problem.ts'
import { compileSchema, toPointer } from '../document/schema.ts'
import { type Path, readYaml, type YamlDocument } from '../document/yaml-document.ts'
import { actionType } from '../pdp/action-type.ts'
import { canonicalPath } from './canonical-path.ts'
import { conflictOf } from './match-route.ts'
import { type PlacedRoute, type Route, type Source, templateOf } from './route.ts'

interface RoutesFile {
  readonly routes: readonly Route[]
}

const file = 'config/routes.yaml'

/**
 * The routes of a project, in the order of the file; none where it has no `config/routes.yaml`. With `actions`, the
 * permissions of all systems, a route that asks for another is an error.
 *
 * @throws DocumentError with everything that is wrong in the file
 */
export function readRoutes(root: string, actions?: ReadonlySet<string>): readonly PlacedRoute[] {
  if (!existsSync(join(root, file))) return []
  const schema = JSON.parse(readFileSync(join(packageRoot(), 'config/schema/routes.schema.json'), 'utf8'))
  const document = readYaml<RoutesFile>(file, compileSchema<RoutesFile>(schema, 'the routes of the gateways'), { root })
  const problems: Problem[] = []
  const refuse = (path: Path, message: string, remedy: string) =>
    problems.push({ file, ...document.place(path), message, remedy, pointer: toPointer(path) })

  const placed = document.value.routes.map((route, index) => placedRoute(document, route, index, refuse))
  for (const [index, route] of document.value.routes.entries())
    if (actions !== undefined && !actions.has(route.action))
      refuse(['routes', index, 'action'], `no system lists the permission \`${route.action}\``, 'see its matrix.yaml')
  for (const [index, route] of placed.entries())
    for (const earlier of placed.slice(0, index)) {
      const conflict = conflictOf(route, earlier)
      if (conflict === undefined) continue
      const message =
        conflict === 'same'
          ? `this route is never reached: ${earlier.place} takes the same requests`
          : `this route and ${earlier.place} take the same requests, and neither is the narrower one`
      refuse(['routes', index, 'path'], message, conflict === 'same' ? 'remove one of them' : 'add one for those')
    }
  if (problems.length > 0) throw new DocumentError(problems)
  return Object.freeze(placed)
}

function placedRoute(
  document: YamlDocument<RoutesFile>,
  route: Route,
  index: number,
  refuse: (path: Path, message: string, remedy: string) => void,
): PlacedRoute {
  const at = ['routes', index]
  const template = templateOf(route.path)
  const place = `${file}:${document.place(at).line}`
  if (template === undefined) {
    refuse([...at, 'path'], `\`${route.path}\` has a brace inside a segment`, 'make the whole segment `{name}`')
    return { ...route, template: [], place }
  }
  const plain = template.map((part) => (typeof part === 'string' ? part : 'x')).join('/')
  const reading = canonicalPath(`/${plain}`)
  if ('fault' in reading || plain.includes('%') || plain.includes('?'))
    refuse(
      [...at, 'path'],
      `no request reaches \`${route.path}\`${'fault' in reading ? `: ${reading.fault}` : ', which is escaped or has a query'}`,
      'write the path decoded, without what is refused in a request',
    )
  const type = actionType(route.action)
  if (type === undefined && route.resource?.type === undefined)
    refuse([...at, 'action'], `\`${route.action}\` names no type of resource`, 'add `resource.type` to the route')
  if (type !== undefined && route.resource?.type !== undefined)
    refuse([...at, 'resource', 'type'], `\`${route.action}\` says already that it is about a \`${type}\``, 'remove it')
  const names = template.flatMap((part) => (typeof part === 'string' ? [] : [part.name]))
  if (new Set(names).size < names.length) refuse([...at, 'path'], 'a name stands twice in the path', 'rename one')
  const used: [Path, Source | undefined][] = [
    [[...at, 'tenant'], route.tenant],
    [[...at, 'resource', 'id'], route.resource?.id],
    ...Object.entries(route.resource?.properties ?? {}).map(([name, source]): [Path, Source] => [
      [...at, 'resource', 'properties', name],
      source,
    ]),
  ]
  for (const [path, source] of used)
    if (typeof source === 'object' && 'segment' in source && !names.includes(source.segment))
      refuse(path, `the path has no segment \`{${source.segment}}\``, `add it to \`${route.path}\``)
  return Object.freeze({ ...route, template: Object.freeze(template), place })
}
