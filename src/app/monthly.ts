import type { Directory } from '../directory/directory.ts'
import type { ServerLog } from '../log/server-log.ts'
import { own } from '../pdp/fact-record.ts'
import type { MemberPlace } from '../pdp/members-query.ts'
import type { SystemIndex } from '../pdp/policy.ts'
import { type Repeated, repeatedly } from './repeatedly.ts'

export interface MonthlyParts {
  readonly directory: Pick<Directory, 'list' | 'members' | 'months'>
  /** Undefined while there is no policy. */
  readonly systems: () => ReadonlyMap<string, SystemIndex> | undefined
  readonly actMonthly: (action: MonthlyAction) => Promise<void>
  readonly log: Pick<ServerLog, 'error'>
  readonly now?: () => Date
  /** How often the calendar is looked at. Default a minute. */
  readonly everyMs?: number
}

/** An action that a month asks for. */
export interface MonthlyAction {
  readonly tenant: string
  readonly action: string
  readonly service: string
  readonly user: string
  /** `YYYY-MM`; the action's day is its first. */
  readonly month: string
}

/** Tenants, and members of one, that are read at once. */
const page = 1_000

/**
 * Asks, from the first day of each month on, for what the systems' rows have by the month. A month that began while nothing
 * ran is made up for, one that is over is not. A new directory begins with its next month.
 *
 * Any number of processes may do so at the same time: an action is carried out once for each member and month, as is
 * noted in its own transaction. A month counts as done when somebody has gone through all tenants without an error.
 */
export function startMonthly(parts: MonthlyParts): Repeated {
  const { directory, log, now = () => new Date(), everyMs = 60_000 } = parts
  let finished: string | undefined

  const look = async (stopping: () => boolean): Promise<void> => {
    const month = now().toISOString().slice(0, 7)
    const systems = parts.systems()
    if (month === finished || systems === undefined) return
    const { months } = directory
    if (!(await months.has(month))) {
      if ((await months.begun()) && !(await carryOut(parts, systems, month, stopping))) return
      await months.done(month)
    }
    finished = month
  }
  return repeatedly(everyMs, look, (error) => log.error('what the month asks for cannot be carried out', { error }))
}

/** False where it did not come to its end. What fails for one member keeps nothing from the others. */
async function carryOut(
  { directory, actMonthly, log }: MonthlyParts,
  systems: ReadonlyMap<string, SystemIndex>,
  month: string,
  stopping: () => boolean,
): Promise<boolean> {
  let whole = true
  for await (const wanted of actionsOf(directory, systems, month)) {
    if (stopping()) return false
    try {
      await actMonthly(wanted)
    } catch (error) {
      whole = false
      log.error('what the month asks for cannot be carried out', { error })
    }
  }
  return whole
}

async function* actionsOf(
  directory: MonthlyParts['directory'],
  systems: ReadonlyMap<string, SystemIndex>,
  month: string,
): AsyncGenerator<MonthlyAction> {
  for (let found = await directory.list(page); found.length > 0; found = await directory.list(page, found.at(-1)?.id))
    for (const { id: tenant, system } of found)
      for (const [action, { monthly }] of systems.get(system)?.permissions ?? []) {
        if (monthly === undefined) continue
        const { service, attribute } = monthly
        for await (const user of membersWith(directory, tenant, attribute))
          yield { tenant, action, service, user, month }
      }
}

async function* membersWith(
  directory: MonthlyParts['directory'],
  tenant: string,
  attribute: string,
): AsyncGenerator<string> {
  let from: MemberPlace | undefined
  do {
    const found = await directory.members(tenant, { sort: 'user', limit: page, from })
    for (const member of found?.members ?? []) if (own({ ...member }, attribute) === true) yield member.user
    from = found?.next
  } while (from !== undefined)
}
