import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Edit, type ProjectCopy, problemsAfter, tinyProject } from '../support/project-copy.ts'

type Case = readonly [title: string, edits: readonly Edit[], problems: readonly string[]]

const rego = 'policies/systems/acme/doors.rego'

const ownRule = 'default checks["two_factors"] := "two_factor_required"\n'
/** Puts a rule at line 9 of the file, and moves nothing above it. */
const withRule = (rule: string): Edit => [rego, ownRule, `${rule}\n\n${ownRule}`]
/** What makes the gold badge, at line 21. */
const gold = 'input.member.attributes.badge == "gold"'
const goldIf = (body: string): Edit => [rego, gold, body]

let sound: ProjectCopy
beforeAll(async () => {
  sound = tinyProject()
  // Its memory of what OPA said is copied too, so that a case asks for the edited file alone.
  await sound.build()
}, 120_000)
afterAll(() => sound.remove())

const facts: readonly Case[] = [
  [
    'a whole record',
    [goldIf('{ m := input.member; m.attributes.badge == "gold" }')],
    [
      'policies/systems/acme/doors.rego:19:1: a rule reads all of `input.member`, through `grants.badge`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'a record by a name that is looked up',
    [goldIf('{ some name in ["badge"]; input.member[name] == "gold" }')],
    [
      'policies/systems/acme/doors.rego:19:1: a rule reads all of `input.member`, through `grants.badge`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'object.get of a record',
    [goldIf('object.get(input.member, "badge", "") == "gold"')],
    [
      'policies/systems/acme/doors.rego:19:1: a rule reads all of `input.member`, through `grants.badge`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'all of input',
    [goldIf('{ i := input; i.member.attributes.badge == "gold" }')],
    [
      'policies/systems/acme/doors.rego:19:1: a rule reads all of `input`, through `grants.badge`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'a walk of the request',
    [goldIf('{ some x; walk(input.request, [["subject", "id"], x]); x == "gold" }')],
    [
      'policies/systems/acme/doors.rego:19:1: a rule reads all of `input.request`, through `grants.badge`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'a walk of all of input',
    [goldIf('walk(input, [_, "gold"])')],
    [
      'policies/systems/acme/doors.rego:19:1: a rule reads all of `input`, through `grants.badge`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'the tenant as an argument',
    [goldIf('is_gold(input.tenant)'), withRule('is_gold(tenant) if tenant.plan == "gold"')],
    [
      'policies/systems/acme/doors.rego:21:1: a rule reads all of `input.tenant`, through `grants.badge`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'all settings',
    [goldIf('"gold" in input.tenant.settings')],
    [
      'policies/systems/acme/doors.rego:19:1: a rule reads all of `input.tenant.settings`, through `grants.badge`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'all counts',
    [goldIf('sum([n | some n in input.counts]) == 1')],
    [
      'policies/systems/acme/doors.rego:19:1: a rule reads all of `input.counts`, through `grants.badge`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'what is in no catalogue',
    [goldIf('input.visitor == "gold"')],
    [
      'policies/systems/acme/doors.rego:19:1: `input.visitor` is not in the fact catalogue, through `grants.badge`; see the table in policies/README.md',
    ],
  ],
  [
    'a list of the tenant that is in no catalogue',
    [goldIf('input.tenant.members[0].role == "gold"')],
    [
      'policies/systems/acme/doors.rego:19:1: `input.tenant.members` is not in the fact catalogue, through `grants.badge`; see the table in policies/README.md',
    ],
  ],
  [
    'a record through a rule of another file',
    [goldIf('asked == "gold"'), withRule('asked := input.target')],
    [
      'policies/systems/acme/doors.rego:21:1: a rule reads all of `input.target`, through `grants.badge`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'a record in a shared rule',
    [
      [
        'policies/authz/shared/seats.rego',
        'seats_used := input.counts.pending + input.counts.active',
        'seats_used := sum([n | some n in input.counts])',
      ],
    ],
    [
      'policies/authz/shared/seats.rego:19:1: a rule reads all of `input.counts`, through `checks.seat_is_free`; name the attribute; helper functions take the attribute, not the record',
      'policies/authz/shared/seats.rego:75:1: a rule reads all of `input.counts`, through `limits.seats`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
  [
    'a record in the core',
    [
      [
        'policies/authz/membership.rego',
        'member_role := input.member.role',
        'member_role := object.get(input.member, "role", "")',
      ],
    ],
    [
      'policies/authz/membership.rego:64:27: a rule reads all of `input.member`; name the attribute; helper functions take the attribute, not the record',
    ],
  ],
]

describe('the build refuses a rule that reads', () => {
  it.each(facts)('%s', async (_, edits, problems) => expect(await problemsAfter(sound, edits)).toEqual(problems))
})
