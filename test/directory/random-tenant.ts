import type { DecisionRequest } from '../../src/pdp/request.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { randomCase } from '../reference/generate.ts'
import { toWire } from '../reference/rows.ts'

/** A random tenant of the id `t<seed>`, and a request about it that names no tenant. */
export function randomTenant(seed: number) {
  const { document, request } = randomCase(seed)
  const { tenant: _, ...asked } = toWire({
    id: '',
    document,
    others: [],
    request,
    expect: 'deny',
    reason: '',
    obligations: [],
  })
  return { document: { ...document, tenant: `t${seed}` } as TenantDocument, request: asked as DecisionRequest }
}
