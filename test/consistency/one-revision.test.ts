import { describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { startFleet } from './fleet.ts'
import { codeWithout } from './patched-code.ts'
import type { Sidecar } from './sidecar.ts'
import { size, testTimeout } from './size.ts'

const writes = Math.max(60, size.revokes / 4)

/** At no revision is the member both of the role that needs a share and the holder of one. */
const states = [
  { role: 'media_library_restricted_access', shares: [] },
  { role: 'finance', shares: [{ user: 'noor', path: '/brand', level: 'can_view' }] },
] as const

/** The reasons that sidecars gave while one state took the place of the other all the time, and how often. */
async function whileStatesChange(sidecars: readonly Sidecar[]): Promise<Map<string, number>> {
  const put = async (turn: number) => {
    const { role, shares } = states[turn % 2] as (typeof states)[number]
    const answer = await (sidecars[turn % sidecars.length] as Sidecar).ask({
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
  const asking = sidecars.flatMap((sidecar) =>
    Array.from({ length: 2 }, async () => {
      while (changing) {
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
        const reason = body.context?.reason ?? `${status} ${body.error?.code}`
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      }
    }),
  )
  for (let turn = 1; turn <= writes; turn++) await put(turn)
  changing = false
  await Promise.all(asking)
  return reasons
}

describe.skipIf(!hasPostgres)('a role that is lost with the share that it needs (skipped without PostgreSQL)', () => {
  it('gives a right that never was where rows answer at any revision of their tenant', async () => {
    const { sidecars } = await startFleet(2, { code: codeWithout('rows') })
    expect([...(await whileStatesChange(sidecars)).keys()]).toContain('share_grant')
  })

  it(
    `gives none in any decision during ${writes} writes, each of which is of one revision`,
    async () => {
      const { sidecars } = await startFleet(Math.min(3, size.sidecars))
      const reasons = await whileStatesChange(sidecars)
      expect([...reasons.keys()].sort()).toEqual(['no_permission', 'not_shared'])
      expect(Math.min(...reasons.values())).toBeGreaterThan(writes / 4)
    },
    testTimeout,
  )
})
