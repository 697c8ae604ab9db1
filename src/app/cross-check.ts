import type { Problem } from '../document/problem.ts'
import type { CompiledSystem } from '../model/compile-system.ts'
import type { RegoRule } from '../opa/rego-index.ts'
import { ruleKinds } from './policy-needs.ts'

/** The rule's path below `data`, for every rule that the YAML of a system names. */
export type Resolution = ReadonlyMap<string, readonly string[]>

/**
 * Holds the YAML against the Rego: every name has its rule, every rule of a system is named, and both say the same of
 * what a rule may answer. Gives, per system, where each named rule lives.
 */
export function crossCheck(
  systems: readonly CompiledSystem[],
  rules: readonly RegoRule[],
  problems: Problem[],
): ReadonlyMap<string, Resolution> {
  const byPath = new Map<string, RegoRule[]>()
  for (const rule of rules) {
    const key = rule.path.join('.')
    byPath.set(key, [...(byPath.get(key) ?? []), rule])
  }
  const isNamedKind = (path: readonly string[]) => ruleKinds.includes(path[2] ?? '') && path.length === 4
  const found = new Map<string, Resolution>()
  for (const system of systems) {
    const resolution = new Map<string, readonly string[]>()
    for (const [key, place] of system.named) {
      const own = ['systems', system.name, ...key.split('.')]
      const shared = ['authz', 'shared', ...key.split('.')]
      const clauses = byPath.get(own.join('.')) ?? byPath.get(shared.join('.'))
      if (clauses === undefined) {
        problems.push({
          ...place,
          message: `no rule \`${key}\``,
          remedy: `write \`${key}\` in policies/systems/${system.name}, or correct the name`,
        })
        continue
      }
      resolution.set(key, clauses[0]?.path ?? own)
      problems.push(...clausesAgree(key, clauses, system), ...unknownTypes(clauses, system))
    }
    for (const rule of rules) {
      if (rule.path[0] !== 'systems' || rule.path[1] !== system.name || !isNamedKind(rule.path)) continue
      const key = rule.path.slice(2).join('.')
      if (byPath.has(['authz', 'shared', key].join('.')))
        problems.push({
          ...rule.place,
          message: `\`${key}\` is also a shared rule of policies/authz/shared`,
          remedy: 'give one of them another name',
        })
      else if (!system.named.has(key))
        problems.push({
          ...rule.place,
          message: `\`${key}\` is named by no YAML of \`${system.name}\``,
          remedy: `name it under config/systems/${system.name}, or remove it`,
        })
    }
    const own = rules.filter(({ path }) => path[0] === 'systems' && path[1] === system.name)
    problems.push(...unknownTypes(own, system))
    const written = new Set(own.flatMap((rule) => rule.types).map(({ value }) => value))
    for (const [type, place] of system.ownObligations)
      if (!written.has(type))
        problems.push({ ...place, message: `no rule asks for the obligation \`${type}\``, remedy: 'use or remove it' })
    found.set(system.name, resolution)
  }
  const names = new Set(systems.map((system) => system.name))
  for (const rule of rules)
    if (rule.path[0] === 'systems' && !names.has(rule.path[1] ?? ''))
      problems.push({
        ...rule.place,
        message: `no system \`${rule.path[1]}\` under config/systems`,
        remedy: 'add its YAML, or remove the rules',
      })
  return found
}

/** Obligations that rules write down, of a type that the system does not have. */
function unknownTypes(rules: readonly RegoRule[], system: CompiledSystem): Problem[] {
  return rules
    .flatMap((rule) => rule.types)
    .filter(({ value }) => !system.index.obligations.includes(value))
    .map(({ value, place }) => ({
      ...place,
      message: `unknown obligation type \`${value}\``,
      remedy: 'list it under `obligations` of reasons.yaml',
    }))
}

/** What a check, condition or grant answers as written, against what the YAML says that it may answer. */
function clausesAgree(key: string, clauses: readonly RegoRule[], system: CompiledSystem): Problem[] {
  const declared = system.index.yields[key]
  if (declared === undefined) return []
  const problems: Problem[] = []
  const passes = key.startsWith('grants.') ? 'role' : 'ok'
  for (const { value, place } of clauses.flatMap((clause) => clause.texts))
    if (value !== passes && !declared.includes(value))
      problems.push({
        ...place,
        message: `\`${key}\` answers \`${value}\`, which the YAML of \`${system.name}\` does not list`,
        remedy: `list it beside \`${key.split('.')[1]}\``,
      })
  const fallback = clauses.find((clause) => clause.isDefault)
  if (fallback === undefined)
    problems.push({
      ...(clauses[0] as RegoRule).place,
      message: `\`${key}\` has no default`,
      remedy:
        passes === 'ok'
          ? 'give it its refusal as the default, so that it always answers'
          : 'give it one: `role` leaves the right to the role',
    })
  else if (passes === 'ok' && fallback.texts.some(({ value }) => value === 'ok'))
    problems.push({
      ...fallback.place,
      message: `\`${key}\` passes by default`,
      remedy: 'make the refusal its default',
    })
  return problems
}
