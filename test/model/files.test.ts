import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Edit,
  type ProjectCopy,
  problemsAfter as problemsOf,
  tinyProject,
  withCopyOf,
} from '../support/project-copy.ts'

const reasons = 'config/reasons.yaml'
const roles = 'config/systems/acme/roles.yaml'
const plans = 'config/systems/acme/plans.yaml'
const matrix = 'config/systems/acme/matrix.yaml'
const lifecycle = 'config/systems/acme/lifecycle.yaml'
const rego = 'policies/systems/acme/doors.rego'

let sound: ProjectCopy
beforeAll(async () => {
  sound = tinyProject()
  await sound.build()
}, 120_000)
afterAll(() => sound.remove())

const withCopy = <T>(use: (copy: ProjectCopy) => T | Promise<T>) => withCopyOf(sound, use)

const problemsAfter = (...edits: readonly Edit[]) => problemsOf(sound, edits)

const rejection = (copy: ProjectCopy): Promise<string> =>
  copy.build().then(
    () => 'the build found nothing wrong',
    (error: Error) => error.message,
  )

describe('the build refuses', () => {
  it('a key that stands twice, in each of the files', async () => {
    expect(
      await problemsAfter(
        [roles, '  guest:', '  owner: { about: another }\n  guest:'],
        [plans, '  large:', '  small: { seats: 9 }\n  large:'],
        [matrix, '    close:', '    open: { guest: allow }\n    close:'],
        [lifecycle, '  door:knock:', '  door:open:\n    who: self\n  door:knock:'],
        [reasons, 'messages:\n', 'messages:\n  unknown_action: no\n'],
      ),
    ).toEqual([
      'config/reasons.yaml:78:3: duplicate key `unknown_action`; it stands on line 77 already',
      'config/systems/acme/lifecycle.yaml:19:3: duplicate key `door:open`; it stands on line 12 already',
      'config/systems/acme/matrix.yaml:14:5: duplicate key `open`; it stands on line 13 already',
      'config/systems/acme/plans.yaml:3:3: duplicate key `small`; it stands on line 2 already',
      'config/systems/acme/roles.yaml:3:3: duplicate key `owner`; it stands on line 2 already',
    ])
  })

  it('what is no YAML', async () => {
    expect(await problemsAfter([matrix, 'view: { owner: allow', 'view: { owner allow: }'])).toEqual([
      'config/systems/acme/matrix.yaml:16:27: this does not belong to the value before it; a space, a quote or indentation may be missing',
    ])
    expect(await problemsAfter([roles, '  guest:', '\tguest:'])).toEqual([
      'config/systems/acme/roles.yaml:3:1: a tab indents this line; use spaces',
    ])
    expect(await problemsAfter([plans, 'plans:\n', 'plans: &all\n'])).toEqual([
      'config/systems/acme/plans.yaml:1:8: anchor `&all`; write the value out wherever it is used',
    ])
  })

  it('what the schema of a file does not take', async () => {
    expect(
      await problemsAfter(
        [roles, 'about: runs the house', 'abuot: runs the house'],
        [plans, 'seats: 2', 'seats: none'],
        [matrix, 'open: { owner: allow }', 'open: { owner: deny }'],
        [lifecycle, 'takes: { door: name }', 'takes: { door: nam }'],
      ),
    ).toEqual([
      'config/systems/acme/lifecycle.yaml:13:20: expected `text`, `name`, `boolean`, `positive_integer`, `limit`, `date`, `list`, `object` or `any`, found `"nam"`; did you mean `name`',
      'config/systems/acme/matrix.yaml:13:20: expected `allow` or an object, found `"deny"`',
      'config/systems/acme/plans.yaml:2:19: expected a whole number or `unlimited`, found `"none"`',
      'config/systems/acme/roles.yaml:2:12: unknown key `abuot`; did you mean `about`',
    ])
  })

  it('a file that is missing, and a project without a system', async () => {
    await withCopy(async (copy) => {
      rmSync(join(copy.root, matrix))
      rmSync(join(copy.root, reasons))
      expect(await copy.problems()).toEqual([
        'config/reasons.yaml:1:1: the file does not exist; it should hold reasons and obligations',
        'config/systems/acme/matrix.yaml:1:1: the file does not exist; it should hold the permission matrix of a system',
      ])
    })
    await withCopy(async (copy) => {
      rmSync(join(copy.root, 'config/systems'), { recursive: true })
      expect(await copy.problems()).toEqual([
        'config/systems: there is no system; add a folder with roles.yaml, plans.yaml, matrix.yaml and lifecycle.yaml',
      ])
    })
  })

  it('a reason without a message, in the shared file and in one of the system', async () => {
    await withCopy(async (copy) => {
      copy.edit(reasons, '  request: [unknown_action]', '  request: [unknown_action, unheard_of]')
      copy.write('config/systems/acme/reasons.yaml', 'refusals:\n  target: [door_is_walled_up]\n')
      expect(await copy.problems()).toEqual([
        'config/reasons.yaml:19:29: `unheard_of` has no message',
        'config/systems/acme/reasons.yaml:2:12: `door_is_walled_up` has no message',
        'config/systems/acme/reasons.yaml:2:12: no rule gives the reason `door_is_walled_up`; use or remove it',
      ])
    })
  })

  it('a reason that is listed twice in a stage', async () => {
    await withCopy(async (copy) => {
      copy.write('config/systems/acme/reasons.yaml', 'refusals:\n  target: [self_target]\n')
      expect(await copy.problems()).toEqual([
        'config/systems/acme/reasons.yaml:2:12: `self_target` is listed twice in stage `target`',
      ])
    })
    expect(
      await problemsAfter([reasons, 'gate: [two_factor_required]', 'gate: [two_factor_required, two_factor_required]']),
    ).toEqual(['config/reasons.yaml:29:10: item 1 is the same as item 2; remove one of them'])
  })

  it('Rego that does not parse, at its place', async () => {
    expect(await problemsAfter([rego, 'default grants["badge"] := "role"', 'default grants["badge"] := '])).toEqual([
      'policies/systems/acme/doors.rego:19:1: illegal default rule (value cannot contain ref)',
    ])
  })

  it('Rego that does not compile, at its place', async () => {
    expect(await problemsAfter([rego, '== "gold"', '== gold'])).toEqual([
      'policies/systems/acme/doors.rego:21:40: var gold is unsafe',
    ])
  })

  it.each([
    ['time.now_ns', 'time.now_ns() > 0'],
    ['http.send', 'http.send({"method": "get", "url": "http://localhost"}).status_code == 200'],
    ['rand.intn', 'rand.intn("a", 2) == 1'],
    ['opa.runtime', 'opa.runtime().env.HOME'],
    ['sprintf', 'sprintf("%v", [1]) == "1"'],
  ])('a built-in that reads a clock, the network or chance, or differs in WASM: %s', async (name, call) => {
    const [problem, ...more] = await problemsAfter([rego, 'input.member.attributes.badge == "gold"', call])
    expect(problem).toMatch(/^policies\/systems\/acme\/doors\.rego:21:\d+: /)
    expect(problem).toContain(
      `built-in \`${name}\` is not available in WASM; use one of those in src/opa/capabilities.json`,
    )
    expect(more).toEqual([])
  })
})

