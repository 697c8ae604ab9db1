import { problemAt, problemAtKey } from './reasons.ts'
import { type SystemContext, unknownName } from './system-context.ts'
import { type CheckStage, namedStages } from './system-files.ts'

/** Reads what each check may answer, and whose figures an answer shows then. */
export function declareChecks(context: SystemContext): void {
  const { files, reasons, yields, limits, refuse, name } = context
  const { lifecycle } = files
  for (const [check, entry] of Object.entries(lifecycle.value.checks)) {
    const plain = Array.isArray(entry)
    const { refuses, limit } = plain ? { refuses: entry as readonly string[] } : (entry as LimitedCheck)
    yields.set(`checks.${check}`, refuses)
    for (const [index, reason] of refuses.entries()) {
      const path = plain ? ['checks', check, index] : ['checks', check, 'refuses', index]
      if (!reasons.isRefusal(reason)) refuse(unknownName(lifecycle, path, 'reason', reason, reasons.messages.keys()))
    }
    if (limit === undefined) continue
    const path = ['checks', check, 'limit']
    name(['limits', limit], lifecycle, path)
    for (const reason of refuses) {
      const other = limits.get(reason)?.[1]
      if (other !== undefined && other !== limit)
        refuse(problemAt(lifecycle, path, `\`${reason}\` shows the limit \`${other}\` elsewhere`))
      limits.set(reason, ['limits', limit])
    }
  }
}

interface LimitedCheck {
  readonly refuses: readonly string[]
  readonly limit?: string
}

/** Reads what each condition may answer. */
export function declareConditions(context: SystemContext): void {
  const { files, reasons, conditions, yields, refuse } = context
  const { matrix } = files
  for (const [condition, entry] of Object.entries(conditions)) {
    const path = ['conditions', condition]
    const stages = namedStages.filter((stage) => stage in entry) as CheckStage[]
    const [stage] = stages
    if (stage === undefined || stages.length !== 1) {
      const message = `condition \`${condition}\` names ${stages.length} stages`
      refuse(problemAtKey(matrix, path, message, 'name exactly one'))
      continue
    }
    const refuses = entry[stage] ?? []
    yields.set(`conditions.${condition}`, refuses)
    for (const [index, reason] of refuses.entries()) {
      if (!reasons.isRefusal(reason))
        refuse(unknownName(matrix, [...path, stage, index], 'reason', reason, reasons.messages.keys()))
      else if (index === 0 && reasons.rank(stage, reason) === undefined)
        refuse(problemAt(matrix, [...path, stage, index], `\`${reason}\` is no reason of stage \`${stage}\``))
    }
    if (entry.allows !== undefined && !reasons.allows.has(entry.allows))
      refuse(unknownName(matrix, [...path, 'allows'], 'reason of an allow', entry.allows, reasons.allows))
  }
}

/** The stage that a condition is asked in; undefined where its declaration is at fault, which was said. */
export function stageOf(context: SystemContext, condition: string): CheckStage | undefined {
  const entry = context.conditions[condition]
  return entry && (namedStages.find((stage) => stage in entry) as CheckStage | undefined)
}

/** Reads the grants; gives the one that decides each permission, where one does. */
export function declareGrants(context: SystemContext): ReadonlyMap<string, string> {
  const { files, reasons, rows, yields, refuse, name } = context
  const { matrix } = files
  const grantOf = new Map<string, string>()
  const onAll: string[] = []
  for (const [grant, entry] of Object.entries(matrix.value.grants ?? {})) {
    const path = ['grants', grant]
    const { on, allows, refuses = [] } = entry
    yields.set(`grants.${grant}`, [...allows, ...refuses])
    name(['grants', grant], matrix, path)
    for (const [index, reason] of allows.entries()) {
      if (!reasons.allows.has(reason))
        refuse(unknownName(matrix, [...path, 'allows', index], 'reason of an allow', reason, reasons.allows))
    }
    for (const [index, reason] of refuses.entries()) {
      if (reasons.rank('right', reason) === undefined)
        refuse(
          unknownName(matrix, [...path, 'refuses', index], 'reason of stage `right`', reason, reasons.messages.keys()),
        )
    }
    if (on === 'all') {
      if (onAll.push(grant) > 1)
        refuse(problemAtKey(matrix, path, 'a second grant is on `all`', 'name its permissions'))
      continue
    }
    for (const [index, permission] of on.entries()) {
      const at = [...path, 'on', index]
      const other = grantOf.get(permission)
      if (!rows.has(permission)) refuse(unknownName(matrix, at, 'permission', permission, rows.keys()))
      else if (other !== undefined)
        refuse(problemAt(matrix, at, `\`${permission}\` has the grant \`${other}\` already`))
      else grantOf.set(permission, grant)
    }
  }
  const [all] = onAll
  if (all !== undefined)
    for (const permission of rows.keys()) if (!grantOf.has(permission)) grantOf.set(permission, all)
  return grantOf
}
