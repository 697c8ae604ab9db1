import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { upon } from '../support/directory-command.ts'
import { hasPostgres } from '../support/postgres.ts'
import { startFleet } from './fleet.ts'
import type { Answer, Asked, Sidecar } from './sidecar.ts'
import { size, testTimeout } from './size.ts'

const claims = 50
const seats = 25

/** The owner has a seat beside those that are claimed. */
const team = (tenant: string) => ({
  tenant,
  system: 'filestack',
  plan: 'start',
  settings: { company_name: 'Acme', owner_full_name: 'Ann', seat_limit_override: seats + 1 },
  members: [{ user: 'ann', role: 'account_owner', status: 'active' }],
})

const invited = (index: number) => ({ email: `u${index}@example.com`, role: 'billing' })

const all = Array.from({ length: claims }, (_, index) => index)

/** Asks one after the other until somebody answers, whoever is killed meanwhile. */
async function ask(sidecars: readonly Sidecar[], first: number, asked: Asked): Promise<Answer> {
  for (let turn = first; ; turn++) {
    const answer = await (sidecars[turn % sidecars.length] as Sidecar).ask(asked)
    if (answer.status !== 0 && answer.status !== 503) return answer
    await sleep(20)
  }
}

const put = (sidecars: readonly Sidecar[], document: { readonly tenant: string }) =>
  ask(sidecars, 0, { to: 'management', method: 'PUT', path: `/v1/tenants/${document.tenant}`, body: document })

const claim = (sidecars: readonly Sidecar[], tenant: string, index: number, key: string) =>
  ask(sidecars, index, {
    to: 'management',
    path: `/v1/tenants/${tenant}/actions/member:invite`,
    headers: { 'x-postern-actor': 'ann', 'idempotency-key': key },
    body: { resource: invited(index) },
  })

async function seatsOf(sidecars: readonly Sidecar[], tenant: string): Promise<number | undefined> {
  const { body } = await ask(sidecars, 0, { to: 'management', method: 'GET', path: `/v1/tenants/${tenant}` })
  return body.members?.length
}

describe.skipIf(!hasPostgres)(
  `${claims} claims of ${seats} seats by several sidecars (skipped without PostgreSQL)`,
  () => {
    it('are all granted where the caller asks one sidecar first and stores by another later', async () => {
      const { sidecars } = await startFleet(2)
      await put(sidecars, team('t'))
      const granted = await Promise.all(
        all.map(async (index) => {
          const { body } = await ask(sidecars, index, {
            to: 'decision',
            path: '/authorize',
            body: {
              subject: { type: 'user', id: 'ann' },
              action: { name: 'member:invite' },
              resource: { type: 'member', id: '-', properties: invited(index) },
              context: { tenant: 't' },
            },
          })
          return body.decision === true ? [{ user: `u${index}@example.com`, role: 'billing', status: 'pending' }] : []
        }),
      )
      const { body } = await put(sidecars, {
        ...team('t'),
        members: [...team('t').members, ...granted.flat()],
      } as never)
      expect(body.warnings?.map(({ message }) => message)).toEqual(['51 seats are taken, and there are 26'])
    })

    it(
      `give away exactly ${seats} in each of ${size.seatRounds} rounds, whoever is killed in the middle`,
      async () => {
        const { url, sidecars } = await startFleet(size.sidecars)
        for (let round = 0; round < size.seatRounds; round++) {
          const tenant = `t${round}`
          const keys = all.map(() => randomUUID())
          await put(sidecars, team(tenant))
          let answers = 0
          let killed: Promise<void> | undefined
          const killAt = 5 + ((round * 7) % 30)
          const outcomes = async () =>
            Promise.all(
              all.map(async (index) => {
                const { status, body } = await claim(sidecars, tenant, index, keys[index] as string)
                answers += 1
                const victim = sidecars[round % sidecars.length] as Sidecar
                if (answers === killAt && round % 2 === 0) killed = victim.kill().then(victim.startAnew)
                return status === 200 ? 'allowed' : `${status} ${body.context?.reason}`
              }),
            )
          const first = await outcomes()
          await killed
          expect(first.filter((outcome) => outcome === 'allowed')).toHaveLength(seats)
          expect(first.filter((outcome) => outcome === '409 seat_limit_reached')).toHaveLength(claims - seats)
          expect(await seatsOf(sidecars, tenant)).toBe(seats + 1)

          // What is sent again does nothing again.
          expect(await outcomes()).toEqual(first)
          expect(await seatsOf(sidecars, tenant)).toBe(seats + 1)
        }
        const { code, stdout } = await upon(url, 'directory', 'check')
        expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+ tenants, \d+ members, 0 faults\n$/)])
      },
      testTimeout,
    )
  },
)
