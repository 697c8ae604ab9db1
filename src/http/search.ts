import { setImmediate } from 'node:timers/promises'
import { goesWith } from '../pdp/action-type.ts'
import type { Pdp, Snapshot, SnapshotPdp } from '../pdp/decision.ts'
import { PosternError } from '../pdp/errors.ts'
import type { Candidate } from '../pdp/facts.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { asObject, type Json, malformed, type Question, refuseInlineTenant, requestOf } from './authzen-question.ts'
import type { Callers } from './callers.ts'
import type { PageStart, PageTokens } from './page-tokens.ts'
import { type Reply, reply } from './reply.ts'

export interface SearchParts {
  readonly pdp: SnapshotPdp
  readonly callers: Callers
  readonly settings: {
    readonly search: {
      /** The most that one page goes through. */
      readonly candidates: number
    }
  }
  readonly pageTokens: PageTokens
}

/** What is looked for. */
export type SearchKind = 'subject' | 'resource' | 'action'

/** So many are decided before other requests get their turn. */
const stretch = 64

/** So often a page is gone through, and so often while others have their turns between its stretches. */
const attempts = { all: 10, withOthers: 2 }

/**
 * `POST /access/v1/search/{kind}`: those of the tenant's candidates that the policy allows, each decided as
 * `/evaluation` would decide it. Candidates whose facts read the same are evaluated once, for the decision cache holds
 * what the policy sees, and the policy sees no more than its rules read.
 *
 * INVARIANT: a page ends after a bounded number of candidates, with or without results; nothing is kept between pages.
 * INVARIANT: a page is of one state of its tenant. When the tenant is written meanwhile it is begun again, and at last
 * gone through without giving others of this process a turn to write.
 */
export async function search(parts: SearchParts, question: Question, kind: SearchKind): Promise<Reply> {
  const { body, requestId } = question
  refuseInlineTenant(body)
  const request = questionAbout(question, kind)
  parts.callers.admit(question.rights, request, 'decide')
  const { id } = await parts.pdp.snapshot().open(request)
  const asked = canonical([kind, id, body.subject, body.action, body.resource, body.context])
  const start = startOf(body.page, asked, parts.pageTokens)
  const found = await ofOneState((others) =>
    pageOf(parts.pdp.snapshot(), request, kind, start, parts.settings.search.candidates, others),
  )

  // Under the type that was asked for, which may stand for another.
  const { type } = (body[kind] ?? {}) as Json
  const results = JSON.stringify(found.ids.map((id) => (kind === 'action' ? { name: id } : { type, id })))
  // Who asked for no page and got everything needs none.
  if (body.page === undefined && !found.more) return reply(200, `{"results":${results}}`, requestId)
  const next = found.more ? parts.pageTokens.write(asked, { ...start, ...found.end }) : ''
  return reply(200, `{"page":${JSON.stringify({ next_token: next })},"results":${results}}`, requestId)
}

interface Page {
  readonly ids: readonly string[]
  /** Where the next one goes on, if there is one. */
  readonly end: Pick<PageStart, 'after'>
  readonly more: boolean
}

/** Lets other requests have their turn, or does not. */
type Others = () => Promise<unknown>

async function ofOneState(page: (others: Others) => Promise<Page>): Promise<Page> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await page(() => (attempt <= attempts.withOthers ? setImmediate() : Promise.resolve()))
    } catch (error) {
      const again = error instanceof PosternError && error.code === 'tenant_changed' && attempt < attempts.all
      if (!again) throw error
    }
  }
}

async function pageOf(
  pdp: Snapshot,
  request: DecisionRequest,
  kind: SearchKind,
  { after: from, limit = Number.POSITIVE_INFINITY }: PageStart,
  most: number,
  others: Others,
): Promise<Page> {
  const open = await pdp.open(request)
  const candidates = (
    after: string | undefined,
    count: number,
  ): readonly Candidate[] | Promise<readonly Candidate[]> =>
    kind === 'action' ? open.actions(after, count) : open.candidates(request[kind].type, after, count)
  const ids: string[] = []
  let after = from
  let left = most
  while (left > 0 && ids.length < limit) {
    const wanted = Math.min(stretch, left)
    const some = await candidates(after, wanted)
    for (const { id, position } of some) {
      if (ids.length >= limit) break
      if (await isAllowed(pdp, withCandidate(request, kind, id))) ids.push(id)
      after = position
    }
    if (some.length < wanted) break
    left -= some.length
    await others()
  }
  return { ids, end: after === undefined ? {} : { after }, more: (await candidates(after, 1)).length > 0 }
}

async function isAllowed(pdp: Pdp, request: DecisionRequest): Promise<boolean> {
  if (!goesWith(request.action.name, request.resource.type)) return false
  try {
    return (await pdp.decide(request)).decision.decision === true
  } catch (error) {
    // The properties of the request name another resource than the candidate.
    if (error instanceof PosternError && error.code === 'ambiguous_resource') return false
    throw error
  }
}

function withCandidate(request: DecisionRequest, kind: SearchKind, id: string): DecisionRequest {
  if (kind === 'action') return { ...request, action: { ...request.action, name: id } }
  return { ...request, [kind]: { ...request[kind], id } }
}

/** The question with something in the place of what is looked for, so that the rest of it is checked as ever. */
function questionAbout(question: Question, kind: SearchKind): DecisionRequest {
  const { body } = question
  if (kind === 'action') return requestOf({ ...body, action: { name: '-' } }, question)
  return requestOf({ ...body, [kind]: { ...asObject(body[kind], `/${kind}`, `\`${kind}\``), id: '-' } }, question)
}

function startOf(page: unknown, asked: string, tokens: PageTokens): PageStart {
  const { token, limit } = page === undefined ? {} : asObject(page, '/page', '`page`')
  if (limit !== undefined && !(Number.isSafeInteger(limit) && (limit as number) >= 0))
    throw malformed('/page/limit', '`page.limit` must be a whole number, 0 or more')
  if (token === undefined) return limit === undefined ? {} : { limit: limit as number }
  if (typeof token !== 'string') throw malformed('/page/token', '`page.token` must be a string')
  const start = tokens.read(asked, token)
  if (limit !== undefined && limit !== start.limit)
    throw malformed('/page/limit', 'a page with a token has the limit of the first page')
  return start
}

/** The same text for values that differ only in the order of members. The value is no deeper than a body may be. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
