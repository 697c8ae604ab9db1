import { sha256 } from '../opa/bundle.ts'
import { type RegoRule, ruleLookup } from '../opa/rego-index.ts'
import type { ReviewedRule } from '../review/diff-side.ts'
import { isNamedRule } from './policy-needs.ts'

/** Every rule by its path, as a comparison with another policy needs it. */
export function ruleIndex(rules: readonly RegoRule[]): Readonly<Record<string, ReviewedRule>> {
  const lookup = ruleLookup(rules)
  const paths = new Map(rules.map((rule) => [rule.path.join('.'), rule.path]))
  const entries = [...paths].map(([key, path]): readonly [string, ReviewedRule] => {
    const clauses = rules.filter((rule) => rule.path.join('.') === key)
    return [
      key,
      {
        kind: isNamedRule(path) ? 'named' : path[0] === 'authz' && path[1] !== 'shared' ? 'core' : 'helper',
        files: unique(clauses.map(({ place }) => place.file)),
        // Clauses of one rule mean the same in any order.
        syntax: sha256(
          clauses
            .map(({ syntax }) => syntax)
            .sort()
            .join('\n'),
        ),
        uses: unique(clauses.flatMap(({ references }) => references.flatMap(lookup))),
        tables: unique(clauses.flatMap(({ lookups }) => lookups.flatMap(tablePath))),
      },
    ]
  })
  return Object.fromEntries(entries)
}

/** What a look-up reads of the tables, below those of a system: `data.model[system]`, which is `data.authz.model`. */
function tablePath([root, name, ...rest]: readonly string[]): string[] {
  return root === 'model' || (root === 'authz' && name === 'model') ? [rest.join(' ')] : []
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)].sort()
}
