import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Checked, Written } from './history.ts'
import type { Answer, Sidecar } from './sidecar.ts'

const roles = { true: 'developer', false: 'media_library_view_only_access' } as const

const administrator = { user: 'ada', role: 'account_administrator', status: 'active' }

/** A write of which the answer was lost is sent again, and known by its key. */
const retryMs = 20

/** What a decision is asked to be made upon. */
export interface Wanted {
  readonly atLeast?: Written | undefined
  readonly full?: boolean | undefined
}

export type Register = Awaited<ReturnType<typeof createRegister>>

/** A tenant with one member who may purge the cache or not, written and asked by several sidecars. */
export async function createRegister(tenant: string, sidecars: readonly Sidecar[], allows = false) {
  const writes: Written[] = []
  const checks: Checked[] = []
  /** Codes of the answers that were no decision, and how often they came. */
  const undecided = new Map<string, number>()
  const tokens = new Map<Written, string>()

  const keep = (answer: Answer, write: Omit<Written, 'answered' | 'rev'>): Written => {
    const token = answer.body.revision as string
    const written = { ...write, answered: performance.now(), rev: revOf(token) }
    tokens.set(written, token)
    writes.push(written)
    return written
  }

  /** Stores the whole tenant anew. */
  const put = async (by: number, allowed: boolean): Promise<Written> => {
    const members = [administrator, { user: 'dev', role: roles[`${allowed}`], status: 'active' }]
    const sent = performance.now()
    const answer = await (sidecars[by] as Sidecar).ask({
      to: 'management',
      method: 'PUT',
      path: `/v1/tenants/${tenant}`,
      body: { tenant, system: 'imagekit', plan: 'enterprise', members },
    })
    if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
    return keep(answer, { by, allows: allowed, sent, everywhere: false })
  }

  /** Once; its decision says whether the right was another one before. */
  const act = (by: number, allowed: boolean, wait: boolean, key: string): Promise<Answer> =>
    (sidecars[by] as Sidecar).ask({
      to: 'management',
      path: `/v1/tenants/${tenant}/actions/user:update_role${wait ? '?wait=fleet' : ''}`,
      headers: { 'x-postern-actor': 'ada', 'idempotency-key': key },
      body: { resource: { user: 'dev', role: roles[`${allowed}`] } },
    })

  const ask = (by: number, context: object): Promise<Answer> =>
    (sidecars[by] as Sidecar).ask({
      to: 'decision',
      path: '/authorize',
      body: {
        subject: { type: 'user', id: 'dev' },
        action: { name: 'cache:purge' },
        resource: { type: 'cache', id: '-' },
        context: { tenant, ...context },
      },
    })

  await put(0, allows)
  return {
    tenant,
    writes,
    checks,
    undecided,
    put,
    act,
    ask,
    /** Gives or takes the right, whatever fails in between; `wait` until the whole fleet knows. */
    async write(by: number, allowed: boolean, wait = false): Promise<Written> {
      const key = randomUUID()
      const sent = performance.now()
      for (;;) {
        const answer = await act(by, allowed, wait, key)
        const { status } = answer
        if (status === 200 || status === 202)
          return keep(answer, { by, allows: allowed, sent, everywhere: wait && status === 200 })
        if (status !== 0 && status !== 503) throw new Error(`${status} ${JSON.stringify(answer.body)}`)
        await sleep(retryMs)
      }
    },
    /** Undefined where there was no decision. */
    async check(by: number, { atLeast, full }: Wanted = {}): Promise<Checked | undefined> {
      const sent = performance.now()
      const { status, body } = await ask(by, {
        ...(atLeast === undefined ? {} : { at_least: tokens.get(atLeast) }),
        ...(full === true ? { consistency: 'full' } : {}),
      })
      const { decision, context } = body
      if (status !== 200 || decision === undefined || context === undefined) {
        const code = body.error?.code ?? 'no_answer'
        undecided.set(code, (undecided.get(code) ?? 0) + 1)
        return undefined
      }
      const rev = revOf(context.revision)
      const check = { by, sent, answered: performance.now(), allowed: decision, rev, atLeast: atLeast?.rev, full }
      checks.push(check)
      return check
    },
    tokenOf: (written: Written) => tokens.get(written) as string,
  }
}

function revOf(revision: string): number {
  return Number(revision.split('.').at(-1))
}
