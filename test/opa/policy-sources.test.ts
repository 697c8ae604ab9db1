import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestOf, openMemory } from '../../src/opa/policy-sources.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-memory-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const write = (file: string, text: string) => {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}
const open = () => openMemory(join(root, 'kept/answers.json'))
const keyOf = () => digestOf(root, ['a.rego'])

/** Counts how often it is asked; the answer is the count. */
function asked() {
  let times = 0
  return { ask: async () => ++times, times: () => times }
}

describe('the memory of answers', () => {
  it('asks once for each text, also from one process to the next', async () => {
    const { ask, times } = asked()
    write('a.rego', 'one')
    const memory = open()
    expect(await Promise.all([memory.recall(keyOf, ask), memory.recall(keyOf, ask)])).toEqual([1, 1])
    memory.save()
    expect(await open().recall(keyOf, ask)).toBe(1)
    write('a.rego', 'two')
    expect(await open().recall(keyOf, ask)).toBe(2)
    expect(times()).toBe(2)
  })

  it('forgets what was not asked for since it was saved last', async () => {
    const { ask } = asked()
    write('a.rego', 'one')
    const memory = open()
    await memory.recall(keyOf, ask)
    memory.save()
    await memory.recall(() => 'other', ask)
    memory.save()
    expect(await memory.recall(() => 'other', ask)).toBe(2)
    expect(await memory.recall(keyOf, ask)).toBe(3)
    expect(await open().recall(() => 'other', ask)).toBe(2)
    expect(await open().recall(keyOf, ask)).toBe(4)
  })

  it('keeps no answer about a file that changed while it was asked about', async () => {
    write('a.rego', 'one')
    const memory = open()
    // OPA reads the file after it was named, and then answers of the new text.
    const ask = async () => {
      write('a.rego', 'two')
      return 'of two'
    }
    expect(await memory.recall(keyOf, ask)).toBe('of two')
    memory.save()
    write('a.rego', 'one')
    for (const some of [memory, open()]) expect(await some.recall(keyOf, async () => 'of one')).toBe('of one')
  })

  it('keeps no failure', async () => {
    const memory = open()
    await expect(
      memory.recall(
        () => 'key',
        async () => {
          throw new Error('no OPA')
        },
      ),
    ).rejects.toThrow('no OPA')
    expect(
      await memory.recall(
        () => 'key',
        async () => 'found',
      ),
    ).toBe('found')
  })
})
