import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { gatewayPrograms, isInstalled } from '../../examples/gateway-program.ts'
import { project } from '../support/policy.ts'
import { tokenOf } from '../support/tokens.ts'
import { type Asked, gatewayRig, type Reached, type Rig, type Trouble } from './gateway-rig.ts'
import { headerSpoofs } from './header-spoofs.ts'
import { hostilePaths } from './hostile-paths.ts'
import { rawRequests } from './raw-requests.ts'

const required = process.env.POSTERN_TEST_REQUIRE === '1'

/** What the client gets where Postern gives no answer, or one that it gives only in trouble. */
const inTrouble: Readonly<Record<string, readonly (readonly [Trouble, number])[]>> = {
  nginx: (['down', 'slow', 503, 500, 302, 404, 429, 400] as const).map((trouble) => [trouble, 500]),
  // Traefik waits for half a minute and cannot be told another time.
  traefik: [
    ['down', 500],
    ['slow', 500],
    ...([503, 500, 302, 404, 429, 400] as const).map((status) => [status, status] as const),
  ],
  caddy: [
    ['down', 502],
    ['slow', 504],
    ...([503, 500, 302, 404, 429, 400] as const).map((status) => [status, status] as const),
  ],
  haproxy: (['down', 'slow', 503, 500, 302, 404, 429, 400, 201, 204] as const).map((trouble) => [trouble, 403]),
}

const credential = async (user: string) => `Authorization: Bearer ${await tokenOf(user)}\r\n`
const requestOf = (line: string, head: string) =>
  `${line} HTTP/1.1\r\nHost: api.example.com\r\n${head}Connection: close\r\n\r\n`

const keys = (list: readonly Pick<Asked, 'method' | 'url'>[]) =>
  list.map(({ method, url }) => `${method} ${url}`).sort()

