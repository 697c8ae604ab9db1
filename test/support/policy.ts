import { loadPolicy } from '../../src/app/activate.ts'
import type { BundleIndex } from '../../src/app/build.ts'
import { projectAt } from '../../src/app/project.ts'
import { inlineFacts, tenantValidator } from '../../src/directory/tenant-schema.ts'
import { packageRoot } from '../../src/document/package-root.ts'
import { type Bundle, readBundle } from '../../src/opa/bundle.ts'
import { type ActivePdp, createPdp } from '../../src/pdp/decide.ts'
import type { MemoLimits } from '../../src/pdp/memo.ts'
import type { Policy } from '../../src/pdp/policy.ts'

/** This repository as a policy project. */
export const project = projectAt(packageRoot())

export const memoLimits: MemoLimits = { entries: 100_000, bytes: 64 * 1024 * 1024, largestInput: 4096 }

/** The bundle that the global set-up built. */
export function builtBundle(folder = project.bundle): Bundle<BundleIndex> {
  return readBundle<BundleIndex>(folder)
}

/** A decision point without stored tenants: every request brings its own document. */
export function inlinePdp(policy: Policy = loadPolicy(builtBundle(), 64), memo: MemoLimits = memoLimits): ActivePdp {
  const pdp = createPdp({
    tenants: { find: () => undefined },
    inline: inlineFacts(tenantValidator()),
    defaultTenant: undefined,
    memo,
  })
  pdp.activate(policy)
  return pdp
}
