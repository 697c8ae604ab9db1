import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { embedPdp } from '../../src/app/embed.ts'
import { refusal } from '../pdp/fixture.ts'
import { project } from '../support/policy.ts'

const tenants = join(project.root, 'config/systems/filestack/demo.yaml')
const asking = (id: string, more: object = {}) => ({
  subject: { type: 'user', id },
  action: { name: 'member:list' },
  resource: { type: 'member', id: '-' },
  context: { tenant: 'acme-filestack' },
  ...more,
})

describe('a decision point in process', () => {
  const pdp = embedPdp({ bundle: project.bundle, tenants })

  it('decides upon the tenants that it was given', () => {
    const of = (id: string) => {
      const { decision, reason } = pdp.decide(asking(id)).decision
      return [decision, reason]
    }
    expect([of('owner'), of('bill')]).toEqual([
      [true, 'role_grant'],
      [false, 'no_permission'],
    ])
  })

  it('decides upon a tenant that the request brings', () => {
    const alone = embedPdp({ bundle: project.bundle })
    const tenant = { tenant: 'other', system: 'filestack', plan: 'free', members: [] }
    expect(alone.decide(asking('owner', { context: {}, tenant })).decision.reason).toBe('not_a_member')
    expect(refusal(() => alone.decide(asking('owner'))).code).toBe('unknown_tenant')
  })

  it('refuses what is no request, as the server does', () => {
    const circular: Record<string, unknown> = {}
    circular.self = circular
    expect(refusal(() => pdp.decide(undefined)).code).toBe('malformed_request')
    expect(refusal(() => pdp.decide(circular)).code).toBe('malformed_json')
    expect(refusal(() => pdp.decide(asking('a\ud800'))).code).toBe('not_well_formed')
    expect(refusal(() => pdp.decide({ ...asking('owner'), resource: { type: 'other', id: '-' } })).code).toBe(
      'resource_type_mismatch',
    )
  })

  it('is not made of a bundle or tenants that are not there', () => {
    expect(() => embedPdp({ bundle: join(project.root, 'none') })).toThrow()
    expect(() => embedPdp({ bundle: project.bundle, tenants: join(project.root, 'none') })).toThrow()
  })
})
