import { problemAt } from './reasons.ts'
import type { SystemContext } from './system-context.ts'
import type { LifecycleRow } from './system-files.ts'

/** What the sidecar itself asks on the first of each month, for each member whose record has the attribute set. */
export interface Monthly {
  readonly service: string
  readonly attribute: string
}

/** The attributes that the sidecar says: for whom, and the day. */
const said = ['user', 'context.date']

/** Undefined where nobody asks by the month. `service` is the one that the row is asked by, if any. */
export function compileMonthly(
  context: SystemContext,
  permission: string,
  { monthly: attribute, takes = {} }: LifecycleRow,
  service: string | undefined,
): Monthly | undefined {
  if (attribute === undefined) return undefined
  const refuse = (message: string, remedy: string) =>
    context.refuse(problemAt(context.files.lifecycle, ['permissions', permission, 'monthly'], message, remedy))
  const needed = Object.keys(takes).filter((name) => !name.endsWith('?'))
  const unsaid = needed.find((name) => !said.includes(name))
  const missing = said.find((name) => !needed.includes(name))
  if (service === undefined)
    refuse(`\`${permission}\` is asked by no service`, 'say `who`, as `service:<name>`, or leave out `monthly`')
  else if (missing !== undefined)
    refuse(`\`${permission}\` does not take \`${missing}\``, `name it under \`takes\`, or leave out \`monthly\``)
  else if (unsaid !== undefined)
    refuse(`\`${permission}\` takes \`${unsaid}\`, which nobody says by the month`, `make it \`${unsaid}?\``)
  return { service: service ?? '', attribute }
}
