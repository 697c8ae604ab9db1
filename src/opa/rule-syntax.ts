import { sha256 } from './bundle.ts'

/** Members of the syntax tree that say where and how something is written, and nothing of what it means. */
const layout = ['location', 'annotations', 'comments']

/**
 * Digest of one clause: the same however it is laid out and commented, another for every other difference. `names` are
 * what its references stand for, imports resolved: the clause alone does not say that.
 */
export function syntaxDigest(clause: unknown, names: readonly (readonly string[])[]): string {
  // The parser numbers the wildcards of a file, so that one more above would change all below.
  const wildcards = new Map<string, string>()
  const bare = (name: string, value: unknown): unknown => {
    if (layout.includes(name)) return undefined
    if (typeof value !== 'string' || !/^\$\d+$/.test(value)) return value
    const known = wildcards.get(value) ?? `$ ${wildcards.size}`
    wildcards.set(value, known)
    return known
  }
  return sha256(JSON.stringify([clause, names], bare))
}
