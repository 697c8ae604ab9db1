import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Edit, type ProjectCopy, problemsAfter, tinyProject } from '../support/project-copy.ts'

type Case = readonly [title: string, edits: readonly Edit[], problems: readonly string[]]

const matrix = 'config/systems/acme/matrix.yaml'
const lifecycle = 'config/systems/acme/lifecycle.yaml'
const rego = 'policies/systems/acme/doors.rego'

const ownRule = 'default checks["two_factors"] := "two_factor_required"\n'
/** Puts a rule at line 9 of the file, and moves nothing above it. */
const withRule = (rule: string): Edit => [rego, ownRule, `${rule}\n\n${ownRule}`]

let sound: ProjectCopy
beforeAll(async () => {
  sound = tinyProject()
  // Its memory of what OPA said is copied too, so that a case asks for the edited file alone.
  await sound.build()
}, 120_000)
afterAll(() => sound.remove())

const names: readonly Case[] = [
  [
    'a check without a rule',
    [
      [lifecycle, 'door_is_not_own: [self', 'door_is_locked: [self'],
      [lifecycle, 'door_exists, door_is_not_own', 'door_exists, door_is_locked'],
    ],
    [
      'config/systems/acme/lifecycle.yaml:16:29: no rule `checks.door_is_locked`; write `checks.door_is_locked` in policies/systems/acme, or correct the name',
      'policies/systems/acme/doors.rego:7:1: `checks.door_is_not_own` is named by no YAML of `acme`; name it under config/systems/acme, or remove it',
      'policies/systems/acme/doors.rego:9:1: `checks.door_is_not_own` is named by no YAML of `acme`; name it under config/systems/acme, or remove it',
    ],
  ],
  [
    'a condition without a rule',
    [
      [matrix, '  office_hours:', '  working_hours:'],
      [matrix, 'when: office_hours', 'when: working_hours'],
    ],
    [
      'config/systems/acme/matrix.yaml:14:43: no rule `conditions.working_hours`; write `conditions.working_hours` in policies/systems/acme, or correct the name',
      'policies/systems/acme/doors.rego:15:1: `conditions.office_hours` is named by no YAML of `acme`; name it under config/systems/acme, or remove it',
      'policies/systems/acme/doors.rego:17:1: `conditions.office_hours` is named by no YAML of `acme`; name it under config/systems/acme, or remove it',
    ],
  ],
  [
    'a grant without a rule',
    [[matrix, '  badge:', '  bagde:']],
    [
      'config/systems/acme/matrix.yaml:8:5: no rule `grants.bagde`; write `grants.bagde` in policies/systems/acme, or correct the name',
      'policies/systems/acme/doors.rego:19:1: `grants.badge` is named by no YAML of `acme`; name it under config/systems/acme, or remove it',
      'policies/systems/acme/doors.rego:21:1: `grants.badge` is named by no YAML of `acme`; name it under config/systems/acme, or remove it',
      'policies/systems/acme/doors.rego:23:1: `grants.badge` is named by no YAML of `acme`; name it under config/systems/acme, or remove it',
    ],
  ],
  [
    'an obligation without a rule',
    [[lifecycle, 'obligations: [ring_bell]', 'obligations: [ring_bells]']],
    [
      'config/systems/acme/lifecycle.yaml:18:19: no rule `obligations.ring_bells`; write `obligations.ring_bells` in policies/systems/acme, or correct the name',
    ],
  ],
  [
    'an obligation of a condition without a rule',
    [[matrix, 'obligations: [ring_bell]', 'obligations: [ring_bells]']],
    [
      'config/systems/acme/matrix.yaml:5:19: no rule `obligations.ring_bells`; write `obligations.ring_bells` in policies/systems/acme, or correct the name',
    ],
  ],
  [
    'an obligation of a refusal without a rule',
    [[lifecycle, 'two_factor_required: [ring_bell]', 'two_factor_required: [ring_bells]']],
    [
      'config/systems/acme/lifecycle.yaml:10:25: no rule `obligations.ring_bells`; write `obligations.ring_bells` in policies/systems/acme, or correct the name',
    ],
  ],
  [
    'a limit without a rule',
    [[lifecycle, 'limit: seats', 'limit: chairs']],
    [
      'config/systems/acme/lifecycle.yaml:5:57: no rule `limits.chairs`; write `limits.chairs` in policies/systems/acme, or correct the name',
    ],
  ],
  [
    'a rule that no YAML names',
    [withRule('default checks["door_is_green"] := "self_target"')],
    [
      'policies/systems/acme/doors.rego:11:1: `checks.door_is_green` is named by no YAML of `acme`; name it under config/systems/acme, or remove it',
    ],
  ],
  [
    'an obligation rule that no YAML names',
    [withRule('obligations["slam"] := []')],
    [
      'policies/systems/acme/doors.rego:11:1: `obligations.slam` is named by no YAML of `acme`; name it under config/systems/acme, or remove it',
    ],
  ],
  [
    'a rule of the name of a shared one',
    [withRule('default checks["seat_is_free"] := "seat_limit_reached"')],
    [
      'policies/systems/acme/doors.rego:11:1: `checks.seat_is_free` is also a shared rule of policies/authz/shared; give one of them another name',
    ],
  ],
]

