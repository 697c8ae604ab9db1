import { syntaxDigest } from './rule-syntax.ts'

/** A place in a Rego file; line and column are 1-based. */
export interface RegoPlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One rule clause, as far as the build looks into it. */
export interface RegoRule {
  /** Package and rule: `["systems", "acme", "checks", "seat_is_free"]`. */
  readonly path: readonly string[]
  readonly place: RegoPlace
  readonly isDefault: boolean
  /** Texts that the clause, or an `else` of it, yields as they stand. */
  readonly texts: readonly { readonly value: string; readonly place: RegoPlace }[]
  /** `input` references of the clause, each as far as its parts are fixed: `["member", "role"]`. */
  readonly inputs: readonly { readonly path: readonly string[]; readonly place: RegoPlace }[]
  /** What the clause refers to below `data`, imports resolved, each as far as its parts are fixed. */
  readonly references: readonly (readonly string[])[]
  /** The same with `*` in place of each part that is not fixed: `["authz", "model", "roles", "*", "rank"]`. */
  readonly lookups: readonly (readonly string[])[]
  /**
   * Systems that the clause names below `data.systems` or `data.model`; `*` where it may read any. The one of the tenant,
   * `[input.tenant.system]`, is not among them.
   */
  readonly systems: readonly string[]
  /** Values of `"type"` members of objects that the clause writes down. */
  readonly types: readonly { readonly value: string; readonly place: RegoPlace }[]
  /** Digest of what the clause says, layout and comments left out. */
  readonly syntax: string
}

interface Node {
  readonly type?: string
  readonly value?: unknown
  readonly location?: { readonly file: string; readonly row: number; readonly col: number }
  readonly [member: string]: unknown
}

/** The clauses of one file, from the output of `opa parse --format json --json-include locations`. */
export function indexRego(ast: unknown): readonly RegoRule[] {
  const module = ast as { package: { path: Node[] }; imports?: { path: Node; alias?: string }[]; rules?: Node[] }
  const inPackage = fixedPath(module.package.path.slice(1))
  const imports = new Map(
    (module.imports ?? []).flatMap(({ path, alias }) => {
      const parts = fixedPath(path.value as Node[])
      // `rego.v1` and `future.keywords` bring no name.
      if (parts[0] !== 'input' && parts[0] !== 'data') return []
      return [[alias ?? String(parts.at(-1)), parts] as const]
    }),
  )
  return (module.rules ?? []).map((rule) => {
    const head = rule.head as { ref?: Node[]; name?: string }
    const name = head.ref === undefined ? [String(head.name)] : fixedPath(head.ref)
    const clauses = [rule, ...elses(rule)]
    // What a clause yields and asks. The first part of its head is its own name; further parts may be looked up.
    const parts = clauses.flatMap(({ head, body }) => {
      const { value, key, ref } = (head ?? {}) as { value?: Node; key?: Node; ref?: Node[] }
      return [value, key, ref?.slice(1), body]
    })
    const found = referencesOf(parts, (first, rest) => {
      if (first === 'input' || first === 'data') return [first, ...rest]
      const imported = imports.get(first)
      // A local variable of the name of a rule widens what the rule is taken to read, and does no harm.
      return imported === undefined ? ['data', ...inPackage, first, ...rest] : [...imported, ...rest]
    })
    return {
      path: [...inPackage, ...name],
      place: placeOf(rule),
      isDefault: rule.default === true,
      texts: clauses.flatMap((clause) => {
        const value = (clause.head as { value?: Node } | undefined)?.value
        return value?.type === 'string'
          ? [{ value: String(value.value), place: placeOf(value, placeOf(clause, placeOf(rule))) }]
          : []
      }),
      inputs: found
        .filter(({ path }) => path[0] === 'input')
        .map(({ path, place }) => ({ path: path.slice(1), place })),
      references: found.filter(({ path }) => path[0] === 'data').map(({ path }) => path.slice(1)),
      lookups: found.filter(({ path }) => path[0] === 'data').map(({ path, more }) => [...path.slice(1), ...more]),
      systems: [...new Set(found.flatMap(systemsRead))].sort(),
      types: typesOf(rule),
      syntax: syntaxDigest(
        rule,
        found.map(({ path }) => path),
      ),
    }
  })
}

/**
 * The `input` references of each rule path, through everything that it may call. The same as `opa deps`, which takes a
 * process for each rule: a test holds the two together.
 */
export function inputClosure(
  rules: readonly RegoRule[],
  /** Rules that are not looked into. */
  isApart: (path: readonly string[]) => boolean = () => false,
): (path: readonly string[]) => readonly (readonly string[])[] {
  const byPath = new Map<string, RegoRule[]>()
  for (const rule of rules) {
    if (isApart(rule.path)) continue
    const key = rule.path.join('.')
    byPath.set(key, [...(byPath.get(key) ?? []), rule])
  }
  const rulesOf = ruleLookup([...byPath.values()].flat())
  return (path) => {
    const inputs = new Map<string, readonly string[]>()
    const seen = new Set<string>()
    const open = [path.join('.')]
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      if (seen.has(key)) continue
      seen.add(key)
      for (const rule of byPath.get(key) ?? []) {
        for (const input of rule.inputs) inputs.set(input.path.join('.'), input.path)
        for (const reference of rule.references) open.push(...rulesOf(reference))
      }
    }
    return [...inputs.values()]
  }
}

