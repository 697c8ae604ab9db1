import type { Effect, EffectSource } from '../pdp/effect.ts'
import { problemAt } from './reasons.ts'
import { type SystemContext, unknownName } from './system-context.ts'
import type { LifecycleRow } from './system-files.ts'

const guards: ReadonlySet<string> = new Set(['with', 'where', 'unless', 'each'])

/** The effects of a row as they stand, once everything that they name is known to be there. */
export function compileEffects(context: SystemContext, permission: string, row: LifecycleRow): readonly Effect[] {
  const effects = row.effects ?? []
  for (const [index, effect] of effects.entries()) {
    const path = ['permissions', permission, 'effects', index]
    const { lifecycle } = context.files
    const verbs = Object.keys(effect).filter((name) => !guards.has(name))
    if (verbs.length !== 1)
      context.refuse(problemAt(lifecycle, path, `an effect has one verb, and this one has ${verbs.length}`))
    if (effect.move !== undefined && row.to === undefined)
      context.refuse(problemAt(lifecycle, path, 'the effect moves a member, and the row says not `to` which state'))
    const obligations = context.reasons.obligations
    if (effect.with !== undefined && !obligations.has(effect.with))
      context.refuse(unknownName(lifecycle, [...path, 'with'], 'obligation', effect.with, obligations))
    const taken = new Set(Object.keys(row.takes ?? {}).map((name) => name.replace(/\?$/, '')))
    const missing = attributesOf(effect).find((name) => !taken.has(name))
    if (missing !== undefined) {
      const message = `the effect uses \`${missing}\`, which \`${permission}\` does not take`
      context.refuse(problemAt(lifecycle, path, message, `name it under \`takes\`, as \`${missing}?: any\` if need be`))
    }
  }
  return effects
}

/** Attributes of the request that an effect reads; those of a list's elements are the policy's business. */
function attributesOf(effect: Effect): readonly string[] {
  if (effect.each !== undefined) return [effect.each]
  const found = Object.entries(effect).flatMap(([verb, value]) => {
    if (verb === 'with' || verb === 'where' || verb.startsWith('clear_')) return []
    if (verb === 'unless') return Object.keys(value as object)
    if (verb === 'create_member') return ['email', ...sourceNames(value)]
    if (value === 'target') return ['user']
    if (value === 'subject') return []
    if (verb.endsWith('_record')) {
      const { by = [], members = [] } = value as { by?: readonly string[]; members?: readonly string[] }
      return [...by, ...members]
    }
    return sourceNames(value)
  })
  return found
}

function sourceNames(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return Object.values(value as Record<string, EffectSource>).filter((source) => typeof source === 'string')
}
