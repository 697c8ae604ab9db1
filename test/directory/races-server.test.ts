import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Attempt, type Outcome, type RaceRig, raceRig } from './race-rig.ts'

/** `POSTERN_TEST_ROUNDS=50` for the full size. */
const rounds = Number(process.env.POSTERN_TEST_ROUNDS ?? 4)
const claims = 50
const seats = 25

let rig: RaceRig
beforeAll(() => {
  rig = raceRig()
})
afterAll(() => rig.close())

/** The owner has a seat of his own beside those that are claimed. */
const team = (tenant: string) => ({
  tenant,
  system: 'filestack',
  plan: 'start',
  settings: { company_name: 'Acme', owner_full_name: 'Ann', seat_limit_override: seats + 1 },
  members: [{ user: 'ann', role: 'account_owner', status: 'active' }],
})

const claim = (tenant: string, index: number): Attempt => ({
  tenant,
  by: 'ann',
  action: 'member:invite',
  resource: { email: `u${index}@example.com`, role: 'billing' },
  key: `${tenant} ${index}`,
})

const claimsOf = (tenant: string) => Array.from({ length: claims }, (_, index) => claim(tenant, index))

/** How often each outcome came. */
function tally(outcomes: readonly Outcome[]): Readonly<Record<string, number>> {
  const count: Record<string, number> = {}
  for (const { outcome } of outcomes) count[outcome] = (count[outcome] ?? 0) + 1
  return count
}

describe(`${claims} claims of ${seats} seats by eight processes of one server`, () => {
  it('are all granted where the caller asks first and stores later', async () => {
    await rig.put(team('t'))
    const granted = await Promise.all(
      claimsOf('t').map(async ({ by, action, resource }) => {
        const { body } = await rig.ask({
          to: 'decision',
          method: 'POST',
          path: '/authorize',
          body: {
            subject: { type: 'user', id: by },
            action: { name: action },
            resource: { type: 'member', id: '-', properties: resource },
            context: { tenant: 't' },
          },
        })
        return body.decision === true ? [{ user: String(resource.email), role: 'billing', status: 'pending' }] : []
      }),
    )
    const { body } = await rig.put({ ...team('t'), members: [...team('t').members, ...granted.flat()] })
    expect(granted.flat()).toHaveLength(claims)
    expect(body.warnings?.map(({ message }) => message)).toEqual(['51 seats are taken, and there are 26'])
  })

  it(`give away exactly ${seats} in each of ${rounds} rounds, whoever is killed in the middle`, async () => {
    for (let round = 0; round < rounds; round++) {
      const tenant = `t${round}`
      await rig.put(team(tenant))
      let answers = 0
      let killed: Promise<void> | undefined
      // Every other round loses clients, every fourth the server, at another point each time.
      const at = 5 + ((round * 7) % 30)
      const first = await Promise.all(
        claimsOf(tenant).map(async (attempt) => {
          const outcome = await rig.act(attempt)
          answers += 1
          if (answers === at && round % 2 === 1) for (const index of [0, 3, 6]) rig.killClient(index)
          if (answers === at && round % 4 === 2) killed = rig.killServer()
          return outcome
        }),
      )
      await killed
      expect(tally(first)).toEqual({ allowed: seats, seat_limit_reached: claims - seats })
      expect((await rig.document(tenant)).members).toHaveLength(seats + 1)

      const again = await Promise.all(claimsOf(tenant).map(rig.act))
      expect(again.map(({ outcome }) => outcome)).toEqual(first.map(({ outcome }) => outcome))
      expect(again.filter(({ replayed }) => replayed)).toHaveLength(seats)
      expect((await rig.document(tenant)).members).toHaveLength(seats + 1)
    }
  }, 900_000)
})

/** Each round has a tenant of its own; all attempts of a round are under way at once. */
async function eachRound(
  name: string,
  {
    document,
    attempts,
  }: { document: (tenant: string) => Parameters<RaceRig['put']>[0]; attempts: readonly Omit<Attempt, 'tenant'>[] },
  verify: (outcomes: readonly Outcome[], tenant: string) => Promise<void> | void,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const tenant = `${name}-${round}`
    await rig.put(document(tenant))
    // Who is first is another one each time.
    const order = attempts.map((_, index) => attempts[(index + round) % attempts.length] as Omit<Attempt, 'tenant'>)
    await verify(await Promise.all(order.map((attempt) => rig.act({ ...attempt, tenant }))), tenant)
  }
}