/** Of files among which rules may call each other, those of all rules that the rules of some may call, and these. */
export function fileClosure(
  rules: readonly RegoRule[],
): (some: readonly string[], among: readonly string[]) => ReadonlySet<string> {
  const rulesOf = ruleLookup(rules)
  const at = new Map<string, RegoRule[]>()
  for (const rule of rules) {
    const key = rule.path.join('.')
    at.set(key, [...(at.get(key) ?? []), rule])
  }
  return (some, among) => {
    const seen = new Set(rules.filter(({ place }) => some.includes(place.file)))
    // A set that grows while it is gone through is gone through to its new end.
    for (const { references } of seen)
      for (const rule of references.flatMap(rulesOf).flatMap((key) => at.get(key) ?? []))
        if (among.includes(rule.place.file)) seen.add(rule)
    return new Set([...some, ...[...seen].map(({ place }) => place.file)])
  }
}

/** The rules at a path, above it (their value is looked into) and below it (all of them are read). */
export function ruleLookup(rules: readonly RegoRule[]): (path: readonly string[]) => readonly string[] {
  const keys = new Set(rules.map(({ path }) => path.join('.')))
  // The same reference stands in many rules.
  const known = new Map<string, readonly string[]>()
  return (path) => {
    const asked = JSON.stringify(path)
    const last = known.get(asked)
    if (last !== undefined) return last
    const key = path.join('.')
    const above = path.map((_, index) => path.slice(0, index + 1).join('.')).filter((candidate) => keys.has(candidate))
    const below = [...keys].filter((candidate) => candidate.startsWith(`${key}.`))
    const found = [...above, ...below]
    known.set(asked, found)
    return found
  }
}

function elses(rule: Node): Node[] {
  const found: Node[] = []
  for (let next = rule.else as Node | undefined; next !== undefined; next = next.else as Node | undefined)
    found.push(next)
  return found
}

function placeOf(node: Node, otherwise: RegoPlace = { file: '', line: 0, column: 0 }): RegoPlace {
  const { location } = node
  return location === undefined ? otherwise : { file: location.file, line: location.row, column: location.col }
}

/** The leading parts of a reference that are plain names. */
function fixedPath(parts: readonly Node[]): string[] {
  const [first, ...rest] = parts
  if (first === undefined || (first.type !== 'string' && first.type !== 'var')) return []
  return [String(first.value), ...fixedRest(rest)]
}

/** Of a clause in `systems.acme` its own names are written without, and lead to `acme`. */
function systemsRead({ path, next }: Reference): readonly string[] {
  const [root, folder, system] = path
  if (root !== 'data') return []
  if (folder !== undefined && folder !== 'systems' && folder !== 'model') return []
  if (system !== undefined) return [system]
  return folder !== undefined && isSystemOfTenant(next) ? [] : ['*']
}

function isSystemOfTenant(part: Node | undefined): boolean {
  if (part?.type !== 'ref' || !Array.isArray(part.value)) return false
  return fixedPath(part.value).join('.') === 'input.tenant.system' && part.value.length === 3
}

/** `path` as far as its parts are fixed, `next` the part that is not, `more` what follows. */
interface Reference {
  readonly path: readonly string[]
  readonly next?: Node | undefined
  readonly more: readonly string[]
  readonly place: RegoPlace
}

function referencesOf(
  node: unknown,
  resolve: (first: string, rest: readonly string[]) => readonly string[],
): Reference[] {
  const found: Reference[] = []
  walk(node, (candidate) => {
    if (candidate.type === 'var')
      found.push({ path: resolve(String(candidate.value), []), more: [], place: placeOf(candidate) })
    if (candidate.type !== 'ref' || !Array.isArray(candidate.value)) return true
    const [first, ...rest] = candidate.value as [Node, ...Node[]]
    if (first.type === 'var') {
      const fixed = fixedRest(rest)
      const more = rest.slice(fixed.length).map(({ type, value }) => (type === 'string' ? String(value) : '*'))
      found.push({
        path: resolve(String(first.value), fixed),
        next: rest[fixed.length],
        more,
        place: placeOf(candidate),
      })
    }
    // The parts after the fixed ones may hold references of their own.
    for (const part of first.type === 'var' ? rest : [first, ...rest]) found.push(...referencesOf(part, resolve))
    return false
  })
  return found
}

function fixedRest(parts: readonly Node[]): string[] {
  const end = parts.findIndex((part) => part.type !== 'string')
  return (end < 0 ? parts : parts.slice(0, end)).map((part) => String(part.value))
}

function typesOf(node: unknown): RegoRule['types'] {
  const found: { value: string; place: RegoPlace }[] = []
  walk(node, (candidate) => {
    if (candidate.type !== 'object' || !Array.isArray(candidate.value)) return true
    for (const [key, value] of candidate.value as [Node, Node][])
      if (key?.value === 'type' && value?.type === 'string')
        found.push({ value: String(value.value), place: placeOf(value) })
    return true
  })
  return found
}

/** Visits every object of the tree; `visit` says whether to go on below it. */
function walk(node: unknown, visit: (node: Node) => boolean): void {
  if (typeof node !== 'object' || node === null) return
  if (!Array.isArray(node) && !visit(node as Node)) return
  for (const child of Object.values(node)) walk(child, visit)
}
