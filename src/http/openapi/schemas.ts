import { errorTable } from '../../pdp/errors.ts'
import { refusingStages } from '../../pdp/stages.ts'
import { requestSchema } from '../request-schema.ts'

const text = (description: string) => ({ type: 'string', description })

const obligation = {
  type: 'object',
  description: 'What the caller must do about the decision; the rest are parameters of its type.',
  required: ['type'],
  properties: { type: { type: 'string' } },
}

const limit = {
  type: 'object',
  description: 'The bound that the decision ran into; `limit: null` means none.',
  required: ['name', 'limit', 'used'],
  properties: {
    name: { type: 'string' },
    limit: { type: ['integer', 'null'] },
    used: { type: 'integer' },
    plan: { type: 'string' },
    next_plan: text('The smallest plan above with room.'),
  },
}

const decided = {
  reason: text('One of a closed set, config/reasons.yaml and those of the systems.'),
  message: text('One line for people.'),
  rule: text('`file:line` of the policy that decided.'),
  limit,
  obligations: { type: 'array', items: obligation },
  policy: text('Digest of the bundle that decided.'),
}
const always = ['reason', 'message', 'rule', 'obligations', 'policy']
const decision = { type: 'boolean' }
const revision = text('Revision of the facts of the tenant.')

const stageRule = {
  type: 'object',
  required: ['rule', 'place', 'verdict'],
  properties: {
    rule: text('`checks.x`, `conditions.x` or `grants.x`.'),
    place: text('`file:line` where it is named.'),
    verdict: { description: '`ok` or a reason, of a grant its word; null where it says nothing.' },
  },
}

const stage = {
  type: 'object',
  required: ['stage', 'outcome', 'rules'],
  properties: {
    stage: { enum: [...refusingStages, 'allow'] },
    outcome: { enum: ['passed', 'refused', 'not_reached'] },
    reason: text('Of the stage that decided.'),
    saw: { type: 'object', description: 'What the core looked at.' },
    rules: { type: 'array', items: stageRule },
  },
}

const nearestGrant = {
  type: 'object',
  required: ['kind', 'change', 'patch', 'reason'],
  properties: {
    kind: text('What is changed: a seat, a key, an override, a role, a plan, …'),
    with: text('Of two changes that turn it only together, the kind of the second.'),
    change: text('One line for people.'),
    member: text('Of a freed seat, the user who gives it up.'),
    patch: { type: 'array', description: 'A JSON Patch (RFC 6902) of the tenant document.', items: { type: 'object' } },
    reason: text('Of the allow that it leads to.'),
  },
}

/** The schemas that have a name: `#/components/schemas/<name>`. */
export const schemas = {
  Question: requestSchema,
  Decision: {
    type: 'object',
    required: ['decision', 'context'],
    properties: {
      decision,
      context: {
        type: 'object',
        required: [...always, 'decision_id', 'revision', 'cache'],
        properties: {
          ...decided,
          decision_id: text('The name of this answer in logs.'),
          revision,
          cache: { enum: ['hit', 'miss', 'bypass'] },
        },
      },
    },
  },
  Explanation: {
    type: 'object',
    required: ['decision', 'context', 'revision', 'stages', 'facts', 'nearest_grants'],
    properties: {
      decision,
      context: { type: 'object', required: always, properties: decided },
      revision,
      stages: { type: 'array', items: stage },
      facts: { type: 'object', description: 'What the policy saw, by path.' },
      nearest_grants: {
        type: ['array', 'null'],
        description: 'The changes that turn a deny; null where the tenant is not held as a document.',
        items: nearestGrant,
      },
    },
  },
  Readiness: {
    type: 'object',
    required: ['status'],
    properties: {
      status: { enum: ['ready', 'not_ready'] },
      checks: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'ok'],
          properties: { name: { type: 'string' }, ok: { type: 'boolean' } },
        },
      },
    },
  },
  Evaluation: {
    type: 'object',
    required: ['decision'],
    properties: { decision, context: { type: 'object', description: 'When asked for, and of an item that has none.' } },
  },
  SearchResults: {
    type: 'object',
    required: ['results'],
    properties: {
      results: {
        type: 'array',
        items: {
          type: 'object',
          properties: { type: { type: 'string' }, id: { type: 'string' }, name: { type: 'string' } },
        },
      },
      page: { type: 'object', required: ['next_token'], properties: { next_token: { type: 'string' } } },
    },
  },
  OpaDecision: {
    type: 'object',
    required: ['decision', ...always, 'revision'],
    properties: { decision, ...decided, revision },
  },
  Error: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message', 'remedy', 'request_id'],
        properties: {
          code: { enum: Object.keys(errorTable) },
          message: text('What the code means.'),
          detail: text('What is wrong here.'),
          pointer: text('A JSON Pointer into the body that was sent.'),
          remedy: text('What to do.'),
          request_id: text('As in `X-Request-ID`.'),
        },
      },
    },
  },
  OpaError: {
    type: 'object',
    required: ['code', 'message'],
    properties: {
      code: { enum: ['invalid_parameter', 'internal_error'] },
      message: text('The code of the table, a colon, and what is wrong here.'),
    },
  },
  Empty: { type: 'object', maxProperties: 0 },
}
