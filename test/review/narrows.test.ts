import { expect, it } from 'vitest'
import { narrows } from '../../src/review/narrows.ts'

const door = ['acme', 'permissions', 'door:open']
const open = ['checks', 'door_is_open']
const free = ['checks', 'seat_is_free']

it.each([
  ['a permission goes', door, {}, undefined],
  ['a cell goes', [...door, 'cells', 'guest'], {}, undefined],
  ['a cell gets a condition', [...door, 'cells', 'guest', 'todo'], undefined, { relation: [open] }],
  ['a row asks one more', [...door, 'todo', 'target'], [open], [free, open]],
  ['a row asks at a stage more', [...door, 'todo', 'target'], undefined, [open]],
  ['an allow obliges to one thing more', [...door, 'todo', 'obligations'], [open], [open, free]],
  ['a cell obliges to something', [...door, 'cells', 'guest', 'todo', 'obligations'], undefined, [open]],
  ['a refusal obliges to less', [...door, 'on_deny', 'no_permission'], [open], []],
  ['a state goes', [...door, 'from', 'pending'], true, undefined],
  ['states are bounded', [...door, 'from'], undefined, { active: true }],
  ['a service goes', [...door, 'services', 'desk'], true, undefined],
  ['a feature is asked for', [...door, 'feature'], undefined, 'doors'],
  ['a role is bounded to plans', ['acme', 'roles', 'guest', 'plans'], undefined, { large: true }],
  ['a plan loses a feature', ['acme', 'plans', 'large', 'features', 'doors'], true, undefined],
  ['a plan has fewer seats', ['acme', 'plans', 'large', 'seats'], 5, 4],
  ['a plan has no longer any number of seats', ['acme', 'plans', 'large', 'seats'], null, 100],
  ['a message changes', ['acme', 'messages', 'ok'], 'a', 'b'],
])('only takes away: %s', (_, path, before, after) => {
  expect(narrows({ path, before, after })).toBe(true)
})

it.each([
  ['a permission comes', door, undefined, {}],
  ['a cell comes', [...door, 'cells', 'guest'], undefined, {}],
  ['a cell loses its condition', [...door, 'cells', 'guest', 'todo'], { relation: [open] }, undefined],
  ['a cell has another condition', [...door, 'cells', 'guest', 'todo', 'relation'], [open], [free]],
  ['a row asks one less', [...door, 'todo', 'target'], [open, free], [free]],
  ['a row asks at a stage less', [...door, 'todo', 'target'], [open], undefined],
  ['an allow obliges to one thing less', [...door, 'todo', 'obligations'], [open, free], [free]],
  ['a cell obliges to something else', [...door, 'cells', 'guest', 'todo', 'obligations'], [open], [free]],
  ['an allow does something else', [...door, 'effects'], [{ move: 'target' }], []],
  ['an allow leads to another state', [...door, 'to'], 'active', 'inactive'],
  ['a state comes', [...door, 'from', 'pending'], undefined, true],
  ['any state will do', [...door, 'from'], { active: true }, undefined],
  ['a service comes', [...door, 'services', 'desk'], undefined, true],
  ['no feature is asked for', [...door, 'feature'], 'doors', undefined],
  ['another feature is asked for', [...door, 'feature'], 'doors', 'gates'],
  ['who may ask changes', [...door, 'who'], 'member', 'anyone'],
  ['a grant decides', [...door, 'grant'], undefined, 'badge'],
  ['what is taken changes', [...door, 'takes'], [], [{ name: 'door' }]],
  ['a role is on every plan', ['acme', 'roles', 'guest', 'plans'], { large: true }, undefined],
  ['a role is on one more plan', ['acme', 'roles', 'guest', 'plans', 'small'], undefined, true],
  ['a plan has more seats', ['acme', 'plans', 'large', 'seats'], 4, 5],
  ['a plan has any number of seats', ['acme', 'plans', 'large', 'seats'], 5, null],
  ['a plan gains a feature', ['acme', 'plans', 'large', 'features', 'doors'], undefined, true],
  ['what nobody thought of', ['acme', 'custom_roles'], undefined, true],
])('may give: %s', (_, path, before, after) => {
  expect(narrows({ path, before, after })).toBe(false)
})
