import { PosternError } from '../pdp/errors.ts'
import type { DecisionRequest } from '../pdp/request.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * The body as a question, unchanged, once it has the members that AuthZEN 1.0 asks for. Unknown members stay and mean
 * nothing (AuthZEN: they MUST be ignored).
 *
 * @throws PosternError `malformed_request`, with a JSON Pointer to the first member that is missing or of a wrong type
 */
export function decisionRequest(body: unknown): DecisionRequest {
  if (!isObject(body)) throw wrong('', 'the body must be an object')
  const subject = entity(body, 'subject')
  nonEmpty(subject, 'subject', 'type')
  nonEmpty(subject, 'subject', 'id')
  const action = entity(body, 'action')
  nonEmpty(action, 'action', 'name')
  const resource = entity(body, 'resource')
  nonEmpty(resource, 'resource', 'type')
  // `""` is allowed here: an action on a whole type has no resource to name.
  if (typeof resource.id !== 'string') throw wrong('/resource/id', '`resource.id` must be a string')
  if (body.context !== undefined && !isObject(body.context)) throw wrong('/context', '`context` must be an object')
  if (body.tenant !== undefined && !isObject(body.tenant)) throw wrong('/tenant', '`tenant` must be an object')
  return body as unknown as DecisionRequest
}

function entity(body: Json, name: string): Json {
  const value = body[name]
  if (!isObject(value)) throw wrong(`/${name}`, `\`${name}\` must be an object`)
  if (value.properties !== undefined && !isObject(value.properties)) {
    throw wrong(`/${name}/properties`, `\`${name}.properties\` must be an object`)
  }
  return value
}

function nonEmpty(value: Json, parent: string, name: string): void {
  const text = value[name]
  if (typeof text !== 'string' || text === '') {
    throw wrong(`/${parent}/${name}`, `\`${parent}.${name}\` must be a non-empty string`)
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(pointer: string, detail: string): PosternError {
  return new PosternError('malformed_request', detail, { pointer })
}
