import { PosternError } from '../pdp/errors.ts'
import { headerOnce, type RawHeaders } from './raw-headers.ts'
import { Refusal } from './refusals.ts'

/** A description holds the headers of one request, which the gateways bound far below this, and no body. */
export const descriptionBytes = 262_144

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The JSON that a plugin sent. It is the gateway that writes it, so what a client sends cannot make a member twice.
 *
 * @throws PosternError when it is not declared as JSON, is none, or is longer than `descriptionBytes`; Refusal when the
 * gateway ended it early
 */
export async function descriptionBody(headers: RawHeaders, body: AsyncIterable<Uint8Array>): Promise<unknown> {
  if (!/^application\/json *(?:;|$)/i.test(headerOnce(headers, 'Content-Type') ?? ''))
    throw new PosternError('unsupported_media_type')
  const bytes = await bounded(body)
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    // The message of the SyntaxError quotes the body, so it goes nowhere.
    throw new PosternError('malformed_json')
  }
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.length
      if (size > descriptionBytes) break
      chunks.push(chunk)
    }
  } catch {
    throw new Refusal('description_cut')
  }
  if (size > descriptionBytes) throw new PosternError('too_large', `the limit is ${descriptionBytes} bytes`)
  return Buffer.concat(chunks, size)
}
