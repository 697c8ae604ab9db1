import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import { DocumentError, type Problem } from '../document/problem.ts'
import { compileSchema, type Validator } from '../document/schema.ts'
import { compileModel } from '../model/compile.ts'
import type { PermissionIndex } from '../model/compile-permission.ts'
import type { CompiledSystem } from '../model/compile-system.ts'
import { findModelFiles, type ModelValidators, readModelFiles } from '../model/system-files.ts'
import { type Bundle, bundleFormat, type Manifest, makeBundle, readBundle, sha256, writeBundle } from '../opa/bundle.ts'
import { compileWasm } from '../opa/compile-wasm.ts'
import { checkSources, findPolicies, indexPolicies, type OpaMemory } from '../opa/policy-sources.ts'
import type { Progress } from '../opa/progress.ts'
import { inputClosure, type RegoRule } from '../opa/rego-index.ts'
import type { OpaToolchain } from '../opa/toolchain.ts'
import { actionType } from '../pdp/action-type.ts'
import { crossCheck } from './cross-check.ts'
import { decisionDigests } from './decision-digests.ts'
import { coreNeeds, needsOf, permissionNeeds, type RuleNeeds } from './policy-needs.ts'
import { resolveRules } from './resolve-rules.ts'
import { ruleIndex } from './rule-index.ts'

/** One system as the manifest keeps it: what the model knows, and what each permission reads. */
export interface SystemManifest {
  readonly permissions: Readonly<
    Record<string, Omit<PermissionIndex, 'rules'> & { needs: readonly string[]; id_property?: string }>
  >
  readonly plans: readonly { readonly name: string; readonly seats: number | null; readonly place: string }[]
  readonly roles: Readonly<Record<string, string>>
  readonly sections: CompiledSystem['index']['sections']
  readonly messages: Readonly<Record<string, string>>
}

export interface BundleIndex {
  /** For each system a digest of all that its decisions depend on. */
  readonly decisions: Readonly<Record<string, string>>
  /** What every permission reads. */
  readonly core_needs: readonly string[]
  /** `file:line` of the core's refusals. */
  readonly core: Readonly<Record<string, string>>
  readonly allows: readonly string[]
  readonly refusals: readonly string[]
  readonly obligations: readonly string[]
  readonly systems: Readonly<Record<string, SystemManifest>>
  /** Every rule by its path, for whoever compares this policy with another. */
  readonly rules: ReturnType<typeof ruleIndex>
}

export interface BuildOptions {
  /** The folder that holds `config` and `policies`. */
  readonly root: string
  /** Where the bundle goes. */
  readonly output: string
  /** Answers of OPA from earlier builds. Whoever opened it saves it. */
  readonly memory: OpaMemory
  readonly toolchain: () => Promise<OpaToolchain>
  readonly progress: Progress
}

export interface BuildResult {
  readonly bundle: Bundle<BundleIndex>
  /** False where the bundle was up to date already. */
  readonly built: boolean
}

/**
 * YAML and Rego → one bundle. Rejects with a `DocumentError` that holds everything that is wrong with the sources, and
 * writes nothing then.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  try {
    return await buildBundle(options)
  } finally {
    options.progress.done()
  }
}

async function buildBundle(options: BuildOptions): Promise<BuildResult> {
  const { root, output, memory, progress } = options
  const sources = findPolicies(root)
  // Before anything is parsed: a server that finds its bundle up to date starts at once.
  const fingerprint = sourcesDigest(root)
  const present = existingBundle(output)
  if (present?.manifest.sources === fingerprint) return { bundle: present, built: false }

  progress.start('reading config')
  const systems = compileModel(readModelFiles(root, modelValidators()))

  const toolchain = await options.toolchain()
  const capabilities = capabilitiesFile()
  const problems: Problem[] = []
  progress.start('checking policies')
  const rules = await indexPolicies(toolchain, root, sources, memory, problems)
  // What does not parse makes every name in it look missing.
  if (problems.length > 0) throw new DocumentError(problems)
  problems.push(...(await checkSources(toolchain, root, sources.files, capabilities, memory)))
  const resolutions = crossCheck(systems, rules, problems)
  const core = coreNeeds(rules, problems)
  const ruleNeeds = needsOfRules(systems, resolutions, rules, problems)
  if (problems.length > 0) throw new DocumentError(problems)
  const model = systems.map(
    (system) => [system.name, resolveRules(system.data, resolutions.get(system.name) ?? new Map())] as const,
  )
  progress.start('compiling to WASM')
  const wasm = await compileWasm(toolchain, root, sources.files, capabilities)
  // Files that changed meanwhile are in the bundle in part, under the name of the whole that was there before.
  if (sourcesDigest(root) !== fingerprint) return buildBundle(options)
  const common = {
    core_needs: core,
    core: corePlaces(rules),
    allows: union(systems, (system) => Object.keys(system.data.allow_reasons)),
    refusals: union(systems, (system) => system.index.refusals),
    obligations: union(systems, (system) => system.index.obligations),
  }
  const manifests = new Map(systems.map((system) => [system.name, systemManifest(system, ruleNeeds)]))
  const bundle = makeBundle<BundleIndex>({
    wasm,
    data: JSON.stringify({ model: Object.fromEntries(model) }),
    commit: commitOf(root),
    sources: fingerprint,
    opa: toolchain.version,
    index: {
      ...common,
      decisions: Object.fromEntries(
        decisionDigests({
          rules,
          systems: new Map(model.map(([name, data]) => [name, [data, manifests.get(name)]])),
          shared: [bundleFormat, toolchain.version, common],
        }),
      ),
      systems: Object.fromEntries(manifests),
      rules: ruleIndex(rules),
    },
  })
  writeBundle(output, bundle)
  return { bundle, built: true }
}

/** The model files and the Rego that a bundle is built from, relative to the root. */
export function sourceFiles(root: string): readonly string[] {
  return [...findModelFiles(root), ...findPolicies(root).files]
}

