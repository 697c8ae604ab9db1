import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { projectChanges } from '../../src/app/project-changes.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-watch-'))
  mkdirSync(join(root, 'config/systems/acme'), { recursive: true })
  mkdirSync(join(root, 'policies'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

it('changes of one burst are one, those made meanwhile the next, and an abort ends them', async () => {
  const stop = new AbortController()
  const matrix = join(root, 'config/systems/acme/matrix.yaml')
  const changes = projectChanges(root, stop.signal)[Symbol.asyncIterator]()
  writeFileSync(matrix, 'a')
  writeFileSync(join(root, 'policies/a.rego'), 'a')
  expect(await changes.next()).toEqual({ done: false, value: undefined })
  // Nobody waits now: the change is kept.
  writeFileSync(matrix, 'b')
  await sleep(300)
  expect(await changes.next()).toEqual({ done: false, value: undefined })
  const last = changes.next()
  stop.abort()
  expect(await last).toEqual({ done: true, value: undefined })
})
