import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diffSide } from '../../src/app/diff-side.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import type { DiffSide } from '../../src/review/diff-side.ts'
import { policyDiff, widens } from '../../src/review/policy-diff.ts'
import type { Model } from '../../src/review/reviewed-policy.ts'
import { copyOf, type ProjectCopy, withCopyOf } from '../support/project-copy.ts'
import { filerobotEdits } from './edits/filerobot.ts'
import { fivemanageEdits } from './edits/fivemanage.ts'
import { imagekitEdits } from './edits/imagekit.ts'
import { quantcdnEdits } from './edits/quantcdn.ts'
import { saidBy } from './edits/system-edit.ts'

const sideOf = (copy: ProjectCopy) => diffSide(copy.root, { project: copy, env: process.env, progress: silentProgress })

describe.each([
  ['imagekit', imagekitEdits],
  ['fivemanage', fivemanageEdits],
  ['filerobot', filerobotEdits],
  ['quantcdn', quantcdnEdits],
] as const)('the diff of %s', (system, edits) => {
  let sound: ProjectCopy
  let base: DiffSide
  beforeAll(async () => {
    sound = copyOf(system)
    await sound.build()
    base = await sideOf(sound)
  }, 60_000)
  afterAll(() => sound.remove())

  it.each(edits.map((edit) => [edit.what, edit] as const))('says all of %s', { timeout: 60_000 }, (_, edit) =>
    withCopyOf(sound, async (copy) => {
      for (const one of edit.edits) copy.edit(...one)
      await copy.build()
      const diff = policyDiff(base, await sideOf(copy))
      const { decisions, tables = [], rules = {}, rewritten = [] } = edit
      expect({ ...saidBy(diff, base.reviewed.model[system] as Model[string]), widens: widens(diff) }).toEqual({
        decisions: decisions.toSorted(),
        tables: tables.toSorted(),
        rules,
        rewritten,
        widens: edit.widens,
      })
    }),
  )
})
