import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { type DistantFleet, startDistantFleet } from './fleet.ts'
import { codeWithout } from './patched-code.ts'
import { report } from './report.ts'
import type { Sidecar } from './sidecar.ts'
import { size, testTimeout } from './size.ts'

const writes = Math.max(60, size.revokes / 4)

/** At no revision is the member both of the role that needs a share and the holder of one. */
const states = [
  { role: 'media_library_restricted_access', shares: [] },
  { role: 'finance', shares: [{ user: 'noor', path: '/brand', level: 'can_view' }] },
] as const

/**
 * The reasons that sidecars gave, and how often, while one state took the place of the other all the time. Their database
 * is so far away that facts of a decision are read at different moments.
 */
async function whileStatesChange({ sidecars, networks }: DistantFleet): Promise<Map<string, number>> {
  const [writer, ...others] = sidecars
  for (const network of networks) network.delay(4)
  const put = async (turn: number) => {
    const { role, shares } = states[turn % 2] as (typeof states)[number]
    const answer = await (writer as Sidecar).ask({
      to: 'management',
      method: 'PUT',
      path: '/v1/tenants/mixed',
      body: {
        tenant: 'mixed',
        system: 'imagekit',
        plan: 'enterprise',
        members: [
          { user: 'ada', role: 'account_administrator', status: 'active' },
          { user: 'noor', role, status: 'active' },
        ],
        shares,
      },
    })
    expect(answer.status).toBe(200)
  }
  await put(0)
  const reasons = new Map<string, number>()
  let changing = true
  const asking = others.flatMap((sidecar) =>
    Array.from({ length: 2 }, async () => {
      while (changing) {
        await sleep(2)
        const { status, body } = await sidecar.ask({
          to: 'decision',
          path: '/authorize',
          body: {
            subject: { type: 'user', id: 'noor' },
            action: { name: 'media_file:open' },
            resource: { type: 'media_file', id: '-', properties: { path: '/brand/logo.png' } },
            context: { tenant: 'mixed' },
          },
        })
        // Where one write came so soon after the other that the facts of no revision could be read, there is no decision.
        const reason = body.context?.reason ?? `${status}`
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      }
    }),
  )
  for (let turn = 1; turn <= writes; turn++) {
    await put(turn)
    await sleep((turn * 37) % 120)
  }
  changing = false
  await Promise.all(asking)
  return reasons
}

describe.skipIf(!hasPostgres)('a role that is lost with the share that it needs (skipped without PostgreSQL)', () => {
  it(
    'gives a right that never was where rows answer also at an earlier revision of their tenant',
    async () => {
      const fleet = await startDistantFleet(2, codeWithout('rows'))
      expect([...(await whileStatesChange(fleet)).keys()]).toContain('share_grant')
    },
    testTimeout,
  )

  it(
    `gives none in any decision during ${writes} writes, each of which is of one revision`,
    async () => {
      const reasons = await whileStatesChange(await startDistantFleet(3))
      report(
        `one revision: ${writes} writes, ${[...reasons].map(([reason, count]) => `${count} × ${reason}`).join(', ')}`,
      )
      reasons.delete('503')
      expect([...reasons.keys()].sort()).toEqual(['no_permission', 'not_shared'])
      expect(Math.min(...reasons.values())).toBeGreaterThan(10)
    },
    testTimeout,
  )
})
