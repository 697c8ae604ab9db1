import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { malformed } from './authzen-question.ts'

/** Where a page begins. */
export interface PageStart {
  /** Behind which candidate; undefined: at the first. */
  readonly after?: string
  /** The most results of each page, as the first request asked. */
  readonly limit?: number
}

/** Tokens that stand for the next page of one question. They are signed, not secret, and nothing is kept for them. */
export interface PageTokens {
  write(question: string, start: PageStart): string
  /** Throws `malformed_request` for a token that was not written for this very question, by a holder of the key. */
  read(question: string, token: string): PageStart
}

/** `key` is the secret that several processes share; null: one that this process makes up and takes along. */
export function createPageTokens(key: string | null): PageTokens {
  const secret = key ?? randomBytes(32)
  const sign = (question: string, start: string) =>
    // A start holds no dot, so no other pair of question and start has the same text.
    createHmac('sha256', secret).update(`${start}.${question}`).digest()
  return {
    write(question, start) {
      const text = Buffer.from(JSON.stringify(start)).toString('base64url')
      return `${text}.${sign(question, text).toString('base64url')}`
    },
    read(question, token) {
      const [text = '', signature = ''] = token.split('.', 2)
      const expected = sign(question, text)
      const given = Buffer.from(signature, 'base64url')
      if (token !== `${text}.${signature}` || given.length !== expected.length || !timingSafeEqual(given, expected))
        throw malformed('/page/token', 'the token is of another request; ask for the first page again')
      return JSON.parse(Buffer.from(text, 'base64url').toString())
    },
  }
}
