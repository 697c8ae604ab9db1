import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BundleIndex } from '../../src/app/build.ts'
import { type Bundle, readBundle } from '../../src/opa/bundle.ts'
import { closeDoor, house, openDoor } from '../support/acme.ts'
import { type ProjectCopy, tinyProject } from '../support/project-copy.ts'
import { type Client, eightAtATime, serving } from '../support/serving.ts'

let project: ProjectCopy
let bundle: Bundle<BundleIndex>
beforeAll(async () => {
  project = tinyProject()
  await project.build()
  bundle = readBundle<BundleIndex>(project.bundle)
}, 120_000)
afterAll(() => project.remove())

let fresh = 0
/** A decision that no cache holds, allowed and refused. */
async function decides(client: Client): Promise<void> {
  const door = `d${fresh++}`
  const tenant = { ...house, projects: [door] }
  expect(await client.authorize(openDoor({ tenant, door }))).toMatchObject({
    status: 200,
    body: { decision: true, context: { reason: 'role_grant', cache: 'miss' } },
  })
  expect(await client.authorize(openDoor({ tenant, door: 'none' }))).toMatchObject({
    status: 200,
    body: { decision: false, context: { reason: 'target_not_found' } },
  })
}

const half = '\\ud800'
/** The question as JSON, `HERE` being where half a character stands. */
const broken = (question: object, surrogate: string) => JSON.stringify(question).replace('HERE', surrogate)

describe('half a character', () => {
  const places: Readonly<Record<string, object>> = {
    'subject id': openDoor({ subject: 'olgaHERE' }),
    'subject type': { ...openDoor(), subject: { type: 'HERE', id: 'olga' } },
    'action name': { ...openDoor(), action: { name: 'door:openHERE' } },
    'resource id': { ...openDoor(), resource: { type: 'door', id: 'HERE' } },
    property: openDoor({ door: 'frontHERE' }),
    'property of a property': openDoor({ properties: { more: [{ deep: 'HERE' }] } }),
    'name of a property': openDoor({ properties: { HERE: 1 } }),
    context: openDoor({ context: { open: 'HERE' } }),
    'name in the context': openDoor({ context: { HERE: true } }),
    'unknown member': { ...openDoor(), more: ['HERE'] },
    'inline tenant': openDoor({ tenant: { ...house, tenant: 'HERE' } }),
    'user of the inline tenant': openDoor({ tenant: { ...house, members: [{ user: 'HERE', role: 'owner' }] } }),
    'role of the inline tenant': openDoor({ tenant: { ...house, members: [{ user: 'olga', role: 'HERE' }] } }),
    'setting of the inline tenant': openDoor({ tenant: { ...house, settings: { HERE: 1 } } }),
  }
  const surrogates = [half, '\\udfff', '\\udc00\\ud800', 'a\\uDBFFb', '\\ud83d\\ud83d\\ude00']

  it('in 5,000 requests, in every place: 400 each, and the next decision is right', { timeout: 60_000 }, async () => {
    await serving(bundle, async (client) => {
      const all = Object.entries(places)
      const wrong: unknown[] = []
      await eightAtATime(5_000, async (turn) => {
        const [place, question] = all[turn % all.length] as [string, object]
        const reply = await client.authorize(broken(question, surrogates[turn % surrogates.length] as string))
        if (reply.status !== 400 || reply.body.code !== 'not_well_formed') wrong.push([place, reply])
        if (turn % 100 === 0) await decides(client)
      })
      expect(wrong.slice(0, 5)).toEqual([])
      await decides(client)
    })
  })

  it('is no whole one: a pair is taken', async () => {
    await serving(bundle, async (client) => {
      const text = broken(openDoor({ door: 'HERE', tenant: { ...house, projects: ['😀'] } }), '\\ud83d\\ude00')
      expect(await client.authorize(text)).toMatchObject({ status: 200, body: { decision: true } })
    })
  })
})

