import type { Context, Env, MiddlewareHandler } from 'hono'
import type { AuthorizationRequest, Client, Decided } from '../client/client.ts'

/** How to make the question out of a request, and what to do about its answer. */
export interface RouteQuestion<E extends Env> {
  readonly action: string
  subject(c: Context<E>): AuthorizationRequest['subject']
  resource(c: Context<E>): AuthorizationRequest['resource']
  context?(c: Context<E>): AuthorizationRequest['context']
  /** Does what the allow asks for, before the handler runs. Without it an allow with obligations is refused. */
  fulfil?(c: Context<E>, obligations: Decided['obligations']): Promise<void> | void
}

/**
 * Middleware for an application of Hono's, whose `Env` is `E`, that lets a request through when the sidecar allows it: 403 with the reason of a deny, 503 where
 * there is no decision, or where an allow has obligations that nobody fulfils.
 */
export function authorize<E extends Env>(
  client: Pick<Client, 'authorize'>,
  { action, subject, resource, context, fulfil }: RouteQuestion<E>,
): MiddlewareHandler<E> {
  return async (c, next) => {
    const about = context?.(c)
    const answer = await client.authorize({
      subject: subject(c),
      action: { name: action },
      resource: resource(c),
      ...(about === undefined ? {} : { context: about }),
    })
    if (answer.error !== undefined) return refusal(503, answer.error.code, 'the request cannot be authorized now')
    if (!answer.decision) return refusal(403, answer.reason, answer.message)
    if (answer.obligations.length > 0) {
      if (fulfil === undefined) return refusal(503, 'obligations_unfulfilled', 'nobody fulfils what the allow asks for')
      await fulfil(c, answer.obligations)
    }
    await next()
    return undefined
  }
}

function refusal(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status })
}
