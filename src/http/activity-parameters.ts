import type { ActivityQuery } from '../pdp/activity.ts'
import { malformed } from './authzen-question.ts'
import { pageLimit, refuseUnknown } from './page-parameters.ts'

/** Reads the parameters of a list of activity. Throws `malformed_request` with the parameter's name. */
export function activityQuery(parameters: URLSearchParams): ActivityQuery {
  refuseUnknown(parameters, ['user', 'cursor', 'limit'])
  const user = parameters.get('user') ?? undefined
  if (user === '') throw malformed('', '`user` must not be empty; leave it out to list all')
  const cursor = parameters.get('cursor')
  return { user, before: cursor === null ? undefined : placeIn(cursor), limit: pageLimit(parameters) }
}

/** The cursor of a place in the activity of a tenant. */
export function activityCursor(before: number): string {
  return Buffer.from(String(before)).toString('base64url')
}

function placeIn(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!/^\d{1,15}$/.test(text)) throw malformed('', '`cursor` must be the `next` of a page')
  return Number(text)
}
