import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type BuildResult, build } from '../../src/app/build.ts'
import { type Project, projectAt } from '../../src/app/project.ts'
import { DocumentError } from '../../src/document/problem.ts'
import { openMemory } from '../../src/opa/policy-sources.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import { type OpaToolchain, resolveOpa } from '../../src/opa/toolchain.ts'
import { type SystemName, systems } from '../reference/evaluate.ts'
import { project } from './policy.ts'

/** A policy project in a folder of its own, to be broken. Files are named relative to its root. */
export interface ProjectCopy extends Project {
  read(file: string): string
  write(file: string, text: string): void
  /** Replaces a text that stands in the file exactly once. */
  edit(file: string, from: string, to: string): void
  /** Another folder with the same files, built bundle and memory included. */
  copy(): ProjectCopy
  build(output?: string): Promise<BuildResult>
  /** The lines of the `DocumentError` that a build rejects with. */
  problems(): Promise<readonly string[]>
  remove(): void
}

/** File, what stands in it once, what to put there. */
export type Edit = readonly [file: string, from: string, to: string]

/** Every problem of a sound project after the edits. */
export async function problemsAfter(sound: ProjectCopy, edits: readonly Edit[]): Promise<readonly string[]> {
  return withCopyOf(sound, (broken) => {
    for (const edit of edits) broken.edit(...edit)
    return broken.problems()
  })
}

/** What comes of a copy of the project, which is removed afterwards. */
export async function withCopyOf<T>(sound: ProjectCopy, use: (copy: ProjectCopy) => T | Promise<T>): Promise<T> {
  const copy = sound.copy()
  try {
    return await use(copy)
  } finally {
    copy.remove()
  }
}

/** The config and policies of this repository. */
export function repositoryCopy(): ProjectCopy {
  return copyAt(project.root, ['config', 'policies'])
}

/** The same with one of its systems alone, for what is built many times. */
export function copyOf(system: SystemName): ProjectCopy {
  const copy = repositoryCopy()
  for (const other of systems.filter((name) => name !== system))
    for (const folder of ['config', 'policies'])
      rmSync(join(copy.root, folder, 'systems', other), { recursive: true, force: true })
  return copy
}

/** A project with one small system, `acme`, on the core and the shared rules of this repository. */
export function tinyProject(): ProjectCopy {
  const copy = copyAt(project.root, ['config/reasons.yaml', 'policies/authz'])
  for (const [file, text] of Object.entries(acme)) copy.write(file, text)
  return copy
}

let found: Promise<OpaToolchain> | undefined

/** The compiler is the repository's: it takes minutes to make, and is asked for its version once. */
function toolchain(): Promise<OpaToolchain> {
  found ??= resolveOpa({ env: process.env, cacheDir: project.cache, progress: silentProgress })
  return found
}

function copyAt(from: string, names: readonly string[]): ProjectCopy {
  const root = mkdtempSync(join(tmpdir(), 'postern-copy-'))
  for (const name of names)
    if (existsSync(join(from, name))) cpSync(join(from, name), join(root, name), { recursive: true })
  const { bundle, cache } = projectAt(root)
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  const buildTo = async (output = bundle) => {
    const memory = openMemory(join(cache, 'opa-answers.json'))
    const result = await build({ root, output, memory, toolchain, progress: silentProgress })
    if (result.built) memory.save()
    return result
  }
  return {
    root,
    bundle,
    cache,
    read,
    write,
    edit(file, from, to) {
      const parts = read(file).split(from)
      if (parts.length !== 2) throw new Error(`${parts.length - 1} times in ${file}: ${from}`)
      write(file, parts.join(to))
    },
    copy: () => copyAt(root, ['config', 'policies', '.postern']),
    build: buildTo,
    async problems() {
      try {
        await buildTo()
      } catch (error) {
        if (error instanceof DocumentError) return error.message.split('\n')
        throw error
      }
      throw new Error('the build found nothing wrong')
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

const acme: Readonly<Record<string, string>> = {
  'config/systems/acme/roles.yaml': `roles:
  owner: { about: runs the house }
  guest: { about: looks around, plans: [large] }
`,
  'config/systems/acme/plans.yaml': `plans:
  small: { seats: 2 }
  large: { seats: unlimited, features: [reports] }
`,
  'config/systems/acme/matrix.yaml': `conditions:
  office_hours:
    relation: [out_of_scope]
    allows: share_grant
    obligations: [ring_bell]
grants:
  badge:
    on: ["door:open"]
    allows: [override_grant]
    refuses: [override_denied]
matrix:
  door:
    open: { owner: allow }
    close: { owner: allow, guest: { when: office_hours } }
  report:
    view: { owner: allow, guest: allow }
`,
  'config/systems/acme/lifecycle.yaml': `checks:
  door_exists: [target_not_found]
  door_is_not_own: [self_target]
  two_factors: [two_factor_required]
  seat_is_free: { refuses: [seat_limit_reached], limit: seats }
gates:
  gate:
    - { check: two_factors, except: ["door:close"] }
on_deny:
  two_factor_required: [ring_bell]
permissions:
  door:open:
    takes: { door: name }
    from: [active]
    checks:
      target: [door_exists, door_is_not_own]
      capacity: [seat_is_free]
    obligations: [ring_bell]
  door:knock:
    who: invitee
  door:peep:
    under: door:open
  report:view:
    feature: reports
`,
  'policies/systems/acme/doors.rego': `package systems.acme

default checks["door_exists"] := "target_not_found"

checks["door_exists"] := "ok" if input.request.resource.properties.door in input.tenant.projects

default checks["door_is_not_own"] := "self_target"

checks["door_is_not_own"] := "ok" if input.request.resource.properties.door != input.request.subject.id

default checks["two_factors"] := "two_factor_required"

checks["two_factors"] := "ok" if input.member.two_factor_enabled

default conditions["office_hours"] := "out_of_scope"

conditions["office_hours"] := "ok" if input.request.context.open == true

default grants["badge"] := "role"

grants["badge"] := "override_grant" if input.member.attributes.badge == "gold"

grants["badge"] := "override_denied" if input.member.attributes.badge == "red"

obligations["ring_bell"] := [{"type": "send_email", "to": input.request.subject.id}]
`,
}
