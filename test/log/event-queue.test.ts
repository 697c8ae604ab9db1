import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../src/log/event-queue.ts'

const limits = { events: 1_000, bytes: 1_000_000, batchBytes: 100 }

/** Takes all that waits, a batch after the other. */
function drained(queue: EventQueue): string[] {
  const texts: string[] = []
  for (let batch = queue.take(); batch !== undefined; batch = queue.take()) {
    texts.push(batch.lines.toString())
    queue.done(batch)
  }
  return texts
}

describe('the queue of events', () => {
  it('gathers lines into batches in their order; one that is larger than a batch is one by itself', () => {
    const queue = new EventQueue(limits)
    const events = ['a'.repeat(49), 'b'.repeat(49), 'c'.repeat(200), 'd'.repeat(49), 'e'.repeat(50), 'f']
    for (const event of events) expect(queue.add(event)).toBe(true)
    const [a, b, c, d, e, f] = events
    expect(drained(queue)).toEqual([`${a}\n${b}\n`, `${c}\n`, `${d}\n`, `${e}\n${f}\n`])
  })

  it.each(['é', '€', '🔑'])('holds lines of %s whole', (sign) => {
    const queue = new EventQueue(limits)
    const events = Array.from({ length: 60 }, (_, count) => sign.repeat(count))
    for (const event of events) queue.add(event)
    expect(drained(queue).join('')).toBe(events.map((event) => `${event}\n`).join(''))
  })

  it('leaves a batch that was taken as it is until that is done, whatever comes meanwhile', () => {
    const queue = new EventQueue(limits)
    const batches = ['first', 'second', 'third'].map((event) => {
      queue.add(event)
      return queue.take()
    })
    queue.add('x'.repeat(99))
    expect(batches.map((batch) => batch?.lines.toString())).toEqual(['first\n', 'second\n', 'third\n'])
    for (const batch of batches) if (batch !== undefined) queue.done(batch)
    for (const event of ['y', 'z']) queue.add(event.repeat(99))
    expect(drained(queue)).toEqual([`${'x'.repeat(99)}\n`, `${'y'.repeat(99)}\n`, `${'z'.repeat(99)}\n`])
  })

  it('takes no more than it may hold, a batch that is not done included', () => {
    const queue = new EventQueue({ events: 3, bytes: 20, batchBytes: 100 })
    expect(queue.add('0123456789')).toBe(true)
    const batch = queue.take()
    expect([queue.add('é23456789'), queue.events]).toEqual([false, 1])
    expect([queue.add('12345678'), queue.events]).toEqual([true, 2])
    if (batch !== undefined) queue.done(batch)
    expect([queue.add('1'), queue.add('2'), queue.add('3')]).toEqual([true, true, false])
  })
})
