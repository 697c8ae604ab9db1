import { isGiven, property, type Share } from './concerned.ts'
import { own } from './fact-record.ts'
import { pointerOf } from './json-patch.ts'
import type { PermissionIndex } from './policy.ts'
import type { DecisionRequest } from './request.ts'
import type { TenantChange } from './tenant-change.ts'
import type { TenantDocument } from './tenant-document.ts'

/**
 * What the subject could be given on the things that the request names: a share, a gallery, a project. The levels and
 * roles that could be given are those that the tenant has. Only what the permission's rules read is worth a trial.
 */
export function accessChanges(
  document: TenantDocument,
  request: DecisionRequest,
  { input }: PermissionIndex,
): readonly TenantChange[] {
  return [
    ...(input.items.includes('shares') ? shareChanges(document, request) : []),
    ...(input.items.includes('gallery_access') ? galleryChanges(document, request) : []),
    ...(input.member.names.includes('scope') ? scopeChanges(document, request) : []),
    ...(input.tenant.names.includes('custom_levels') ? levelChanges(document, request) : []),
  ]
}

function shareChanges({ shares = [] }: TenantDocument, request: DecisionRequest): TenantChange[] {
  const user = request.subject.id
  const paths = [property(request, 'path'), own(request.context, 'destination'), own(request.context, 'asset_path')]
  const things: Share[] = [...new Set(paths.filter(isGiven))].map((path) => ({ path }))
  const collection = property(request, 'collection')
  if (isGiven(collection)) things.push({ collection })
  const levels = new Set(shares.map(({ level }) => level))
  return things.flatMap((thing) =>
    [...levels].map((level) => ({
      kind: 'share' as const,
      change: `\`${thing.path ?? thing.collection}\` is shared with \`${user}\` as \`${level}\``,
      patch: [{ op: 'add' as const, path: '/shares/-', value: { user, ...thing, level } }],
    })),
  )
}

function galleryChanges(document: TenantDocument, request: DecisionRequest): TenantChange[] {
  const { gallery_roles = {}, gallery_access, projects = [] } = document
  const user = request.subject.id
  const [project, path] = [property(request, 'project') ?? projects[0], property(request, 'path')]
  if (!isGiven(project)) return []
  const folder = isGiven(path) ? path : '/'
  return Object.keys(gallery_roles).map((role) => ({
    kind: 'gallery',
    change: `\`${user}\` has the gallery role \`${role}\` on \`${folder}\` of \`${project}\``,
    patch: [
      ...(gallery_access === undefined ? [{ op: 'add' as const, path: '/gallery_access', value: [] }] : []),
      { op: 'add', path: '/gallery_access/-', value: { user, project, folder, role } },
    ],
  }))
}

/** The project that the request names is added; or the scope is one that others have. */
function scopeChanges({ members = [] }: TenantDocument, request: DecisionRequest): TenantChange[] {
  const index = members.findIndex(({ user }) => user === request.subject.id)
  const member = members[index]
  if (member === undefined) return []
  const { user, scope } = member
  const project = property(request, 'project')
  const listed = typeof scope === 'object' ? scope : []
  const wider = new Set(members.flatMap((other) => (typeof other.scope === 'string' ? [other.scope] : [])))
  const scopes = [
    ...(isGiven(project) && typeof scope !== 'string' && !listed.includes(project) ? [[...listed, project]] : []),
    ...[...wider].filter((other) => other !== scope),
  ]
  return scopes.map((to) => ({
    kind: 'scope',
    change: `the scope of \`${user}\` is \`${typeof to === 'string' ? to : to.join('`, `')}\``,
    patch: [{ op: scope === undefined ? 'add' : 'replace', path: pointerOf('members', index, 'scope'), value: to }],
  }))
}

/** Where the subject's role is a level that the tenant made, the level could hold the permission, for all who have it. */
function levelChanges(document: TenantDocument, request: DecisionRequest): TenantChange[] {
  const role = (document.members ?? []).find(({ user }) => user === request.subject.id)?.role
  const index = role === undefined ? -1 : customLevels(document).indexOf(role)
  if (index < 0) return []
  const { name } = request.action
  return [
    {
      kind: 'custom_level',
      change: `the level \`${role}\` holds \`${name}\``,
      patch: [{ op: 'add', path: pointerOf('custom_levels', index, 'pages', '-'), value: name }],
    },
  ]
}

/** The ids of the levels that the tenant made, in its order. */
export function customLevels({ custom_levels = [] }: TenantDocument): readonly string[] {
  return (custom_levels as readonly { readonly id: string }[]).map(({ id }) => id)
}