const answers: readonly Case[] = [
  [
    'a check that answers a reason not listed',
    [[rego, 'default checks["door_exists"] := "target_not_found"', 'default checks["door_exists"] := "self_target"']],
    [
      'policies/systems/acme/doors.rego:3:34: `checks.door_exists` answers `self_target`, which the YAML of `acme` does not list; list it beside `door_exists`',
    ],
  ],
  [
    'a condition whose else answers a reason not listed',
    [
      [
        rego,
        'input.request.context.open == true',
        'input.request.context.open == true else := "not_shared" if input.request.context.open == 1',
      ],
    ],
    [
      'policies/systems/acme/doors.rego:17:82: `conditions.office_hours` answers `not_shared`, which the YAML of `acme` does not list; list it beside `office_hours`',
    ],
  ],
  [
    'a grant that answers a reason not listed',
    [[rego, '"override_denied" if', '"no_permission" if']],
    [
      'policies/systems/acme/doors.rego:23:20: `grants.badge` answers `no_permission`, which the YAML of `acme` does not list; list it beside `badge`',
    ],
  ],
  [
    'a grant that answers ok',
    [[rego, '"override_denied" if', '"ok" if']],
    [
      'policies/systems/acme/doors.rego:23:20: `grants.badge` answers `ok`, which the YAML of `acme` does not list; list it beside `badge`',
    ],
  ],
  [
    'a check that answers role',
    [[rego, '"ok" if input.member.two', '"role" if input.member.two']],
    [
      'policies/systems/acme/doors.rego:13:26: `checks.two_factors` answers `role`, which the YAML of `acme` does not list; list it beside `two_factors`',
    ],
  ],
  [
    'a check without a default',
    [[rego, ownRule, '']],
    [
      'policies/systems/acme/doors.rego:12:1: `checks.two_factors` has no default; give it its refusal as the default, so that it always answers',
    ],
  ],
  [
    'a condition without a default',
    [[rego, 'default conditions["office_hours"] := "out_of_scope"\n', '']],
    [
      'policies/systems/acme/doors.rego:16:1: `conditions.office_hours` has no default; give it its refusal as the default, so that it always answers',
    ],
  ],
  [
    'a check that passes by default',
    [[rego, 'default checks["two_factors"] := "two_factor_required"', 'default checks["two_factors"] := "ok"']],
    ['policies/systems/acme/doors.rego:11:1: `checks.two_factors` passes by default; make the refusal its default'],
  ],
  [
    'an obligation type that no reasons.yaml lists',
    [[rego, '"type": "send_email"', '"type": "ring"']],
    [
      'policies/systems/acme/doors.rego:25:39: unknown obligation type `ring`; list it under `obligations` of reasons.yaml',
    ],
  ],
  [
    'an obligation type of a shared rule that no reasons.yaml lists',
    [
      [lifecycle, 'obligations: [ring_bell]', 'obligations: [release_seat]'],
      ['policies/authz/shared/seats.rego', '"type": "release_seat"', '"type": "release_chair"'],
    ],
    [
      'policies/authz/shared/seats.rego:64:42: unknown obligation type `release_chair`; list it under `obligations` of reasons.yaml',
    ],
  ],
]

describe('the build holds the YAML against the Rego and refuses', () => {
  it.each(names)('%s', async (_, edits, problems) => expect(await problemsAfter(sound, edits)).toEqual(problems))
  it.each(answers)('%s', async (_, edits, problems) => expect(await problemsAfter(sound, edits)).toEqual(problems))
})

it('the build refuses rules of a system without YAML', async () => {
  const broken = sound.copy()
  broken.write('policies/systems/acne/doors.rego', 'package systems.acne\n\nx := 1\n')
  expect(await broken.problems()).toEqual([
    'policies/systems/acne/doors.rego:3:1: no system `acne` under config/systems; add its YAML, or remove the rules',
  ])
  broken.remove()
})

it('the build refuses a grant that has no default', async () => {
  const broken = sound.copy()
  const text = broken.read(rego)
  const line = text.split('\n').findIndex((written) => written.startsWith('default grants["badge"]'))
  expect(line).toBeGreaterThan(0)
  broken.write(rego, text.replace(/^default grants\["badge"\].*$/m, ''))
  const problems = await broken.problems()
  broken.remove()
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain('`grants.badge` has no default; give it one: `role` leaves the right to the role')
})
