import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createChecker } from '../../src/app/check.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import { testToolchain } from '../opa/opa.ts'
import { randomOf } from '../reference/generate.ts'
import { repositoryCopy, withCopyOf } from '../support/project-copy.ts'
import { regoMutant } from './mutants.ts'

// A night can take more of them.
const edits = Number(process.env.POSTERN_TEST_EDITS ?? 10)

/** Cells, the first of a list, verdicts of rows and numbers: most of what is left still builds. */
const yaml = /\b\w+: allow, |(?<=\[)[\w:]+, |(?<=expect: )(?:allow|deny)\b|(?<=: )\d+(?=[,}\s])/g
const turns: Readonly<Record<string, string>> = { allow: 'deny', deny: 'allow' }

it('a watch tells after any edits what a check that begins there tells', {
  timeout: 60_000 * Math.max(5, edits),
}, async () => {
  const toolchain = await testToolchain()
  await withCopyOf(repositoryCopy(), async (copy) => {
    const checkerOf = () => createChecker({ project: copy, progress: silentProgress, toolchain: async () => toolchain })
    const watch = checkerOf()
    const sound = await watch.run()
    const random = randomOf(Number(process.env.POSTERN_TEST_SEED ?? 5))
    const files = ['config', 'policies'].flatMap((folder) =>
      readdirSync(join(copy.root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    const groups = [
      /matrix\.yaml$/,
      /(?:plans|lifecycle|demo)\.yaml$/,
      /decisions\.yaml$/,
      /invariants\.yaml$/,
      /systems\/\w+\/.*(?<!_test)\.rego$/,
      /authz\/.*\.rego$/,
    ]
    const before = new Map<string, string>()
    const reports = new Set<string>()
    for (let edit = 0; edit < edits; edit += 1) {
      // Every third goes back on what was edited, so that there is something sound to edit again.
      const undone = edit % 3 === 2 ? [...before] : []
      for (const [name, text] of undone) copy.write(name, text)
      if (undone.length > 0) before.clear()
      const group = groups[edit % groups.length] as RegExp
      const file = random.pick(files.filter((name) => group.test(name)))
      const text = copy.read(file)
      if (!before.has(file)) before.set(file, text)
      copy.write(file, file.endsWith('.rego') ? regoMutant(random, text).text : yamlMutant(text))
      const { checks } = await watch.run()
      expect(checks, `edit ${edit}, of ${file}`).toEqual((await checkerOf().run()).checks)
      reports.add(JSON.stringify(checks))
    }
    expect(reports.size).toBeGreaterThan(edits / 2)
    for (const [name, text] of before) copy.write(name, text)
    expect((await watch.run()).checks).toEqual(sound.checks)

    function yamlMutant(text: string): string {
      const { 0: found, index } = random.pick([...text.matchAll(yaml)])
      const turned = turns[found] ?? (/^\d+$/.test(found) ? String(Number(found) + 1) : '')
      return text.slice(0, index) + turned + text.slice(index + found.length)
    }
  })
})
