import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import { compileSchema, type Validator, validateJson } from '../document/schema.ts'
import { PosternError } from '../pdp/errors.ts'
import type { TenantFacts } from '../pdp/facts.ts'
import { factsOfDocument, type TenantDocument } from '../pdp/tenant-document.ts'

let validator: Validator<TenantDocument> | undefined

/** What every tenant document must look like, whatever its system. */
export function tenantValidator(): Validator<TenantDocument> {
  validator ??= compileSchema<TenantDocument>(tenantSchema(), 'a tenant document')
  return validator
}

interface Listed {
  readonly properties: Readonly<Record<string, unknown>>
}

/** The names that the schema lists: of a document, of its settings and of a member. */
export function listedNames(): { readonly [of in 'document' | 'settings' | 'member']: ReadonlySet<string> } {
  const { properties } = tenantSchema()
  const namesOf = (listed: Listed) => new Set(Object.keys(listed.properties))
  return {
    document: namesOf({ properties }),
    settings: namesOf(properties.settings),
    member: namesOf(properties.members.items),
  }
}

/** What the parts of a document must look like: its settings, and of its lists by name each element. */
export function tenantPartValidators(): ReadonlyMap<string, Validator<unknown>> {
  const parts = Object.entries(tenantSchema().properties) as [string, { items?: object }][]
  return new Map(
    parts.map(([name, schema]) => [name, compileSchema(schema.items ?? schema, 'a part of a tenant document')]),
  )
}

function tenantSchema(): { properties: { settings: Listed; members: { items: Listed } } & Listed['properties'] } {
  return JSON.parse(readFileSync(join(packageRoot(), 'config/schema/tenant.schema.json'), 'utf8'))
}

/** Facts of a document that came with a request. Throws `malformed_tenant` with the first problem's JSON Pointer. */
export function inlineFacts(validator: Validator<TenantDocument>): (document: unknown) => TenantFacts {
  return (document) => {
    if (!validator.accepts(document)) {
      const [first] = validateJson(document, validator)
      throw new PosternError('malformed_tenant', first?.message, { pointer: `/tenant${first?.pointer ?? ''}` })
    }
    const [second] = repeatedUsers(document)
    if (second !== undefined)
      throw new PosternError('malformed_tenant', 'a second record of the same user', {
        pointer: `/tenant/members/${second}/user`,
      })
    return factsOfDocument(document)
  }
}

/** Indexes of members whose user an earlier record has. */
export function repeatedUsers(document: TenantDocument): number[] {
  const seen = new Set<string>()
  return (document.members ?? []).flatMap(({ user }, index) => {
    if (seen.has(user)) return [index]
    seen.add(user)
    return []
  })
}