describe('a failed build', () => {
  const manyMistakes: readonly Edit[] = [
    [roles, '  guest:', '  ghost: { about: nobody }\n  guest:'],
    [roles, 'plans: [large]', 'plans: [huge]'],
    [matrix, '{ when: office_hours }', '{ when: working_hours }'],
    [lifecycle, 'feature: reports', 'feature: report'],
  ]

  it('tells every problem of the model at once, in reading order', async () => {
    expect(await problemsAfter(...manyMistakes)).toEqual([
      'config/systems/acme/lifecycle.yaml:24:14: unknown plan feature `report`; known: `reports`',
      'config/systems/acme/matrix.yaml:2:3: condition `office_hours` is used by no cell; use or remove it',
      'config/systems/acme/matrix.yaml:14:43: unknown condition `working_hours`; known: `office_hours`',
      'config/systems/acme/plans.yaml:3:41: feature `reports` is needed by no row; use or remove it',
      'config/systems/acme/roles.yaml:3:3: role `ghost` has no cell in the matrix; give it a permission, or remove it',
      'config/systems/acme/roles.yaml:4:41: unknown plan `huge`; known: `small`, `large`',
    ])
  })

  it('tells the problems of all systems at once', async () => {
    await withCopy(async (copy) => {
      for (const file of ['roles', 'plans', 'matrix', 'lifecycle'])
        copy.write(`config/systems/zeta/${file}.yaml`, copy.read(`config/systems/acme/${file}.yaml`))
      copy.edit('config/systems/zeta/roles.yaml', 'plans: [large]', 'plans: [huge]')
      copy.edit(roles, 'plans: [large]', 'plans: [huge]')
      expect(await copy.problems()).toEqual([
        'config/systems/acme/roles.yaml:3:41: unknown plan `huge`; known: `small`, `large`',
        'config/systems/zeta/roles.yaml:3:41: unknown plan `huge`; known: `small`, `large`',
      ])
    })
  })

  it('tells every problem of the Rego at once', async () => {
    expect(
      await problemsAfter(
        [rego, 'default checks["two_factors"] := "two_factor_required"\n', ''],
        [rego, 'default conditions["office_hours"] := "out_of_scope"', 'default conditions["office_hours"] := "ok"'],
        [rego, '"type": "send_email"', '"type": "send_mail"'],
        [rego, 'input.member.attributes.badge == "red"', 'input.visitor.badge == "red"'],
      ),
    ).toEqual([
      'policies/systems/acme/doors.rego:12:1: `checks.two_factors` has no default; give it its refusal as the default, so that it always answers',
      'policies/systems/acme/doors.rego:14:1: `conditions.office_hours` passes by default; make the refusal its default',
      'policies/systems/acme/doors.rego:18:1: `input.visitor.badge` is not in the fact catalogue, through `grants.badge`; see the table in policies/README.md',
      'policies/systems/acme/doors.rego:24:39: unknown obligation type `send_mail`; list it under `obligations` of reasons.yaml',
    ])
  })

  it('writes nothing and leaves the bundle before it as it was', async () => {
    await withCopy(async (copy) => {
      copy.edit(rego, '"type": "send_email"', '"type": "send_mail"')
      await copy.problems()
      expect(existsSync(copy.bundle)).toBe(true)
      for (const file of readdirSync(sound.bundle))
        expect(readFileSync(join(copy.bundle, file)).equals(readFileSync(join(sound.bundle, file)))).toBe(true)
      expect(readdirSync(copy.bundle)).toEqual(['data.json', 'manifest.json', 'policy.wasm'])
      expect(readdirSync(copy.cache).sort()).toEqual(['bundle', 'opa-answers.json'])
      rmSync(copy.bundle, { recursive: true })
      await copy.problems()
      expect(existsSync(copy.bundle)).toBe(false)
      copy.edit(rego, '"type": "send_mail"', '"type": "send_email"')
      copy.edit(rego, '"ok" if input.member.two_factor_enabled', '"ok" if input.member.two_factor_enabled == ')
      await rejection(copy)
      expect(existsSync(copy.bundle)).toBe(false)
    })
  })
})
