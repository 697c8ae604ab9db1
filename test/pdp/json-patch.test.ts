import { expect, it } from 'vitest'
import { applyPatch, type PatchStep, pointerOf } from '../../src/pdp/json-patch.ts'

const document = { plan: 'free', 'a/b~c': 1, members: [{ user: 'ann' }, { user: 'bob', role: 'guest' }] }

it.each<[PatchStep, unknown]>([
  [
    { op: 'replace', path: '/plan', value: 'large' },
    { ...document, plan: 'large' },
  ],
  [
    { op: 'add', path: '/settings', value: {} },
    { ...document, settings: {} },
  ],
  [
    { op: 'remove', path: '/plan' },
    { 'a/b~c': 1, members: document.members },
  ],
  [
    { op: 'replace', path: pointerOf('a/b~c'), value: 2 },
    { ...document, 'a/b~c': 2 },
  ],
  [
    { op: 'add', path: '/members/0/role', value: 'owner' },
    { ...document, members: [{ user: 'ann', role: 'owner' }, document.members[1]] },
  ],
  [
    { op: 'remove', path: '/members/0' },
    { ...document, members: [document.members[1]] },
  ],
  [
    { op: 'replace', path: '/members/1', value: 'x' },
    { ...document, members: [document.members[0], 'x'] },
  ],
  [
    { op: 'add', path: '/members/-', value: 'x' },
    { ...document, members: [...document.members, 'x'] },
  ],
  [
    { op: 'add', path: '/members/1', value: 'x' },
    { ...document, members: [document.members[0], 'x', document.members[1]] },
  ],
])('%j changes a copy', (step, changed) => {
  const before = structuredClone(document)
  expect(applyPatch(document, [step])).toEqual(changed)
  expect(document).toEqual(before)
})

it.each<PatchStep>([
  { op: 'replace', path: '/none', value: 1 },
  { op: 'remove', path: '/members/7' },
  { op: 'add', path: '/none/role', value: 1 },
  { op: 'add', path: '/__proto__/role', value: 1 },
  { op: 'add', path: '', value: 1 },
])('%j finds nothing there', (step) => {
  expect(() => applyPatch(document, [step])).toThrow(`nothing is at ${step.path}`)
})
