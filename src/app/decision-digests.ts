import { sha256 } from '../opa/bundle.ts'
import type { RegoRule } from '../opa/rego-index.ts'

/** What a bundle holds of a system and of what all systems share, as far as a decision can depend on it. */
export interface DecisionParts {
  readonly rules: readonly RegoRule[]
  /** The compiled tables of each system, and what the manifest says of it. */
  readonly systems: ReadonlyMap<string, readonly unknown[]>
  /** What every decision depends on beside the rules. */
  readonly shared: readonly unknown[]
}

/**
 * For each system a digest of all that its decisions depend on: where two bundles have the same, they decide alike.
 *
 * INVARIANT: rules of another system are left out only where no rule that counts can reach them. A rule says of which
 * systems it reads (`RegoRule.systems`); one that may read any makes all of them count.
 */
export function decisionDigests({ rules, systems, shared }: DecisionParts): ReadonlyMap<string, string> {
  const homeOf = ({ path: [root, name] }: RegoRule) => (root === 'systems' ? name : undefined)
  const digest = (own: string): string => {
    const counted = new Set([own])
    const counts = (rule: RegoRule) => counted.has(homeOf(rule) ?? own)
    for (let before = 0; before !== counted.size; ) {
      before = counted.size
      for (const name of rules.filter(counts).flatMap((rule) => rule.systems))
        for (const reached of name === '*' ? systems.keys() : [name]) counted.add(reached)
    }
    const clauses = rules.filter(counts).map(({ path, syntax }) => `${path.join('.')} ${syntax}`)
    const tables = [...counted].sort().map((name) => [name, systems.get(name)])
    return sha256(JSON.stringify([shared, tables, clauses.sort()]))
  }
  return new Map([...systems.keys()].map((name) => [name, digest(name)]))
}
