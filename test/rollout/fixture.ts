import { createActivation } from '../../src/app/activation.ts'
import type { BundleIndex } from '../../src/app/build.ts'
import type { PolicySource } from '../../src/app/policy-source.ts'
import { createMetrics } from '../../src/log/metrics.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import type { Bundle } from '../../src/opa/bundle.ts'
import { series } from '../http/fixture.ts'
import { openDoor } from '../support/acme.ts'
import { inlinePdp } from '../support/policy.ts'
import type { ProjectCopy } from '../support/project-copy.ts'

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

/** Takes the owner's right to open a door away. */
export function lockDoors(project: ProjectCopy): void {
  project.edit('config/systems/acme/matrix.yaml', 'open: { owner: allow }', 'open: { guest: allow }')
}

/** A source that holds one thing after the other, and says so at once. */
export function scripted(
  script: readonly (Bundle<BundleIndex> | Error | 'same' | 'unreachable')[],
  done: () => void,
): PolicySource & { readonly waits: number[]; readonly asked: string[] } {
  const waits: number[] = []
  const asked: string[] = []
  let at = 0
  return {
    name: 'script',
    waits,
    asked,
    wait(failures) {
      waits.push(failures)
      if (at === script.length) done()
      return 0
    },
    async look(known) {
      asked.push(known)
      const next = script[at++]
      if (next === 'unreachable') throw new Error('no answer')
      if (next === 'same' || next === undefined) return undefined
      return {
        tag: `tag ${at}`,
        async bundle() {
          if (next instanceof Error) throw next
          return next
        },
      }
    },
  }
}
