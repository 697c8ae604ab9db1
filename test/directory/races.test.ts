import { describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import type { Directory } from '../../src/directory/directory.ts'
import { whenLoaded } from '../../src/pdp/awaited-pdp.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import type { TenantSource } from '../../src/pdp/facts.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { builtBundle, memoLimits } from '../support/policy.ts'
import { backends } from '../support/stored-tenants.ts'

const policy = loadPolicy(builtBundle(), 64)
/** The plan has five seats and the owner has one of them. */
const acme = {
  tenant: 'acme',
  system: 'filestack',
  plan: 'start',
  settings: { company_name: 'Acme', owner_full_name: 'Ann' },
  members: [{ user: 'ann', role: 'account_owner', status: 'active' }],
}
const writers = 50

const invite = (email: string): DecisionRequest => ({
  subject: { type: 'user', id: 'ann' },
  action: { name: 'member:invite' },
  resource: { type: 'member', id: '-', properties: { email, role: 'billing' } },
  context: { tenant: 'acme' },
})

async function reason(tenants: TenantSource, request: DecisionRequest): Promise<string> {
  const pdp = createPdp({ tenants, inline: () => expect.unreachable(), defaultTenant: undefined, memo: memoLimits })
  pdp.activate(policy)
  return (await whenLoaded(() => pdp.decide(request))).decision.reason
}

const emails = Array.from({ length: writers }, (_, index) => `u${index}@example.com`)
const pending = (user: string) => ({ user, role: 'billing', status: 'pending' })

async function outcome(directory: Directory, reasons: readonly string[]) {
  const { faults, members } = await directory.check()
  return { granted: reasons.filter((one) => one === 'role_grant').length, reasons: new Set(reasons), members, faults }
}

describe.each(backends)(`${writers} invitations at once for four seats, on $name,`, ({ directoryOf }) => {
  it('all succeed where somebody decides first and writes later', async () => {
    const directory = await directoryOf(acme)
    const reasons = await Promise.all(emails.map((email) => reason(directory.tenants, invite(email))))
    const write = (email: string) =>
      directory.write('acme', async (draft) => ({
        commit: true,
        change: 'invite',
        value: await draft.putMember(pending(email)),
      }))
    await Promise.all(emails.map(write))
    expect(await outcome(directory, reasons)).toEqual({
      granted: writers,
      reasons: new Set(['role_grant']),
      members: writers + 1,
      faults: [],
    })
  })

  it('give away exactly four where each is decided inside its write', async () => {
    const directory = await directoryOf(acme)
    const claim = async (email: string) => {
      const written = await directory.write('acme', async (draft, facts) => {
        const decided = await reason({ find: () => facts }, invite(email))
        if (decided !== 'role_grant') return { commit: false, value: decided }
        await draft.putMember(pending(email))
        return { commit: true, change: 'invite', value: decided }
      })
      return written?.value ?? ''
    }
    expect(await outcome(directory, await Promise.all(emails.map(claim)))).toEqual({
      granted: 4,
      reasons: new Set(['role_grant', 'seat_limit_reached']),
      members: 5,
      faults: [],
    })
  })
})