// Envoy has tests of its own, by HTTP and by gRPC.
for (const program of gatewayPrograms.filter(({ name }) => name !== 'envoy')) {
  const here = required || isInstalled(program)
  if (!here) console.warn(`skipped: the tests on the real ${program.name}, which is not here; ${program.toGet}`)

  describe.skipIf(!here)(`${program.name} with the configuration of this project`, () => {
    let rig: Rig
    beforeAll(async () => {
      rig = await gatewayRig(program)
    }, 30_000)
    afterEach(() => {
      rig.meet('none')
      rig.reached.length = 0
      rig.asked.length = 0
    })
    afterAll(() => rig?.stop())

    /** The service got what the policy allowed, as it was decided upon, once each, and nothing else. */
    const expectOnlyAllowed = () => {
      expect(keys(rig.reached)).toEqual(keys(rig.asked.filter(({ status }) => status === 200)))
    }

    it('passes on what the policy allows, with who asked and why', async () => {
      expect(await rig.raw(requestOf('GET /v1/members?page=2', await credential('owner')))).toBe(200)
      expect(keys(rig.reached)).toEqual(['GET /v1/members?page=2'])
      const about = aboutDecision(rig.reached[0] as Reached)
      expect(about['x-postern-decision-id']).toMatch(/^[0-9a-f]{32}$/)
      expect(about).toEqual({
        'x-postern-subject': 'owner',
        'x-postern-reason': 'role_grant',
        'x-postern-decision-id': about['x-postern-decision-id'],
        ...(about['x-postern-obligations'] === undefined ? {} : { 'x-postern-obligations': '' }),
      })
      expectOnlyAllowed()
    })

    it('stops at a denial, at a route or method that is not listed, and without a credential', async () => {
      const statuses = [
        await rig.raw(requestOf('GET /v1/members', await credential('bill'))),
        await rig.raw(requestOf('GET /v1/other', await credential('owner'))),
        await rig.raw(requestOf('DELETE /v1/members', await credential('owner'))),
        await rig.raw(requestOf('GET /v1/members', '')),
        await rig.raw(requestOf('GET /v1/members', 'Authorization: Bearer x.y.z\r\n')),
      ]
      expect(statuses).toEqual([403, 403, 403, 401, 401])
      expect(rig.reached).toEqual([])
    })

    it.each(inTrouble[program.name] ?? [])(
      'stops where Postern is or answers %s, with a %s',
      async (trouble, status) => {
        rig.meet(trouble)
        expect(await rig.raw(requestOf('GET /v1/members', await credential('owner')))).toBe(status)
        expect(rig.reached).toEqual([])
      },
      45_000,
    )

    it('is in the table of the README with these statuses', () => {
      const dialect = program.name === 'nginx' ? 'auth-request' : 'forward-auth'
      const statusIn = (trouble: Trouble) => inTrouble[program.name]?.find(([how]) => how === trouble)?.[1]
      const cells = [
        program.name,
        `\`/v1/${dialect}\``,
        200,
        403,
        401,
        ...(['down', 'slow', 503] as const).map(statusIn),
      ]
      expect(readFileSync(join(project.root, 'README.md'), 'utf8')).toContain(`\n| ${cells.join(' | ')} |\n`)
    })

    it('keeps what a client sends under the names of gateways or of the decision from having any effect', async () => {
      expect(headerSpoofs.length).toBeGreaterThanOrEqual(60)
      const bill = await credential('bill')
      for (const spoof of headerSpoofs)
        expect([spoof, [200, 0].includes(await rig.raw(requestOf('GET /v1/members', `${bill}${spoof}\r\n`)))]).toEqual([
          spoof,
          false,
        ])
      expect(rig.reached).toEqual([])
      let passed = 0
      for (const spoof of headerSpoofs) {
        rig.reached.length = 0
        if ((await rig.raw(requestOf('GET /v1/accounts/acme-filestack/plan', `${bill}${spoof}\r\n`))) !== 200) continue
        passed++
        const about = aboutDecision(rig.reached[0] as Reached)
        // A name that the client declared to be for this connection alone is gone.
        if (!spoof.startsWith('Connection:')) expect([spoof, about['x-postern-subject']]).toEqual([spoof, 'bill'])
        expect([spoof, ['bill', undefined].includes(about['x-postern-subject'])]).toEqual([spoof, true])
        expect([spoof, ['role_grant', undefined].includes(about['x-postern-reason'])]).toEqual([spoof, true])
        expect([spoof, about['x-postern-decision-id']]).toEqual([spoof, expect.stringMatching(/^[0-9a-f]{32}$/)])
        expect([spoof, about['x-postern-obligations'] ?? '']).toEqual([spoof, ''])
      }
      // A gateway may also refuse a head that it does not like.
      expect(passed).toBeGreaterThan(40)
      console.info(
        `${program.name}: ${headerSpoofs.length} spoofed headers, denied and allowed requests, 0 with effect`,
      )
    })

    it('passes on no hostile path or request but the very one that was decided upon', async () => {
      const owner = await credential('owner')
      const sent = [
        ...hostilePaths.map((path) => requestOf(`GET ${path}`, owner)),
        ...rawRequests.map((text) => text.replaceAll('@', owner)),
      ]
      for (let first = 0; first < sent.length; first += 8)
        await Promise.all(sent.slice(first, first + 8).map((text) => rig.raw(text, 1_500)))
      const allowed = keys(rig.asked.filter(({ status }) => status === 200))
      const left = [...allowed]
      for (const request of keys(rig.reached)) {
        expect(left).toContain(request)
        left.splice(left.indexOf(request), 1)
      }
      // The rest came as what no service can read: HAProxy passes on a NUL in a value.
      expect(left.length).toBe(rig.unreadable.length)
      expect(rig.unreadable.length).toBeLessThan(2)
      expect(await rig.otherAnswers()).toBe(0)
      // It still works after all that.
      expect(await rig.raw(requestOf('GET /v1/members', owner))).toBe(200)
      console.info(
        `${program.name}: ${hostilePaths.length} hostile paths and ${rawRequests.length} raw requests, ` +
          `${rig.asked.length} asked about, ${rig.reached.length} passed on, each as it was allowed; decision API 0`,
      )
    })
  })
}

/** The headers of the decision, with `_` read as `-`, as some services read it; several values are one list. */
function aboutDecision({ rawHeaders }: Reached): Record<string, string> {
  const found: Record<string, string> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase().replaceAll('_', '-')
    if (!name.startsWith('x-postern-')) continue
    const value = rawHeaders[index + 1] as string
    found[name] = found[name] === undefined ? value : `${found[name]}, ${value}`
  }
  return found
}
