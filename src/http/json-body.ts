import type { Context } from 'hono'
import { PosternError } from '../pdp/errors.ts'
import { asObject, type Json } from './authzen-question.ts'
import { type Bindings, readBody } from './body.ts'
import { type DecisionApiParts, isJson, readJson } from './decision-api.ts'

/** The object that a request brings. Throws `PosternError`. */
export async function jsonBody(
  { settings: { limits } }: Pick<DecisionApiParts, 'settings'>,
  { req: { raw }, env }: Context<{ Bindings: Bindings }>,
): Promise<Json> {
  if (!isJson(raw.headers.get('content-type'))) throw new PosternError('unsupported_media_type')
  const read = env?.body ?? (await readBody(raw, limits.body_bytes))
  return asObject(readJson(read, limits), '', 'the body')
}
