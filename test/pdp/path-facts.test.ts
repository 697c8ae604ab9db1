import fc from 'fast-check'
import { expect, it } from 'vitest'
import { factsOfDocument } from '../../src/pdp/tenant-document.ts'

/** The paths of a document's shares that concern a request for `path`. */
function concerned(shared: readonly string[], path: string): readonly string[] {
  const facts = factsOfDocument({
    tenant: 't',
    system: 'acme',
    shares: shared.map((folder) => ({ user: 'ann', path: folder })),
    collection_assets: { all: shared },
  })
  const subject = { type: 'user', id: 'ann' }
  const resource = { type: 'file', id: '-', properties: { path } }
  const request = { subject, action: { name: 'file:view' }, resource }
  const shares = JSON.parse(facts.item('shares', request) ?? '') as readonly { readonly path: string }[]
  expect(JSON.parse(facts.item('collections', request) ?? '').all ?? []).toEqual(shares.map((share) => share.path))
  return shares.map((share) => share.path)
}

it('what is shared concerns a path when it is the path, a folder above it, or the root', () => {
  const anyPath = fc.string({ unit: fc.constantFrom('/', 'a', 'b'), maxLength: 6 })
  fc.assert(
    fc.property(fc.uniqueArray(anyPath, { maxLength: 20 }), anyPath, (shared, path) => {
      const above = [path, '/', ...[...path].flatMap((sign, at) => (sign === '/' && at > 0 ? [path.slice(0, at)] : []))]
      expect(concerned(shared, path)).toEqual(shared.filter((folder) => above.includes(folder)))
    }),
    { numRuns: 2_000, seed: 7 },
  )
})

it('a path of more than 1,000 folders is not looked up', () => {
  expect(concerned(['/a', '/b'], '/a'.repeat(999))).toEqual(['/a'])
  expect(() => concerned(['/a', '/b'], '/a'.repeat(1_001))).toThrow(expect.objectContaining({ code: 'too_many_facts' }))
})
