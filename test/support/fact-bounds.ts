import type { TenantDocument } from '../../src/pdp/tenant-document.ts'

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const keyed = <T>(count: number, value: T) => Object.fromEntries(times(count, (index) => [`n${index}`, value]))

/** By fact: a tenant and resource properties that make a fact of so many records. */
export const tenantWith: Readonly<
  Record<string, (count: number) => Partial<TenantDocument> & { readonly asks?: object }>
> = {
  'tenant.api_keys': (count) => ({ api_keys: times(count, (index) => `k${index}`) }),
  'tenant.projects': (count) => ({ projects: times(count, (index) => `p${index}`) }),
  'tenant.custom_levels': (count) => ({ custom_levels: times(count, (index) => ({ id: `l${index}` })) }),
  'tenant.gallery_roles': (count) => ({ gallery_roles: keyed(count, []) }),
  'items.invites': (count) => ({ asks: { invites: times(count, (index) => ({ email: `n${index}@example.com` })) } }),
  'items.key_holders': (count) => ({
    members: times(count, (index) => ({ user: `u${index}`, api_keys: ['k'] })),
    asks: { api_key: 'k' },
  }),
  'items.shares': (count) => ({ shares: times(count, () => ({ user: 'ann', path: '/' })), asks: { path: '/a' } }),
  'items.owned': (count) => ({ owners: times(count, () => ({ user: 'ann', path: '/a' })), asks: { path: '/a' } }),
  'items.collections': (count) => ({ collection_assets: keyed(count, ['/a']), asks: { path: '/a' } }),
  'items.gallery_access': (count) => ({
    gallery_access: times(count, (index) => ({ user: 'ann', project: `p${index}` })),
  }),
  'items.without_two_factor': (count) => ({ members: times(count, (index) => ({ user: `u${index}` })) }),
  'counts.roles': (count) => ({ members: times(count, (index) => ({ user: `u${index}`, role: `r${index}` })) }),
}
