import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { tenantFiles } from '../directory/document-tenants.ts'
import { openMemory } from '../opa/policy-sources.ts'
import type { Progress } from '../opa/progress.ts'
import { resolveOpa } from '../opa/toolchain.ts'
import { type BuildResult, build } from './build.ts'

/** Where the parts of a policy project are. `root` holds `config` and `policies`. */
export interface Project {
  readonly root: string
  readonly bundle: string
  readonly cache: string
}

export function projectAt(root: string): Project {
  const folder = resolve(root)
  return { root: folder, bundle: join(folder, '.postern/bundle'), cache: join(folder, '.postern') }
}

/** Builds the project's bundle where its sources changed. Rejects as `build` does, or with a `ToolchainError`. */
export async function buildProject(project: Project, env: NodeJS.ProcessEnv, progress: Progress): Promise<BuildResult> {
  const memory = openMemory(join(project.cache, 'opa-answers.json'))
  const result = await build({
    root: project.root,
    output: project.bundle,
    memory,
    toolchain: () => resolveOpa({ env, cacheDir: project.cache, progress }),
    progress,
  })
  if (result.built) memory.save()
  return result
}

/** The tenant documents to serve: those of the path, or each system's `demo.yaml`. */
export function tenantDocuments(project: Project, path: string | null): string[] {
  if (path !== null) return tenantFiles(resolve(project.root, path))
  const systems = join(project.root, 'config/systems')
  return readdirSync(systems)
    .sort()
    .map((name) => join(systems, name, 'demo.yaml'))
    .filter((file) => existsSync(file))
}
