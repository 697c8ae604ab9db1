import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { awaitFacts, whenLoaded } from '../../src/pdp/awaited-pdp.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import { NotLoaded, type TenantFacts } from '../../src/pdp/facts.ts'
import type { Wanted } from '../../src/pdp/freshness.ts'
import { factsOfDocument } from '../../src/pdp/tenant-document.ts'
import { club, clubPolicy, request, roomy } from './fixture.ts'

/** Work that lacks `loads` facts, one after the other, and counts how often it was begun. */
function lacking<T>(loads: number, value: T, loaded: () => Promise<unknown> = () => Promise.resolve()) {
  const begun = { count: 0 }
  const work = () => {
    begun.count += 1
    if (begun.count <= loads) throw new NotLoaded(loaded())
    return value
  }
  return { begun, work }
}

describe('work that is done when its facts are loaded', () => {
  it('is done at once where nothing is missing', async () => {
    expect(whenLoaded(() => 7)).toBe(7)
    expect(await whenLoaded(async () => 7)).toBe(7)
  })

  it('is done over only after what it lacked was loaded', async () => {
    let load = () => {}
    const { begun, work } = lacking(1, 'done', () => new Promise<void>((resolve) => (load = resolve)))
    const done = whenLoaded(work)
    await setImmediate()
    expect(begun.count).toBe(1)
    load()
    expect([await done, begun.count]).toEqual(['done', 2])
  })

  it('may lack a hundred facts, whether it says so at once or later', async () => {
    const [now, later] = [lacking(100, 'now'), lacking(100, 'later')]
    expect([await whenLoaded(now.work), await whenLoaded(async () => later.work())]).toEqual(['now', 'later'])
    expect([now.begun.count, later.begun.count]).toEqual([101, 101])
  })

  it('fails as it fails, and as a fact that cannot be loaded', async () => {
    const broken = new Error('broken')
    const fails = (work: () => unknown) => expect(Promise.resolve().then(() => whenLoaded(work))).rejects.toBe(broken)
    await fails(() => {
      throw broken
    })
    await fails(async () => {
      throw broken
    })
    const { begun, work } = lacking(1, 'done', () => Promise.reject(broken))
    await fails(work)
    expect(begun.count).toBe(1)
    const after = lacking(2, 'done')
    await fails(() => {
      if (after.begun.count === 2) throw broken
      return after.work()
    })
  })

  it('is given up where it always lacks another one', async () => {
    const { begun, work } = lacking(10_000, 'done')
    await expect(whenLoaded(work)).rejects.toMatchObject({
      code: 'directory_unavailable',
      cause: expect.any(NotLoaded),
    })
    expect(begun.count).toBeLessThan(1_000)
  })

  it('leaves no failure of a load behind that nobody waits for', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    new NotLoaded(Promise.reject(new Error('gone')))
    await setImmediate()
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

/** A decision point over the chess club whose facts have to be loaded, each look-up once. */
function pointOver(reach: (wanted: Wanted) => Promise<void> = () => expect.unreachable()) {
  const loaded = new Set<string>()
  const load = (what: string) => {
    if (!loaded.has(what)) throw new NotLoaded(Promise.resolve().then(() => loaded.add(what)))
  }
  const document = factsOfDocument(club)
  const facts: TenantFacts = {
    ...document,
    candidates(...which) {
      load('candidates')
      return document.candidates(...which)
    },
  }
  const point = createPdp({
    tenants: {
      find(tenant) {
        load('tenant')
        return tenant === facts.id ? facts : undefined
      },
    },
    inline: () => expect.unreachable(),
    defaultTenant: 'chess',
    memo: roomy,
  })
  point.activate(clubPolicy().policy)
  return { pdp: awaitFacts(point, { reach }), loaded }
}

describe('a decision point that waits for facts', () => {
  it('answers with a promise where one is to be loaded, and at once where all is at hand', async () => {
    const { pdp } = pointOver()
    const first = pdp.decide(request())
    expect(first).toBeInstanceOf(Promise)
    expect((await first).decision.decision).toBe(true)
    expect(pdp.decide(request())).toMatchObject({ decision: { decision: true }, cache: 'hit' })
    expect((await pointOver().pdp.explain(request())).decision.decision).toBe(true)
  })

  it('opens a tenant and pages through it', async () => {
    const { pdp, loaded } = pointOver()
    const open = await pdp.snapshot().open({})
    expect(open.id).toBe('chess')
    expect(loaded).toEqual(new Set(['tenant']))
    expect(await open.candidates('user', undefined, 9)).toEqual([{ id: 'ann', position: '0' }])
    expect(open.actions(undefined, 9)).toEqual([{ id: 'door:open', position: '0' }])
    await expect(pdp.snapshot().open({ context: { tenant: 'none' } })).rejects.toMatchObject({ code: 'unknown_tenant' })
  })

  it('waits first until they are as fresh as the request asks, whatever is asked', async () => {
    const asked: Wanted[] = []
    const { pdp, loaded } = pointOver(async (wanted) => {
      expect(loaded).toEqual(new Set())
      asked.push(wanted)
    })
    const context = { at_least: 'v1.e.7', consistency: 'full' }
    const held = pdp.snapshot()
    for (const ask of [
      async () => (await pdp.decide(request({ context }))).decision.decision,
      async () => (await pdp.explain(request({ context }))).decision.decision,
      async () => (await held.decide(request({ context }))).decision.decision,
      async () => (await held.open({ context })).id === 'chess',
    ]) {
      loaded.clear()
      expect(await ask()).toBe(true)
    }
    expect(asked).toEqual(Array(4).fill({ atLeast: 'v1.e.7', full: true }))
  })

  it('decides nothing where they are not so fresh, or the request asks for what there is not', async () => {
    const { pdp, loaded } = pointOver(() => Promise.reject(new PosternError('revision_not_reached')))
    const codeOf = async (ask: () => unknown) => {
      try {
        await ask()
      } catch (error) {
        return (error as PosternError).code
      }
      return 'done'
    }
    const codesOf = async (consistency: string) => {
      const asks = request({ context: { consistency } })
      const held = pdp.snapshot()
      const all = [pdp.decide, pdp.explain, held.decide, held.open].map((ask) => codeOf(() => ask(asks)))
      return new Set(await Promise.all(all))
    }
    expect(await codesOf('full')).toEqual(new Set(['revision_not_reached']))
    expect(await codesOf('eventual')).toEqual(new Set(['malformed_request']))
    expect(loaded).toEqual(new Set())
  })
})
