import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DocumentError, type Problem } from '../document/problem.ts'
import type { Validator } from '../document/schema.ts'
import { readYaml, type YamlDocument } from '../document/yaml-document.ts'
import type { Effect } from '../pdp/effect.ts'

/** The stages whose checks a permission names, in their order. `membership` and `gate` hold what a system's gates add. */
export const namedStages = ['membership', 'gate', 'relation', 'shape', 'target', 'precondition', 'capacity'] as const
export type NamedStage = (typeof namedStages)[number]
export type CheckStage = Exclude<NamedStage, 'membership' | 'gate'>

export interface RolesFile {
  readonly roles: Readonly<
    Record<string, { about: string; rank?: number; plans?: readonly string[]; company_only?: true }>
  >
  readonly custom?: {
    readonly kinds: Readonly<Record<string, { about: string; rank?: number; company_only?: true }>>
  }
}

export interface PlansFile {
  readonly plans: 'none' | Readonly<Record<string, { seats: number | 'unlimited'; features?: readonly string[] }>>
}

export type Cell = 'allow' | { readonly when: string }

export type Condition = Partial<Record<CheckStage, readonly string[]>> & {
  readonly allows?: string
  readonly obligations?: readonly string[]
}

export interface MatrixFile {
  readonly conditions?: Readonly<Record<string, Condition>>
  readonly grants?: Readonly<
    Record<
      string,
      {
        readonly on: 'all' | readonly string[]
        readonly allows: readonly string[]
        readonly refuses?: readonly string[]
      }
    >
  >
  readonly matrix: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Cell>>>>>>
}

export interface Gate {
  readonly check: string
  readonly except?: readonly string[]
}

export interface LifecycleRow {
  readonly who?: string
  readonly monthly?: string
  readonly under?: string
  readonly takes?: Readonly<Record<string, string>>
  readonly from?: readonly string[]
  readonly to?: string
  readonly feature?: string
  readonly checks?: Partial<Record<CheckStage, readonly string[]>>
  readonly obligations?: readonly string[]
  readonly effects?: readonly Effect[]
  readonly on_deny?: Readonly<Record<string, readonly string[]>>
}

export interface LifecycleFile {
  readonly checks: Readonly<
    Record<string, readonly string[] | { readonly refuses: readonly string[]; readonly limit?: string }>
  >
  readonly gates?: Partial<Record<'membership' | 'gate' | 'relation', readonly Gate[]>>
  readonly on_deny?: Readonly<Record<string, readonly string[]>>
  readonly permissions: Readonly<Record<string, LifecycleRow>>
}

export interface ReasonsFile {
  readonly allows?: Readonly<Record<string, string>>
  readonly refusals?: Readonly<Record<string, readonly string[]>>
  readonly messages?: Readonly<Record<string, string>>
  readonly obligations?: readonly string[]
}

/** The YAML of one system, valid by its schemas, each file with the places of its values. */
export interface SystemFiles {
  readonly name: string
  readonly roles: YamlDocument<RolesFile>
  readonly plans: YamlDocument<PlansFile>
  readonly matrix: YamlDocument<MatrixFile>
  readonly lifecycle: YamlDocument<LifecycleFile>
  readonly reasons?: YamlDocument<ReasonsFile>
}

export interface ModelFiles {
  readonly reasons: YamlDocument<ReasonsFile>
  readonly systems: readonly SystemFiles[]
}

export interface ModelValidators {
  readonly roles: Validator<RolesFile>
  readonly plans: Validator<PlansFile>
  readonly matrix: Validator<MatrixFile>
  readonly lifecycle: Validator<LifecycleFile>
  readonly reasons: Validator<ReasonsFile>
}

/**
 * Reads `config/reasons.yaml` and every folder of `config/systems`. Throws one `DocumentError` with the problems of all
 * files. `root` is the folder that holds `config`; files are named relative to it.
 */
export function readModelFiles(root: string, validators: ModelValidators): ModelFiles {
  const problems: Problem[] = []
  const read = <T>(file: string, validator: Validator<T>): YamlDocument<T> | undefined => {
    try {
      return readYaml(join(root, file), validator, { root })
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      problems.push(...error.problems)
      return undefined
    }
  }
  const reasons = read('config/reasons.yaml', validators.reasons)
  const systems = systemNames(root).map((name) => {
    const folder = `config/systems/${name}`
    const own = `${folder}/reasons.yaml`
    return {
      name,
      roles: read(`${folder}/roles.yaml`, validators.roles),
      plans: read(`${folder}/plans.yaml`, validators.plans),
      matrix: read(`${folder}/matrix.yaml`, validators.matrix),
      lifecycle: read(`${folder}/lifecycle.yaml`, validators.lifecycle),
      ...(existsSync(join(root, own)) ? { reasons: read(own, validators.reasons) } : {}),
    }
  })
  if (systems.length === 0) {
    problems.push({
      file: 'config/systems',
      line: 0,
      column: 0,
      message: 'there is no system',
      remedy: 'add a folder with roles.yaml, plans.yaml, matrix.yaml and lifecycle.yaml',
    })
  }
  if (problems.length > 0) throw new DocumentError(problems)
  return { reasons, systems } as ModelFiles
}

/** The files that `readModelFiles` reads, relative to the root, as far as they are there. */
export function findModelFiles(root: string): string[] {
  const names = ['roles', 'plans', 'matrix', 'lifecycle', 'reasons']
  const files = systemNames(root).flatMap((system) => names.map((name) => `config/systems/${system}/${name}.yaml`))
  return ['config/reasons.yaml', ...files].filter((file) => existsSync(join(root, file)))
}

function systemNames(root: string): string[] {
  const folder = join(root, 'config/systems')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}
