import { setImmediate } from 'node:timers/promises'
import type { Decision } from './decision.ts'
import { PosternError } from './errors.ts'
import { applyPatch } from './json-patch.ts'
import type { Prepared } from './prepare.ts'
import type { DecisionRequest } from './request.ts'
import { refusingStages } from './stages.ts'
import type { TenantChange } from './tenant-change.ts'
import { changesOf } from './tenant-changes.ts'
import { type DocumentFacts, factsOfDocument, type TenantDocument } from './tenant-document.ts'

/** A change that turns the decision, with the reason of the allow that it leads to. */
export interface NearestGrant extends TenantChange {
  /** Of two changes that turn it only together, the kind of the second. */
  readonly with?: TenantChange['kind']
  readonly reason: string
}

/** How many changes of two are tried, and how many of them are shown: it takes an evaluation each. */
const mostTried = 200
const mostShown = 5

/** A change that was tried and was not enough. */
interface Refused {
  readonly change: TenantChange
  readonly document: TenantDocument
  readonly decision: Decision
}

/**
 * The changes that turn the refusal of `tenant`: single ones, and where none of them does, two together. What the second
 * is chosen from is the tenant as the first leaves it. `decide` is the path that decisions take.
 */
export async function nearestGrants(
  request: DecisionRequest,
  tenant: DocumentFacts,
  { limit }: Decision,
  prepared: Prepared,
  decide: (tenant: DocumentFacts) => Decision,
): Promise<readonly NearestGrant[]> {
  const after = (document: TenantDocument, { patch }: TenantChange) => outcomeOf(applyPatch(document, patch), decide)
  const found: NearestGrant[] = []
  const refused: Refused[] = []
  for (const change of changesOf(tenant.document, request, prepared, limit)) {
    if (change.kind === 'limit' && found.some(({ kind }) => kind === 'limit')) continue
    const { document, decision } = await after(tenant.document, change)
    if (decision?.decision) found.push({ ...change, reason: decision.reason })
    else if (decision !== undefined) refused.push({ change, document, decision })
  }
  if (found.length > 0) return found

  let tried = 0
  for (const first of furthestFirst(refused))
    for (const second of changesOf(first.document, request, prepared, first.decision.limit)) {
      // Of most things one has a single one; shares add up.
      if (second.kind === first.change.kind && second.kind !== 'share') continue
      if (found.some((grant) => isSame(grant, first.change, second))) continue
      if (found.length === mostShown || tried === mostTried) return found
      tried++
      const { decision } = await after(first.document, second)
      if (decision?.decision) found.push({ ...together(first.change, second), reason: decision.reason })
    }
  return found
}

/** Without a decision where the policy gives none. */
async function outcomeOf(document: TenantDocument, decide: (tenant: DocumentFacts) => Decision) {
  // A large tenant takes a while for each change; the decisions of others go in between.
  await setImmediate()
  try {
    return { document, decision: decide(factsOfDocument(document)) }
  } catch (error) {
    if (error instanceof PosternError) return { document, decision: undefined }
    throw error
  }
}

/** A change that got the request to a later stage is likelier to be one half of what it takes. */
function furthestFirst(refused: readonly Refused[]): readonly Refused[] {
  const stages: readonly string[] = refusingStages
  return [...refused].sort((a, b) => stages.indexOf(b.decision.stage) - stages.indexOf(a.decision.stage))
}

function together(first: TenantChange, second: TenantChange): Omit<NearestGrant, 'reason'> {
  const member = first.member ?? second.member
  return {
    kind: first.kind,
    with: second.kind,
    change: `${first.change}, and ${second.change}`,
    ...(member === undefined ? {} : { member }),
    patch: [...first.patch, ...second.patch],
  }
}

/** The same two the other way round, or with the limit raised further than it need be. */
function isSame(grant: NearestGrant, first: TenantChange, second: TenantChange): boolean {
  if (grant.change === `${second.change}, and ${first.change}`) return true
  return second.kind === 'limit' && grant.with === 'limit' && grant.change.startsWith(`${first.change}, and `)
}
