import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Edit, type ProjectCopy, problemsAfter, tinyProject } from '../support/project-copy.ts'

type Case = readonly [title: string, edits: readonly Edit[], problems: readonly string[]]

const at = 'config/systems/acme/'
const roles = `${at}roles.yaml`
const plans = `${at}plans.yaml`
const matrix = `${at}matrix.yaml`
const lifecycle = `${at}lifecycle.yaml`

let sound: ProjectCopy
beforeAll(() => {
  sound = tinyProject()
})
afterAll(() => sound.remove())

const unknownNames: readonly Case[] = [
  [
    'role',
    [[matrix, 'view: { owner: allow, guest: allow }', 'view: { owner: allow, gest: allow }']],
    ['config/systems/acme/matrix.yaml:16:27: unknown role `gest`; known: `owner`, `guest`'],
  ],
  [
    'role that every object has',
    [[matrix, 'view: { owner: allow, guest: allow }', 'view: { owner: allow, constructor: allow }']],
    ['config/systems/acme/matrix.yaml:16:27: unknown role `constructor`; known: `owner`, `guest`'],
  ],
  [
    'condition',
    [[matrix, '{ when: office_hours }', '{ when: working_hours }']],
    [
      'config/systems/acme/matrix.yaml:2:3: condition `office_hours` is used by no cell; use or remove it',
      'config/systems/acme/matrix.yaml:14:43: unknown condition `working_hours`; known: `office_hours`',
    ],
  ],
  [
    'condition that every object has',
    [[matrix, 'view: { owner: allow, guest: allow }', 'view: { owner: allow, guest: { when: constructor } }']],
    ['config/systems/acme/matrix.yaml:16:42: unknown condition `constructor`; known: `office_hours`'],
  ],
  [
    'check',
    [[lifecycle, 'target: [door_exists, ', 'target: [door_exist, ']],
    [
      'config/systems/acme/lifecycle.yaml:2:3: check `door_exists` is used by no row; use or remove it',
      'config/systems/acme/lifecycle.yaml:16:16: unknown check `door_exist`; declare it under `checks`',
    ],
  ],
  [
    'check of a gate',
    [[lifecycle, 'check: two_factors', 'check: two_factor']],
    [
      'config/systems/acme/lifecycle.yaml:4:3: check `two_factors` is used by no row; use or remove it',
      'config/systems/acme/lifecycle.yaml:8:16: unknown check `two_factor`; declare it under `checks`',
    ],
  ],
  [
    'permission in an exception of a gate',
    [[lifecycle, 'except: ["door:close"]', 'except: ["door:shut"]']],
    [
      'config/systems/acme/lifecycle.yaml:8:38: unknown permission `door:shut`; known: `door:open`, `door:close`, `report:view`, `door:knock`, `door:peep`',
    ],
  ],
  [
    'permission of a lifecycle row',
    [[lifecycle, 'report:view', 'report:print']],
    [
      'config/systems/acme/lifecycle.yaml:23:3: `report:print` is not in the matrix; add its row to matrix.yaml, or say `who` asks, or `under` which row it stands',
    ],
  ],
  [
    'matrix row that a permission stands under',
    [[lifecycle, 'under: door:open', 'under: door:opens']],
    [
      'config/systems/acme/lifecycle.yaml:22:12: unknown matrix row `door:opens`; known: `door:open`, `door:close`, `report:view`',
    ],
  ],
  [
    'permission of a grant',
    [[matrix, 'on: ["door:open"]', 'on: ["door:open", "door:slam"]']],
    [
      'config/systems/acme/matrix.yaml:8:23: unknown permission `door:slam`; known: `door:open`, `door:close`, `report:view`',
    ],
  ],
  [
    'plan of a role',
    [[roles, 'plans: [large]', 'plans: [large, huge]']],
    ['config/systems/acme/roles.yaml:3:48: unknown plan `huge`; known: `small`, `large`'],
  ],
  [
    'plan feature',
    [[lifecycle, 'feature: reports', 'feature: report']],
    [
      'config/systems/acme/lifecycle.yaml:24:14: unknown plan feature `report`; known: `reports`',
      'config/systems/acme/plans.yaml:3:41: feature `reports` is needed by no row; use or remove it',
    ],
  ],
  [
    'reason of a check',
    [[lifecycle, 'door_exists: [target_not_found]', 'door_exists: [door_not_found]']],
    [
      'config/systems/acme/lifecycle.yaml:2:17: unknown reason `door_not_found`',
      'config/systems/acme/lifecycle.yaml:16:16: `door_exists` answers `door_not_found`, which is no reason of stage `target`',
    ],
  ],
  [
    'reason of a check with a limit',
    [[lifecycle, 'refuses: [seat_limit_reached]', 'refuses: [seats_gone]']],
    [
      'config/systems/acme/lifecycle.yaml:5:29: unknown reason `seats_gone`',
      'config/systems/acme/lifecycle.yaml:17:18: `seat_is_free` answers `seats_gone`, which is no reason of stage `capacity`',
    ],
  ],
  [
    'reason of a condition',
    [[matrix, 'relation: [out_of_scope]', 'relation: [too_late]']],
    ['config/systems/acme/matrix.yaml:3:16: unknown reason `too_late`'],
  ],
  [
    'allow reason of a condition',
    [[matrix, 'allows: share_grant', 'allows: out_of_scope']],
    [
      'config/systems/acme/matrix.yaml:4:13: unknown reason of an allow `out_of_scope`; known: `role_grant`, `override_grant`, `custom_level_grant`, `share_grant`, `gallery_role_grant`, `invitee_self`, `self_service`, `system_grant`',
    ],
  ],
  [
    'allow reason of a grant',
    [[matrix, 'allows: [override_grant]', 'allows: [badge_grant]']],
    [
      'config/systems/acme/matrix.yaml:9:14: unknown reason of an allow `badge_grant`; known: `role_grant`, `override_grant`, `custom_level_grant`, `share_grant`, `gallery_role_grant`, `invitee_self`, `self_service`, `system_grant`',
    ],
  ],
  [
    'refusal of a grant',
    [[matrix, 'refuses: [override_denied]', 'refuses: [out_of_scope]']],
    ['config/systems/acme/matrix.yaml:10:15: unknown reason of stage `right` `out_of_scope`'],
  ],
  [
    'reason of an obligation on a refusal',
    [[lifecycle, 'two_factor_required: [ring_bell]', 'two_factors_required: [ring_bell]']],
    ['config/systems/acme/lifecycle.yaml:10:3: unknown reason `two_factors_required`'],
  ],
]

