import { describe, expect, it } from 'vitest'
import { PolicyRefused } from '../../src/app/policy-refused.ts'
import type { Delivery } from '../../src/app/policy-source.ts'
import { rollOut } from '../../src/app/rollout.ts'
import { activationOf, mayOpen, scripted, twoPolicies } from './fixture.ts'

const policies = twoPolicies()

async function played(script: Parameters<typeof scripted>[0]) {
  const parts = activationOf()
  parts.activation.activate(policies.open, 'start')
  const stop = new AbortController()
  const source = scripted(script, () => stop.abort())
  const kept: string[] = []
  const keep = async ({ bundle }: Delivery) => void kept.push(bundle.manifest.policy)
  const { activation } = parts
  await rollOut({ source, activation, keep, tag: 'tag 0', signal: stop.signal, milliseconds: 0 })
  return { ...parts, source, kept }
}

describe('a rollout', () => {
  it('lets a new policy decide, tells where it came from, and asks for what comes after it', async () => {
    const { pdp, activation, counted, logged, source } = await played(['unchanged', policies.locked, 'unchanged'])
    expect(mayOpen(pdp)).toEqual({ decision: false, reason: 'no_permission', policy: policies.locked.manifest.policy })
    expect(activation.status()).toMatchObject({
      policy: policies.locked.manifest.policy,
      source: 'script',
      last_error: null,
      activations: 2,
      failures: 0,
    })
    expect([counted('ok'), counted('failed')]).toEqual([2, 0])
    expect(logged().map(({ msg, policy, source }) => [msg, policy, source])).toEqual([
      ['policy activated', policies.open.manifest.policy, 'start'],
      ['policy activated', policies.locked.manifest.policy, 'script'],
    ])
    expect(source.asked).toEqual(['tag 0', 'tag 0', 'tag 2'])
  })

  it.each([
    ['does not build', () => new PolicyRefused(['config/a.yaml:3:5: unknown role'])],
    ['is no WebAssembly', () => ({ ...policies.locked, wasm: policies.locked.wasm.slice(0, 100) })],
    ['has no data', () => ({ ...policies.locked, data: '{' })],
  ])('keeps the old policy where the new one %s, and tells it', async (_, broken) => {
    const { pdp, activation, counted, logged, kept } = await played([broken()])
    expect(mayOpen(pdp)).toEqual({ decision: true, reason: 'role_grant', policy: policies.open.manifest.policy })
    const { last_error, policy, activations, failures } = activation.status()
    expect({ policy, activations, failures }).toEqual({
      policy: policies.open.manifest.policy,
      activations: 1,
      failures: 1,
    })
    expect(last_error).toMatchObject({ source: 'script', problems: [expect.any(String)] })
    expect([counted('failed'), kept]).toEqual([1, []])
    expect(logged().at(-1)).toMatchObject({ level: 'error', msg: 'policy refused', problems: last_error?.problems })
  })

  it('does not try again what it refused, nor take it for confirmed', async () => {
    const { activation, source } = await played([new PolicyRefused(['a.yaml:1:1: no']), 'unchanged', 'unchanged'])
    expect(source.asked).toEqual(['tag 0', 'tag 1', 'tag 1'])
    const { loaded_at, confirmed_at, failures } = activation.status()
    expect([confirmed_at, failures]).toEqual([loaded_at, 1])
  })

  it('counts each failure of a source that cannot be reached, and goes on asking it', async () => {
    const { activation, kept } = await played([
      'unreachable',
      'unreachable',
      'unchanged',
      'unreachable',
      policies.locked,
    ])
    expect(activation.status()).toMatchObject({ policy: policies.locked.manifest.policy, failures: 3, activations: 2 })
    expect(kept).toEqual([policies.locked.manifest.policy])
  })
})

describe('the age of a policy', () => {
  it('grows until its source says that there is none newer', () => {
    let seconds = 0
    const { activation } = activationOf(() => new Date(seconds * 1000))
    activation.activate(policies.open, 'start')
    seconds = 90
    activation.refuse(new Error('no answer'), 'start')
    expect(activation.age()).toBe(90)
    activation.confirm()
    expect([activation.age(), activation.status().confirmed_at]).toEqual([0, '1970-01-01T00:01:30.000Z'])
  })
})
