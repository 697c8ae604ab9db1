import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadPolicy } from '../../src/app/activate.ts'
import { tenantDocuments } from '../../src/app/project.ts'
import { readTenants } from '../../src/directory/document-tenants.ts'
import { inlineFacts, tenantValidator } from '../../src/directory/tenant-schema.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import type { TenantSource } from '../../src/pdp/facts.ts'
import { apiOver } from '../http/fixture.ts'
import { builtBundle, memoLimits, project } from '../support/policy.ts'

/** The decision point that `npm start` serves, and what was looked up for it. */
export function demoApi(public_url: string | null = 'https://pdp.example.com') {
  const lookups: string[] = []
  const policy = loadPolicy(builtBundle(), 64)
  const validator = tenantValidator()
  const stored = readTenants(tenantDocuments(project, null), project.root, validator, new Set(policy.systems.keys()))
  const tenants: TenantSource = {
    find(tenant) {
      lookups.push(tenant)
      const facts = stored.find(tenant)
      const record = (user: string) => {
        lookups.push(`${tenant} ${user}`)
        return facts?.record(user)
      }
      return facts && { ...facts, record }
    },
  }
  const read = inlineFacts(validator)
  const inline = (document: unknown) => {
    lookups.push('document')
    return read(document)
  }
  const pdp = createPdp({ tenants, inline, defaultTenant: 'acme-filestack', memo: memoLimits })
  pdp.activate(policy)
  return {
    ...apiOver((request) => pdp.decide(request), undefined, undefined, { snapshot: () => pdp.snapshot(), public_url }),
    lookups,
    pdp,
    ids: stored.ids,
  }
}

/** The page that says how it is used. */
export const readme = readFileSync(join(project.root, 'README.md'), 'utf8')