/** Over the bytes of everything that a build reads. */
function sourcesDigest(root: string): string {
  const read = sourceFiles(root).map((file) => [file, sha256(readFileSync(join(root, file)))])
  return sha256(JSON.stringify([bundleFormat, version(), read, sha256(readFileSync(capabilitiesFile()))]))
}

/** The built-ins that a policy may use. */
export function capabilitiesFile(): string {
  return join(packageRoot(), 'src/opa/capabilities.json')
}

/** What each rule that a system names reads, by `<system> <kind>.<name>`. */
function needsOfRules(
  systems: readonly CompiledSystem[],
  resolutions: ReturnType<typeof crossCheck>,
  rules: readonly RegoRule[],
  problems: Problem[],
): ReadonlyMap<string, RuleNeeds> {
  const inputsOf = inputClosure(rules)
  const found = new Map<string, RuleNeeds>()
  for (const system of systems)
    for (const [name, path] of resolutions.get(system.name) ?? []) {
      const place = rules.find((rule) => rule.path.join('.') === path.join('.'))?.place
      const refuse = (_reference: string, message: string, remedy: string) =>
        problems.push({
          file: 'policies',
          line: 0,
          column: 0,
          ...place,
          message: `${message}, through \`${name}\``,
          remedy,
        })
      found.set(`${system.name} ${name}`, needsOf(inputsOf(path), refuse))
    }
  return found
}

function systemManifest(system: CompiledSystem, needs: ReadonlyMap<string, RuleNeeds>): SystemManifest {
  const permissions = Object.entries(system.index.permissions).map(([permission, { rules, ...index }]) => {
    const takes = system.data.permissions[permission]?.takes ?? []
    const type = actionType(permission)
    const takesId = takes.some((field) => field.part === 'resource' && field.name === type)
    const entry = {
      ...index,
      needs: permissionNeeds(rules, takes, (rule) => needs.get(`${system.name} ${rule.join('.')}`)),
      ...(takesId && type !== undefined ? { id_property: type } : {}),
    }
    return [permission, entry] as const
  })
  return {
    permissions: Object.fromEntries(permissions),
    plans: Object.entries(system.index.plans).map(([name, place]) => ({
      name,
      seats: system.data.plans?.[name]?.seats ?? null,
      place,
    })),
    roles: system.index.roles,
    sections: system.index.sections,
    messages: system.index.messages,
  }
}

/** Where the core says each of its refusals: the first place of the text in package authz. */
function corePlaces(rules: readonly RegoRule[]): Record<string, string> {
  const places: Record<string, string> = {}
  for (const rule of rules) {
    if (rule.path[0] !== 'authz' || rule.path[1] === 'shared') continue
    for (const { value, place } of rule.texts) places[value] ??= `${place.file}:${place.line}`
  }
  return places
}

let validators: ModelValidators | undefined

/** The schemas of this package for the YAML of a system. */
export function modelValidators(): ModelValidators {
  validators ??= compileModelSchemas()
  return validators
}

function compileModelSchemas(): ModelValidators {
  const validator = <T>(name: string, what: string): Validator<T> =>
    compileSchema<T>(JSON.parse(readFileSync(join(packageRoot(), `config/schema/${name}.schema.json`), 'utf8')), what)
  return {
    roles: validator('roles', 'the roles of a system'),
    plans: validator('plans', 'the plans of a system'),
    matrix: validator('matrix', 'the permission matrix of a system'),
    lifecycle: validator('lifecycle', 'the lifecycle rows of a system'),
    reasons: validator('reasons', 'reasons and obligations'),
  }
}

function existingBundle(output: string): Bundle<BundleIndex> | undefined {
  if (!existsSync(join(output, 'manifest.json'))) return undefined
  try {
    return readBundle<BundleIndex>(output)
  } catch {
    // What cannot be read is built anew.
    return undefined
  }
}

function union(
  systems: readonly CompiledSystem[],
  of: (system: CompiledSystem) => readonly string[],
): readonly string[] {
  return [...new Set(systems.flatMap(of))].sort()
}

/** The commit of the sources, where they are in a git checkout: a label and no more. */
function commitOf(root: string): Manifest<unknown>['commit'] {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}

function version(): string {
  return JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version
}
