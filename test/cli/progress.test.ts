import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createProgress } from '../../src/cli/progress.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function reporter(isTTY: boolean, env: NodeJS.ProcessEnv = {}) {
  let written = ''
  const stream = { write: (text: string) => (written += text) }
  return { ...createProgress(stream, { isTTY, env }), written: () => written }
}

it('says nothing about what takes less than a second', () => {
  const progress = reporter(true)
  progress.start('building')
  vi.advanceTimersByTime(900)
  progress.done()
  vi.advanceTimersByTime(5_000)
  expect(progress.written()).toBe('')
})

it('shows on a terminal what takes longer, how far it is, and wipes it', () => {
  const progress = reporter(true, { NO_COLOR: '1' })
  progress.start('building')
  vi.advanceTimersByTime(1_000)
  expect(progress.written()).toBe('\\ building 1 s')
  progress.tick('3 MiB')
  vi.advanceTimersByTime(1_000)
  expect(progress.written().endsWith('\r| building, 3 MiB 2 s')).toBe(true)
  progress.done()
  expect(progress.written().endsWith(`\r${' '.repeat('| building, 3 MiB 2 s'.length)}\r`)).toBe(true)
})

it('uses colour unless NO_COLOR is set', () => {
  const shown = (env: NodeJS.ProcessEnv) => {
    const progress = reporter(true, env)
    progress.start('building')
    vi.advanceTimersByTime(1_000)
    progress.done()
    return progress.written()
  }
  expect(shown({})).toContain('\u001b[')
  expect(shown({ NO_COLOR: '' })).toContain('\u001b[')
  expect(shown({ NO_COLOR: '1' })).not.toContain('\u001b')
})

it.each([
  ['a pipe', false, {}],
  ['a terminal that cannot rewrite a line', true, { TERM: 'dumb' }],
])('is silent in %s, save for notes', (_, isTTY, env) => {
  const progress = reporter(isTTY, env)
  progress.start('building')
  vi.advanceTimersByTime(5_000)
  progress.note('another OPA is used')
  progress.done()
  expect(progress.written()).toBe('another OPA is used\n')
})