const unusedNames: readonly Case[] = [
  [
    'role',
    [[roles, '  guest:', '  ghost: { about: nobody }\n  guest:']],
    ['config/systems/acme/roles.yaml:3:3: role `ghost` has no cell in the matrix; give it a permission, or remove it'],
  ],
  [
    'condition',
    [[matrix, 'guest: { when: office_hours }', 'guest: allow']],
    ['config/systems/acme/matrix.yaml:2:3: condition `office_hours` is used by no cell; use or remove it'],
  ],
  [
    'check',
    [[lifecycle, 'door_exists, door_is_not_own', 'door_exists']],
    ['config/systems/acme/lifecycle.yaml:3:3: check `door_is_not_own` is used by no row; use or remove it'],
  ],
  [
    'plan feature',
    [[plans, 'features: [reports]', 'features: [reports, exports]']],
    ['config/systems/acme/plans.yaml:3:50: feature `exports` is needed by no row; use or remove it'],
  ],
]

const contradictions: readonly Case[] = [
  [
    'a permission that no role holds',
    [[matrix, 'view: { owner: allow, guest: allow }', 'view: {}']],
    ['config/systems/acme/matrix.yaml:16:5: no role holds `report:view`; name a role, or a grant that decides it'],
  ],
  [
    'a condition with two stages',
    [[matrix, 'relation: [out_of_scope]', 'relation: [out_of_scope]\n    shape: [missing_field]']],
    ['config/systems/acme/matrix.yaml:2:3: condition `office_hours` names 2 stages; name exactly one'],
  ],
  [
    'a condition with no stage',
    [[matrix, '    relation: [out_of_scope]\n', '']],
    ['config/systems/acme/matrix.yaml:2:3: condition `office_hours` names 0 stages; name exactly one'],
  ],
  [
    'a condition whose reason is of another stage',
    [[matrix, 'relation: [out_of_scope]', 'target: [out_of_scope]']],
    ['config/systems/acme/matrix.yaml:3:14: `out_of_scope` is no reason of stage `target`'],
  ],
  [
    'a check in a stage that does not give its reason',
    [[lifecycle, 'capacity: [seat_is_free]', 'shape: [seat_is_free]']],
    [
      'config/systems/acme/lifecycle.yaml:17:15: `seat_is_free` answers `seat_limit_reached`, which is no reason of stage `shape`',
    ],
  ],
  [
    'checks out of the order of their reasons',
    [[lifecycle, '[door_exists, door_is_not_own]', '[door_is_not_own, door_exists]']],
    [
      'config/systems/acme/lifecycle.yaml:16:33: `door_exists` is out of order: `target_not_found` is asked before the check above it; follow the order of `refusals` in config/reasons.yaml',
    ],
  ],
  [
    'two grants on one permission',
    [[matrix, 'matrix:\n', '  pass:\n    on: ["report:view", "door:open"]\n    allows: [share_grant]\nmatrix:\n']],
    ['config/systems/acme/matrix.yaml:12:25: `door:open` has the grant `badge` already'],
  ],
  [
    'two grants on all',
    [
      [matrix, '    on: ["door:open"]', '    on: all'],
      [matrix, 'matrix:\n', '  pass: { on: all, allows: [share_grant] }\nmatrix:\n'],
    ],
    ['config/systems/acme/matrix.yaml:11:3: a second grant is on `all`; name its permissions'],
  ],
  [
    'two limits for one reason',
    [[lifecycle, 'door_exists: [target_not_found]', 'door_exists: { refuses: [seat_limit_reached], limit: doors }']],
    [
      'config/systems/acme/lifecycle.yaml:5:57: `seat_limit_reached` shows the limit `doors` elsewhere',
      'config/systems/acme/lifecycle.yaml:16:16: `door_exists` answers `seat_limit_reached`, which is no reason of stage `target`',
    ],
  ],
  [
    'who asks, of a permission with cells',
    [[lifecycle, 'door:knock:\n    who: invitee', 'door:close:\n    who: invitee']],
    ['config/systems/acme/lifecycle.yaml:20:10: `door:close` has cells in the matrix, and `who` says otherwise'],
  ],
]

