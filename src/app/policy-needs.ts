import type { Problem } from '../document/problem.ts'
import type { Field } from '../model/compile-permission.ts'
import type { RuleName } from '../model/system-context.ts'
import { inputClosure, type RegoRule } from '../opa/rego-index.ts'
import { factCatalogue } from '../pdp/facts.ts'

/** The kinds of rules that YAML names. */
export const ruleKinds = ['checks', 'conditions', 'grants', 'obligations', 'limits']

const catalogue = factCatalogue.map((entry) => entry.split('.'))

/** Stands for every attribute that the row takes, where a rule looks attributes up by name. */
const lookups: Readonly<Record<string, Field['part']>> = {
  'request.resource.properties': 'resource',
  'request.context': 'context',
}

/** What rules read, as paths of the fact catalogue with real names for `*`. */
export interface RuleNeeds {
  readonly paths: readonly string[]
  readonly lookups: ReadonlySet<Field['part']>
}

/**
 * Folds `input` references into needs. A reference that is wider than an entry of the catalogue, or outside it, goes to
 * `refuse`: what a rule reads becomes part of the cache key.
 */
export function needsOf(
  references: readonly (readonly string[])[],
  refuse: (reference: string, message: string, remedy: string) => void,
): RuleNeeds {
  const paths = new Set<string>()
  const looked = new Set<Field['part']>()
  for (const reference of references) {
    const written = ['input', ...reference].join('.')
    const odd = reference.find((part) => !/^\w+$/.test(part))
    if (odd !== undefined) {
      refuse(written, `the attribute \`${odd}\` is no plain name`, 'use letters, digits and `_`')
      continue
    }
    const lookup = lookups[reference.join('.')]
    if (lookup !== undefined) {
      looked.add(lookup)
      continue
    }
    const entry = catalogue.find((parts) =>
      parts.every((part, index) => index < reference.length && (part === '*' || part === reference[index])),
    )
    if (entry !== undefined) {
      paths.add(reference.slice(0, entry.length).join('.'))
      continue
    }
    const wide = catalogue.some((parts) =>
      reference.every((part, index) => parts[index] === '*' || parts[index] === part),
    )
    if (wide)
      refuse(
        written,
        `a rule reads all of \`${written}\``,
        'name the attribute; helper functions take the attribute, not the record',
      )
    else refuse(written, `\`${written}\` is not in the fact catalogue`, 'see the table in policies/README.md')
  }
  return { paths: [...paths].sort(), lookups: looked }
}

/** Whether YAML names the rule. */
export function isNamedRule([first, second, kind = '', name]: readonly string[]): boolean {
  if (name === undefined || !ruleKinds.includes(kind)) return false
  return first === 'systems' || (first === 'authz' && second === 'shared')
}

/** What the core reads for every permission: package authz, without the rules that a row has to name. */
export function coreNeeds(rules: readonly RegoRule[], problems: Problem[]): readonly string[] {
  const inputsOf = inputClosure(rules, (path) => path[0] === 'systems' || isNamedRule(path))
  const core = rules.filter((rule) => rule.path[0] === 'authz' && rule.path[1] !== 'shared')
  const { paths } = needsOf(
    core.flatMap((rule) => inputsOf(rule.path)),
    (reference, message, remedy) => {
      const read = rules.flatMap((rule) => rule.inputs).find(({ path }) => ['input', ...path].join('.') === reference)
      problems.push({ file: 'policies/authz', line: 0, column: 0, ...read?.place, message, remedy })
    },
  )
  return paths
}

/** The needs of one permission: those of every rule that it names, attributes looked up by name being those it takes. */
export function permissionNeeds(
  rules: readonly RuleName[],
  takes: readonly Field[],
  ofRule: (rule: RuleName) => RuleNeeds | undefined,
): readonly string[] {
  const paths = new Set<string>()
  for (const rule of rules) {
    const needs = ofRule(rule)
    for (const path of needs?.paths ?? []) paths.add(path)
    for (const field of takes) {
      if (needs?.lookups.has(field.part))
        paths.add(
          field.part === 'resource' ? `request.resource.properties.${field.name}` : `request.context.${field.name}`,
        )
    }
  }
  return [...paths].sort()
}
