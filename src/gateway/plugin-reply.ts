import { clientHeaders, type GatewayAnswer, onwardHeaders } from './answer.ts'
import type { Plugin } from './plugins.ts'

/**
 * The result that a plugin reads. Kong makes a 500 of everything but 200 with a result, so the status for the client
 * stands inside.
 *
 * INVARIANT: `allow` is true for a status of 200 and false for every other, and never anything else: APISIX takes the
 * texts and numbers of its language for true, even `"false"` and 0.
 */
export function pluginReply(plugin: Plugin, answer: GatewayAnswer): string {
  if (answer.status === 200) return JSON.stringify({ result: { allow: true, headers: onwardHeaders(answer) } })
  // The plugins write an object as JSON; as a page the text would depend on how they write it.
  const headers = clientHeaders({ ...answer, page: false })
  const { status, body } = answer
  const result =
    plugin === 'kong'
      ? { allow: false, status, headers, message: body }
      : { allow: false, status_code: status, headers, reason: body }
  return JSON.stringify({ result })
}
