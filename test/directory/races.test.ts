import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import type { Directory } from '../../src/directory/directory.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import type { TenantSource } from '../../src/pdp/facts.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { builtBundle, memoLimits } from '../support/policy.ts'
import { directoryOf } from '../support/stored-tenants.ts'

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

function reason(tenants: TenantSource, request: DecisionRequest): string {
  const pdp = createPdp({ tenants, inline: () => expect.unreachable(), defaultTenant: undefined, memo: memoLimits })
  pdp.activate(policy)
  return pdp.decide(request).decision.reason
}

async function claims(directory: Directory, claim: (email: string) => Promise<string>) {
  const emails = Array.from({ length: writers }, (_, index) => `u${index}@example.com`)
  const reasons = await Promise.all(emails.map(claim))
  const { faults, members } = directory.check()
  return { granted: reasons.filter((one) => one === 'role_grant').length, reasons: new Set(reasons), members, faults }
}

const pending = (user: string) => ({ user, role: 'billing', status: 'pending' })

describe(`${writers} invitations at once for four seats`, () => {
  it('all succeed where somebody decides first and writes later', async () => {
    const directory = directoryOf(acme)
    const found = await claims(directory, async (email) => {
      const decided = reason(directory.tenants, invite(email))
      await setImmediate()
      directory.write('acme', (draft) => ({ commit: true, change: 'invite', value: draft.putMember(pending(email)) }))
      return decided
    })
    expect(found).toEqual({ granted: writers, reasons: new Set(['role_grant']), members: writers + 1, faults: [] })
  })

  it('give away exactly four where each is decided inside its write', async () => {
    const directory = directoryOf(acme)
    const found = await claims(directory, async (email) => {
      await setImmediate()
      const written = directory.write('acme', (draft, facts) => {
        const decided = reason({ find: () => facts }, invite(email))
        if (decided !== 'role_grant') return { commit: false, value: decided }
        draft.putMember(pending(email))
        return { commit: true, change: 'invite', value: decided }
      })
      return written?.value ?? ''
    })
    const reasons = new Set(['role_grant', 'seat_limit_reached'])
    expect(found).toEqual({ granted: 4, reasons, members: 5, faults: [] })
  })
})