describe('the build refuses an unknown', () => {
  it.each(unknownNames)('%s', async (_, edits, problems) => expect(await problemsAfter(sound, edits)).toEqual(problems))
})
describe('the build refuses an unused', () => {
  // Shared reasons, obligation types and rules serve systems that may not be here; a system's own serve it alone.
  it.each([
    [
      'reason of the system itself',
      'allows: { luck: lucky }\nrefusals: { target: [too_late] }\nmessages: { too_late: too late }\n',
      [
        '1:11: no rule gives the reason `luck`; use or remove it',
        '2:22: no rule gives the reason `too_late`; use or remove it',
      ],
    ],
    [
      'obligation type of the system itself',
      'obligations: [wave]\n',
      ['1:15: no rule asks for the obligation `wave`; use or remove it'],
    ],
  ])('%s', async (_, text, problems) => {
    const broken = sound.copy()
    const file = 'config/systems/acme/reasons.yaml'
    broken.write(file, text)
    const found = await broken.problems()
    broken.remove()
    expect(found).toEqual(problems.map((problem) => `${file}:${problem}`))
  })

  it.each(unusedNames)('%s', async (_, edits, problems) => expect(await problemsAfter(sound, edits)).toEqual(problems))
})
describe('the build refuses', () => {
  it.each(contradictions)('%s', async (_, edits, problems) =>
    expect(await problemsAfter(sound, edits)).toEqual(problems),
  )
})
