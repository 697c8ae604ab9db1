import { type FSWatcher, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { projectChanges, unlessGone } from '../../src/app/project-changes.ts'

const watchers = vi.hoisted((): FSWatcher[] => [])
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const watch = (folder: string, options: object, listener: () => void) => {
    const watcher = fs.watch(folder, options, listener)
    watchers.push(watcher)
    return watcher
  }
  return { ...fs, watch }
})

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

it('a file that vanishes while it is watched is a change, and the watch goes on', async () => {
  const stop = new AbortController()
  watchers.length = 0
  const changes = projectChanges(root, stop.signal)[Symbol.asyncIterator]()
  watchers[0]?.emit('error', Object.assign(new Error('no such file'), { code: 'ENOENT' }))
  expect(await changes.next()).toEqual({ done: false, value: undefined })
  rmSync(join(root, 'config/systems/acme'), { recursive: true })
  expect(await changes.next()).toEqual({ done: false, value: undefined })
  stop.abort()
  expect(await changes.next()).toEqual({ done: true, value: undefined })
})

it('a run that misses a file says nothing, and any other failure is told', async () => {
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))
  expect(await unlessGone(async () => 'done')).toBe('done')
  expect(await unlessGone(failing('ENOENT'))).toBe(undefined)
  await expect(unlessGone(failing('EACCES'))).rejects.toThrow('EACCES')
})
