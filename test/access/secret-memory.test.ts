import { describe, expect, it } from 'vitest'
import { rememberSecrets } from '../../src/access/secret-memory.ts'

function memory(stored: Map<string, object>, wait?: Promise<void>) {
  const at = { now: 0 }
  const asked: string[] = []
  const remembered = rememberSecrets<object>(
    async (secret) => {
      asked.push(secret)
      const found = stored.get(secret)
      await wait
      return found
    },
    () => at.now,
  )
  return { remembered, asked, at }
}

describe('a secret that is good', () => {
  it('is looked up once a second', async () => {
    const { remembered, asked, at } = memory(new Map([['a', { of: 'a' }]]))
    for (const now of [0, 1, 999]) {
      at.now = now
      expect(await remembered.find('a')).toEqual({ of: 'a' })
    }
    expect(asked).toEqual(['a'])
    at.now = 1_000
    expect(await remembered.find('a')).toEqual({ of: 'a' })
    expect(asked).toEqual(['a', 'a'])
  })

  it('and was revoked is good for nothing from then on', async () => {
    const stored = new Map([['a', {}]])
    const { remembered } = memory(stored)
    expect(await remembered.find('a')).toBeDefined()
    stored.delete('a')
    remembered.forget()
    expect(await remembered.find('a')).toBeUndefined()
  })

  it('and was revoked while it was looked for is not remembered', async () => {
    const stored = new Map([['a', {}]])
    let go = () => {}
    const { remembered } = memory(
      stored,
      new Promise<void>((resolve) => {
        go = resolve
      }),
    )
    const found = remembered.find('a')
    remembered.forget()
    go()
    expect(await found).toBeDefined()
    stored.delete('a')
    expect(await remembered.find('a')).toBeUndefined()
  })

  it('is remembered from when it was asked for, not from when the store answered', async () => {
    const { remembered, asked, at } = memory(new Map([['a', {}]]), Promise.resolve())
    const found = remembered.find('a')
    at.now = 900
    await found
    at.now = 1_000
    await remembered.find('a')
    expect(asked).toHaveLength(2)
  })
})

it('a secret that is not good is looked up each time, and pushes out none that is', async () => {
  const { remembered, asked } = memory(new Map([['good', {}]]))
  await remembered.find('good')
  for (let guess = 0; guess < 2_000; guess++) expect(await remembered.find(`guess-${guess % 2}`)).toBeUndefined()
  expect(asked).toHaveLength(2_001)
  await remembered.find('good')
  expect(asked).toHaveLength(2_001)
})

it('at most a thousand are remembered', async () => {
  const stored = new Map(Array.from({ length: 1_001 }, (_, index) => [`${index}`, {}]))
  const { remembered, asked } = memory(stored)
  for (const secret of stored.keys()) await remembered.find(secret)
  await remembered.find('0')
  expect(asked).toHaveLength(1_002)
})
