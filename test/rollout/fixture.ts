import { afterAll, beforeAll } from 'vitest'
import { createActivation } from '../../src/app/activation.ts'
import type { BundleIndex } from '../../src/app/build.ts'
import type { PolicySource } from '../../src/app/policy-source.ts'
import { createMetrics } from '../../src/log/metrics.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import type { Bundle } from '../../src/opa/bundle.ts'
import { series } from '../http/fixture.ts'
import { openDoor } from '../support/acme.ts'
import { inlinePdp } from '../support/policy.ts'
import { type ProjectCopy, tinyProject } from '../support/project-copy.ts'

/** An activation over a decision point of its own, with what it counted and logged. */
export function activationOf(now?: () => Date) {
  const lines: string[] = []
  const metrics = createMetrics({ version: '0.0.0', routes: [] })
  const log = createServerLog({ sink: (line) => lines.push(line), terminal: false, debug: false })
  const pdp = inlinePdp()
  const activation = createActivation({ pdp, memoryMib: 64, metrics, log, ...(now === undefined ? {} : { now }) })
  const counted = (result: 'ok' | 'failed') => series(metrics.render(), `authz_bundle_load_total{result="${result}"}`)
  return { pdp, activation, counted, logged: () => lines.map((line) => JSON.parse(line)) }
}

/** What the owner of the house is told who asks to open the front door. */
export const mayOpen = (pdp: ReturnType<typeof inlinePdp>) => {
  const { decision } = pdp.decide(openDoor() as never)
  return { decision: decision.decision, reason: decision.reason, policy: decision.policy }
}

/** A project that goes with the file's tests, and two bundles of it: the owner may open a door in one alone. */
export function twoPolicies() {
  const made = {} as { project: ProjectCopy; open: Bundle<BundleIndex>; locked: Bundle<BundleIndex> }
  beforeAll(async () => {
    const project = tinyProject()
    const { bundle: open } = await project.build()
    lockDoors(project)
    Object.assign(made, { project, open, locked: (await project.build()).bundle })
  })
  afterAll(() => made.project.remove())
  return made
}

/** Takes the owner's right to open a door away. */
export function lockDoors(project: ProjectCopy): void {
  project.edit('config/systems/acme/matrix.yaml', 'open: { owner: allow }', 'open: { guest: allow }')
}

/** Decision rows that hold where the owner may open a door, and not where doors are locked. */
export const ownerOpens = `tenants:
  house:
    tenant: house
    plan: large
    projects: [front]
    members:
      - { user: olga, role: owner, two_factor_enabled: true }
      - { user: gus, role: guest }
rows:
  - id: owner-opens
    title: the owner opens the front door
    given: house
    request:
      subject: olga
      action: door:open
      resource: { door: front, user: gus }
    expect: allow
    reason: role_grant
    obligations: [{ type: send_email, to: olga }]
    basis: S
`

type Step = Bundle<BundleIndex> | Error | 'unchanged' | 'unreachable'

/** A source that holds one thing after the other; `done` is called when nothing is left. */
export function scripted(script: readonly Step[], done: () => void): PolicySource & { readonly asked: string[] } {
  const asked: string[] = []
  let at = 0
  return {
    name: 'script',
    asked,
    async look(known) {
      const next = script[at++]
      if (next === undefined) done()
      else asked.push(known)
      if (next === 'unreachable') throw new Error('no answer')
      if (next === 'unchanged' || next === undefined) return 'unchanged'
      return {
        tag: `tag ${at}`,
        from: 'script',
        async deliver() {
          if (next instanceof Error) throw next
          return { bundle: next }
        },
      }
    },
  }
}