describe('eight requests at once', () => {
  it('leave one of two owners who remove each other', async () => {
    const owner = { role: 'organization_owner', status: 'active' }
    const pair = [
      ['oda', 'own'],
      ['own', 'oda'],
    ] as const
    await eachRound(
      'owner',
      {
        document: (tenant) => ({
          tenant,
          system: 'quantcdn',
          plan: 'organization',
          members: [
            { user: 'own', ...owner },
            { user: 'oda', ...owner },
          ],
        }),
        attempts: [0, 1, 2, 3].flatMap(() =>
          pair.map(([by, user]) => ({ by, action: 'team_member:remove', resource: { user } })),
        ),
      },
      async (outcomes, tenant) => {
        const { allowed, not_a_member, target_not_found } = tally(outcomes)
        expect([allowed, not_a_member, target_not_found]).toEqual([1, 4, 3])
        expect((await rig.document(tenant)).members).toHaveLength(1)
      },
    )
  }, 300_000)

  it('leave one of two administrators who step back', async () => {
    const administrator = { role: 'account_administrator', status: 'active' }
    await eachRound(
      'administrator',
      {
        document: (tenant) => ({
          tenant,
          system: 'imagekit',
          plan: 'paid',
          members: [
            { user: 'ada', ...administrator },
            { user: 'abe', ...administrator },
          ],
        }),
        attempts: ['ada', 'abe'].map((user) => ({
          by: user,
          action: 'user:update_role',
          resource: { user, role: 'finance' },
        })),
      },
      async (outcomes, tenant) => {
        expect(tally(outcomes)).toEqual({ allowed: 1, last_administrator: 1 })
        const { members = [] } = await rig.document(tenant)
        expect(members.map(({ role }) => role).sort()).toEqual(['account_administrator', 'finance'])
      },
    )
  }, 300_000)

  it('leave a developer the last of two keys that are taken away', async () => {
    await eachRound(
      'key',
      {
        document: (tenant) => ({
          ...team(tenant),
          api_keys: ['k1', 'k2'],
          members: [
            ...team(tenant).members,
            { user: 'dev', role: 'developer', status: 'active', api_keys: ['k1', 'k2'] },
          ],
        }),
        attempts: ['k1', 'k2'].map((api_key) => ({
          by: 'ann',
          action: 'api_key:unassign',
          resource: { user: 'dev', api_key },
        })),
      },
      async (outcomes, tenant) => {
        expect(tally(outcomes)).toEqual({ allowed: 1, api_key_required: 1 })
        expect((await rig.document(tenant)).members?.[1]?.api_keys).toHaveLength(1)
      },
    )
  }, 300_000)

  it('make one fifth level', async () => {
    const level = (id: string) => ({ id, kind: 'company', pages: ['hub_home:access'] })
    await eachRound(
      'level',
      {
        document: (tenant) => ({
          tenant,
          system: 'filerobot',
          projects: ['p1'],
          custom_levels: ['l1', 'l2', 'l3', 'l4'].map(level),
          members: [{ user: 'own', role: 'owner', status: 'active', scope: 'company' }],
        }),
        attempts: Array.from({ length: 8 }, (_, index) => ({
          by: 'own',
          action: 'custom_level:create',
          resource: level(`new${index}`),
        })),
      },
      async (outcomes, tenant) => {
        expect(tally(outcomes)).toEqual({ allowed: 1, custom_level_limit_reached: 7 })
        expect((await rig.document(tenant)).custom_levels).toHaveLength(5)
      },
    )
  }, 300_000)

  it('do nothing for an actor once he was removed', async () => {
    const administrator = { role: 'account_administrator', status: 'active' }
    const removal = { by: 'ada', action: 'user:delete', resource: { user: 'abe' } }
    const creations = Array.from({ length: 7 }, (_, index) => ({
      by: 'abe',
      action: 'user:create',
      resource: { email: `u${index}@example.com`, role: 'developer' },
    }))
    await eachRound(
      'removed',
      {
        document: (tenant) => ({
          tenant,
          system: 'imagekit',
          plan: 'paid',
          settings: { seat_limit_override: 100 },
          members: [
            { user: 'ada', ...administrator },
            { user: 'abe', ...administrator },
          ],
        }),
        attempts: [...creations.slice(0, 3), { ...removal, key: 'removal' }, ...creations.slice(3)],
      },
      async (outcomes, tenant) => {
        const removed = await rig.act({ ...removal, tenant, key: 'removal' })
        expect(removed).toMatchObject({ outcome: 'allowed', replayed: true })
        const { allowed = 0, not_a_member = 0 } = tally(outcomes)
        expect(allowed + not_a_member).toBe(8)
        // The removal is one of the allowed, and the last of them in the order in which they were written.
        const { members = [], revision } = await rig.document(tenant)
        const last = Math.max(...outcomes.filter(({ outcome }) => outcome === 'allowed').map((one) => one.revision))
        expect([members.length, revision]).toEqual([allowed, last])
        expect(members.map(({ user }) => user)).not.toContain('abe')
        expect((await rig.act({ ...creations[0], tenant } as Attempt)).outcome).toBe('not_a_member')
      },
    )
  }, 300_000)
})

it('what all of them left has no count that differs from its rows', async () => {
  const { code, stdout, stderr } = await rig.check()
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^\d+ tenants, \d+ members, 0 faults\n$/)
})
