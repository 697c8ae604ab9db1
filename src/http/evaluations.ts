import { randomUUID } from 'node:crypto'
import type { Answer, Pdp, SnapshotPdp } from '../pdp/decision.ts'
import { type DecisionRecorder, recordFailure } from '../pdp/decision-recorder.ts'
import { PosternError } from '../pdp/errors.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import {
  asObject,
  type Json,
  malformed,
  type Question,
  refuseInlineTenant,
  requestOf,
  within,
} from './authzen-question.ts'
import type { Callers } from './callers.ts'
import { reported } from './decision-api.ts'
import type { HttpLog, Instruments } from './instruments.ts'
import { renderAnswer, renderVerdict } from './render.ts'
import { type Reply, reply } from './reply.ts'

export interface EvaluationsParts {
  readonly pdp: SnapshotPdp
  readonly callers: Callers
  readonly settings: {
    readonly limits: {
      /** The most items of one request. */
      readonly batch_items: number
    }
  }
  readonly metrics: Instruments
  readonly log: HttpLog
  /** Undefined where decisions are not recorded. */
  readonly recorder?: DecisionRecorder | undefined
}

/** The decision after which a semantic goes no further; undefined: after none. */
const lastDecision = new Map<unknown, boolean | undefined>([
  ['execute_all', undefined],
  ['deny_on_first_deny', false],
  ['permit_on_first_permit', true],
])

const entities = ['subject', 'action', 'resource', 'context'] as const

/** `POST /access/v1/evaluation`. */
export function evaluate(parts: EvaluationsParts, question: Question): Promise<Reply> {
  refuseInlineTenant(question.body)
  return single(parts, question)
}

/**
 * `POST /access/v1/evaluations`: every item is decided by one policy and one state of its tenant. Without items the
 * body itself is the question, and is answered as on `/evaluation`.
 */
export async function evaluateAll(parts: EvaluationsParts, question: Question): Promise<Reply> {
  const { body, full, requestId } = question
  const stopAt = lastDecisionOf(body.options)
  const items = itemsOf(body, parts.settings.limits.batch_items)
  if (items.length === 0) return single(parts, question)
  const defaults = defaultsOf(body)
  const pdp = parts.pdp.snapshot()
  // A document that is wrong is so for every item: once, as the answer, rather than in each.
  if (defaults.tenant !== undefined) {
    const about = within({ tenant: defaults.tenant }, question.tenant)
    parts.callers.admit(question.rights, about, 'decide')
    await pdp.open(about)
  }
  const batchId = randomUUID()
  const bytes = Math.ceil(question.bytes / items.length)

  const answers: string[] = []
  for (const item of items) {
    let decision = false
    try {
      const answer = await decide(parts, pdp, { ...question, bytes, body: questionOf(defaults, item) }, batchId)
      const text = render(answer, full)
      decision = answer.decision.decision
      answers.push(text)
    } catch (error) {
      // The items before it were decided upon another state.
      if (error instanceof PosternError && error.code === 'tenant_changed') throw error
      // An item that cannot be decided is a denial in its place, which only its error tells from the policy's no.
      const { status, message, code } = reported(parts, error, requestId)
      const context = { error: full ? { status, message, code } : { status, message } }
      answers.push(JSON.stringify({ decision, context }))
    }
    if (decision === stopAt) break
  }
  return reply(200, `{"evaluations":[${answers.join(',')}]}`, requestId, { 'X-Postern-Batch-Id': batchId })
}

async function single(parts: EvaluationsParts, question: Question): Promise<Reply> {
  const answer = await decide(parts, parts.pdp, question)
  return reply(200, render(answer, question.full), question.requestId, { 'X-Postern-Decision-Id': answer.decisionId })
}

async function decide(
  { callers, metrics, recorder }: EvaluationsParts,
  pdp: Pdp,
  question: Question,
  batchId?: string,
): Promise<Answer> {
  const { body, requestId, bytes } = question
  const told = { dialect: 'authzen', requestId, bytes, ...(batchId === undefined ? {} : { batchId }) }
  let request: DecisionRequest | undefined
  try {
    request = requestOf(body, question)
    callers.admit(question.rights, request, 'decide')
    const asked = performance.now()
    const answer = await pdp.decide(request)
    const seconds = (performance.now() - asked) / 1000
    // Throws where a record is required and cannot be had: then this answer must not leave, and is not counted.
    recorder?.decided({ ...told, request, answer, seconds })
    metrics.decided('authzen', answer, seconds)
    return answer
  } catch (error) {
    recordFailure(recorder, { ...told, request }, error)
    throw error
  }
}

function render(answer: Answer, full: boolean): string {
  return full ? renderAnswer(answer) : renderVerdict(answer)
}

function lastDecisionOf(options: unknown = {}): boolean | undefined {
  const { evaluations_semantic: semantic = 'execute_all' } = asObject(options, '/options', '`options`')
  if (!lastDecision.has(semantic)) {
    const known = [...lastDecision.keys()].join(', ')
    throw malformed('/options/evaluations_semantic', `\`options.evaluations_semantic\` must be one of ${known}`)
  }
  return lastDecision.get(semantic)
}

function itemsOf({ evaluations = [] }: Json, most: number): readonly unknown[] {
  if (!Array.isArray(evaluations)) throw malformed('/evaluations', '`evaluations` must be a list')
  if (evaluations.length <= most) return evaluations
  const detail = `${evaluations.length} items, and the limit is ${most}`
  throw new PosternError('too_many_items', detail, { pointer: '/evaluations' })
}

/** What stands in for a member that an item leaves out. It may be incomplete: an item may bring all that it needs. */
function defaultsOf(body: Json): Json & { readonly tenant?: Json } {
  for (const name of [...entities, 'tenant'])
    if (body[name] !== undefined) asObject(body[name], `/${name}`, `\`${name}\``)
  return body as Json & { readonly tenant?: Json }
}

/** A member of the item replaces the default of its name whole: nothing is merged. */
function questionOf(defaults: Json, value: unknown): Json {
  const item = asObject(value, '', 'an item of `evaluations`')
  refuseInlineTenant(item)
  const question: Record<string, unknown> = { tenant: defaults.tenant }
  for (const name of entities) question[name] = (Object.hasOwn(item, name) ? item : defaults)[name]
  return question
}
