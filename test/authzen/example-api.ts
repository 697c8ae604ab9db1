import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { loadPolicy } from '../../src/app/activate.ts'
import type { BundleIndex } from '../../src/app/build.ts'
import { readTenants } from '../../src/directory/document-tenants.ts'
import { inlineFacts, tenantValidator } from '../../src/directory/tenant-schema.ts'
import { packageRoot } from '../../src/document/package-root.ts'
import { readBundle } from '../../src/opa/bundle.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import { apiOver } from '../http/fixture.ts'
import { memoLimits } from '../support/policy.ts'
import { tinyProject } from '../support/project-copy.ts'

export const publicUrl = 'https://pdp.example.com'

/** The example systems of AuthZEN, each with a tenant of its name: YAML, Rego and documents under `systems`. */
export const examples = ['certification', 'todo', 'records', 'api_gateway'] as const

/** Where the examples stand, with the routes of the API gateway scenario. */
export const systemsRoot = join(packageRoot(), 'test/authzen/systems')

/** Builds the examples, and serves them in one process. */
export async function exampleApi() {
  const copy = tinyProject()
  try {
    cpSync(systemsRoot, copy.root, { recursive: true })
    await copy.build()
    const policy = loadPolicy(readBundle<BundleIndex>(copy.bundle), 64)
    const validator = tenantValidator()
    const files = examples.map((name) => join(copy.root, 'config/systems', name, 'tenant.yaml'))
    const tenants = readTenants(files, copy.root, validator, new Set(policy.systems.keys()))
    const pdp = createPdp({ tenants, inline: inlineFacts(validator), defaultTenant: 'certification', memo: memoLimits })
    pdp.activate(policy)
    const options = { snapshot: () => pdp.snapshot(), public_url: publicUrl, person_types: ['identity'] }
    return { pdp, ids: tenants.ids, app: apiOver((request) => pdp.decide(request), undefined, undefined, options).app }
  } finally {
    copy.remove()
  }
}