describe('a body', () => {
  const good = JSON.stringify(openDoor())
  const with_ = (json: string) => good.replace('"properties":{', `"properties":{"more":${json},`)
  const cases: readonly (readonly [title: string, body: string, status: number, code: RegExp])[] = [
    ...[33, 20_000, 200_000].flatMap((depth): (readonly [string, string, number, RegExp])[] => [
      [`nested ${depth} lists deep`, with_('['.repeat(depth) + ']'.repeat(depth)), 400, /^(too_deep|malformed_json)$/],
      [`nested ${depth} lists deep that never end`, with_('['.repeat(depth)), 400, /^malformed_json$/],
    ]),
    [
      'nested 100,000 objects deep',
      with_(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
      400,
      /^(too_deep|malformed_json)$/,
    ],
    [
      'of nothing but 100,000 lists',
      '['.repeat(100_000) + ']'.repeat(100_000),
      400,
      /^(too_deep|malformed_json|malformed_request)$/,
    ],
    ['of 20 MiB', with_(`"${'x'.repeat(20 * 1024 * 1024)}"`), 413, /^too_large$/],
    ['with 1e400', with_('1e400'), 400, /^number_out_of_range$/],
    ['with -1e400', with_('-1e400'), 400, /^number_out_of_range$/],
    ['with 2^53 + 1', with_('9007199254740993'), 400, /^number_out_of_range$/],
    [
      'with 2^53 + 1 in the inline tenant',
      good.replace('"plan":"large"', '"plan":"large","settings":{"n":9007199254740993}'),
      400,
      /^number_out_of_range$/,
    ],
    ['with NaN', with_('NaN'), 400, /^malformed_json$/],
    ['with Infinity', with_('Infinity'), 400, /^malformed_json$/],
    ['cut in the middle', good.slice(0, good.length >> 1), 400, /^malformed_json$/],
    ['without its last byte', good.slice(0, -1), 400, /^malformed_json$/],
    ['with something after it', `${good}{}`, 400, /^malformed_json$/],
    ['that is empty', '', 400, /^malformed_json$/],
    ['with a byte order mark', `\ufeff${good}`, 400, /^malformed_json$/],
    ['with a NUL in a name', good.replace('"more"', '"mo\0re"').replace('olga', 'ol\0ga'), 400, /^malformed_json$/],
  ]
  it.each(cases)('%s is refused, and the next decision is right', async (_, body, status, code) => {
    await serving(bundle, async (client) => {
      // A connection that is closed under a large body is an answer too, as long as the next one is served.
      const reply = await client.authorize(body).catch((error: NodeJS.ErrnoException) => error.code)
      if (status === 413 && typeof reply === 'string') expect(reply).toMatch(/^(ECONNRESET|EPIPE)$/)
      else expect(reply).toMatchObject({ status, body: { code: expect.stringMatching(code) } })
      await decides(client)
    })
  })

  it('with a key twice is decided by what stands last, or refused, and never by a mixture', async () => {
    await serving(bundle, async (client) => {
      const twice = good.replace('"id":"olga"', '"id":"olga","id":"nobody"')
      const reply = await client.authorize(twice)
      if (reply.status === 200)
        expect(reply.body).toMatchObject({ decision: false, context: { reason: 'not_a_member' } })
      else expect(reply.status).toBe(400)
      await decides(client)
    })
  })
})

describe('names that every object has', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf']
  const evil = '{"door":"front","exists":true,"role":"owner","open":true,"who":"self"}'
  const asked = JSON.stringify(openDoor())

  it('change nothing at any level of a request', async () => {
    await serving(bundle, async (client) => {
      for (const name of names) {
        const member = `"${name}":${evil},`
        const levels = [
          '{',
          '"subject":{',
          '"action":{',
          '"resource":{',
          '"properties":{',
          '"tenant":{',
          '"attributes":{',
        ]
        for (const level of levels) {
          const at = asked.indexOf(level) + level.length
          const reply = await client.authorize(`${asked.slice(0, at)}${member}${asked.slice(at)}`)
          expect(reply, `${name} in ${level}`).toMatchObject({
            status: 200,
            body: { decision: true, context: { reason: 'role_grant' } },
          })
        }
        const text = asked.replace('"door":"front",', '').replace('"properties":{', `"properties":{${member}`)
        expect(await client.authorize(text)).toMatchObject({
          body: { decision: false, context: { reason: 'missing_field' } },
        })
        const context = JSON.stringify(closeDoor({ context: {} as never })).replace(
          '"context":{',
          `"context":{"${name}":${evil}`,
        )
        expect(await client.authorize(context)).toMatchObject({
          body: { decision: false, context: { reason: 'out_of_scope' } },
        })
      }
      expect(({} as Record<string, unknown>).exists).toBeUndefined()
      await decides(client)
    })
  })

  it('are nobody, no role, no plan, no system and no action', async () => {
    await serving(bundle, async (client) => {
      for (const name of names) {
        const reason = async (question: object) => {
          const { status, body } = await client.authorize(question)
          return status === 200 && body.decision === false ? body.context?.reason : (body.code ?? body)
        }
        const member = (role: string) => [{ user: 'olga', role, two_factor_enabled: true }]
        expect(await reason(openDoor({ subject: name }))).toBe('not_a_member')
        expect(await reason(openDoor({ tenant: { ...house, members: member(name) } }))).toBe('unknown_role')
        expect(await reason(openDoor({ tenant: { ...house, plan: name } }))).toBe('unknown_plan')
        expect(await reason(openDoor({ tenant: { ...house, system: name } }))).toBe('unknown_system')
        expect(await reason({ ...openDoor(), action: { name } })).toBe('unknown_action')
        expect(await reason({ ...openDoor(), tenant: undefined, context: { tenant: name } })).toBe('unknown_tenant')
      }
    })
  })
})

describe('too much for one decision', () => {
  it('an inline tenant beyond the bound of a fact: 503, within it a decision', async () => {
    await serving(bundle, async (client) => {
      const of = (count: number) => ({ ...house, projects: Array.from({ length: count }, (_, index) => `p${index}`) })
      const [most, more] = [of(10_000), of(10_001)]
      expect(await client.authorize(openDoor({ tenant: more, door: 'p1' }))).toMatchObject({
        status: 503,
        body: { code: 'too_many_facts' },
      })
      expect(await client.authorize(openDoor({ tenant: most, door: 'p9999' }))).toMatchObject({
        status: 200,
        body: { decision: true },
      })
      // Who does not read the fact is not refused for it.
      expect(await client.authorize(closeDoor({ tenant: more }))).toMatchObject({
        status: 200,
        body: { decision: true },
      })
      await decides(client)
    })
  })

  it('an input that the memory does not hold: 503, and the next decision is right', async () => {
    const use = async (client: Client) => {
      for (let turn = 0; turn < 20; turn++) {
        const reply = await client.authorize(openDoor({ door: 'x'.repeat(1_000_000) }))
        expect(reply).toMatchObject({ status: 503, body: { code: 'evaluation_failed' } })
        await decides(client)
      }
    }
    await serving(bundle, use, { memoryMib: 2.5 })
    await serving(bundle, async (client) => {
      expect(await client.authorize(openDoor({ door: 'x'.repeat(1_000_000) }))).toMatchObject({
        status: 200,
        body: { decision: false },
      })
    })
  })
})
