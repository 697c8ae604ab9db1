import type { DecisionRequest } from '../pdp/request.ts'
import { requestSchema } from './request-schema.ts'
import { shapeCheck } from './shape-check.ts'

const check = shapeCheck(requestSchema, 'the body')

/**
 * The body as a question, unchanged, once it has the members that AuthZEN 1.0 asks for. Unknown members stay and mean
 * nothing (AuthZEN: they MUST be ignored).
 *
 * @throws PosternError `malformed_request`, with a JSON Pointer to the first member that is missing or of a wrong type
 */
export function decisionRequest(body: unknown): DecisionRequest {
  check(body)
  return body as DecisionRequest
}
