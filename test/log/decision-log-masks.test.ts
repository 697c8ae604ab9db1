import { describe, expect, it } from 'vitest'
import { eventWriter } from '../../src/log/decision-event.ts'
import { applyMasks } from '../../src/log/mask.ts'
import { allow, answerOf, deny, question } from '../http/fixture.ts'
import { linesIn, logTo, memorySink, noMasks, recorded } from './decision-log-fixture.ts'

const secret = 'planted-secret-0123456789'
const labels = { app: 'postern' }

describe('a planted secret', () => {
  const places: readonly (readonly [string, object])[] = [
    ['a member named like a credential', { context: { authorization: secret, headers: { Cookie: secret } } }],
    ['one in a list', { context: { all: [{ a: 1 }, { Password: secret }, { token: secret, b: 2 }] } }],
    ['an authorization value of any name', { context: { h: [`Bearer ${secret}`, 'x', `Basic ${secret}`] } }],
    ['a value of another scheme', { context: { a: `DPoP ${secret}`, b: `  bearer\t${secret}` } }],
    ['a JSON Web Token', { resource: { type: 'a', id: 'b', properties: { x: `eyJ0.eyJ0.${secret}` } } }],
    ['a value that the settings erase', { context: { ip: secret } }],
    ['a value that the settings mask', { subject: { type: 'user', id: secret } }],
    ['a member of a value that the settings expect to be an object', { context: { card: secret } }],
    ['the tenant it brings', { tenant: { tenant: 'a', 'set-cookie': secret } }],
    ['an escaped name', { context: { 'a/b~c': { secret } } }],
  ]

  it.each(places)('in %s reaches no sink in 1,000 events', async (_, parts) => {
    const lines: string[] = []
    const sink = { write: async (bytes: Buffer) => void lines.push(...linesIn(bytes)), close() {} }
    const masks = { erase: ['/input/context/ip', '/input/context/card/number'], mask: ['/input/subject/id'] }
    const { log, failures } = logTo(sink, { event: { labels, masks, defaultTenant: undefined } })
    for (let index = 0; index < 1_000; index++) log.decided(recorded({ request: { ...question, ...parts } }))
    await log.close(5_000)
    expect(lines).toHaveLength(1_000)
    expect(lines.filter((line) => line.includes(secret))).toEqual([])
    expect(log.counts.masked + log.counts.maskFailures).toBe(1_000)
    expect(failures).toEqual([])
  })
})

describe('a planted secret in the text that was sent', () => {
  const places: readonly (readonly [string, string])[] = [
    ['as it is usually sent', `{"context":{"password":"${secret}"}}`],
    ['with blanks', `{"context":{"password" : "${secret}"}}`],
    ['over lines', `{"context":{"password"\r\n:"${secret}"}}`],
    ['with an escape in its name', `{"context":{"p\\u0061ssword":"${secret}"}}`],
    ['with an escape in its value', `{"context":{"h":"Be\\u0061rer ${secret}"}}`],
    ['behind a tab', `{"context":{"h":"\\tBearer ${secret}"}}`],
  ]

  it.each(places)('%s is erased', (_, sent) => {
    const write = eventWriter({ labels, masks: noMasks, defaultTenant: undefined })
    const { text, masked } = write(recorded({ request: { ...question, ...JSON.parse(sent) }, sent }), 0, 1)
    expect([text.includes(secret), masked, text.includes('"input"')]).toEqual([false, true, true])
  })

  it('is masked where the settings say so', () => {
    const request = { ...question, context: { ip: secret } }
    const masks = { erase: [], mask: ['/input/context/ip'] }
    const write = eventWriter({ labels, masks, defaultTenant: undefined })
    expect(write(recorded({ request, sent: JSON.stringify(request) }), 0, 1).text).not.toContain(secret)
  })
})

describe('masks', () => {
  const input = { subject: { id: 'bill' }, context: { ip: '10.0.0.1', list: [{ a: 1 }, { a: 2 }], 'a/b': null } }
  const masked = (erase: readonly string[], mask: readonly string[] = []) => applyMasks({ input }, { erase, mask })

  it('erase and replace what they name, list it, and leave the original as it was', () => {
    const before = structuredClone(input)
    expect(
      masked(['/input/context/ip', '/input/context/list/0', '/input/context/a~1b'], ['/input/subject/id']),
    ).toEqual({
      input: { subject: { id: '***' }, context: { list: [{ a: 2 }] } },
      erased: ['/input/context/ip', '/input/context/list/0', '/input/context/a~1b'],
      masked: ['/input/subject/id'],
    })
    expect(input).toEqual(before)
  })

  it('of something that is not there do nothing', () => {
    expect(masked(['/input/none/at/all', '/input/context/a~1b/c', '/result/limit', '/input/context/list/7'])).toEqual({
      input,
      erased: [],
      masked: [],
    })
  })

  it('take `__proto__` and `constructor` for plain names', () => {
    const odd = JSON.parse('{"context":{"__proto__":{"x":1},"y":2}}')
    expect(JSON.stringify(applyMasks({ input: odd }, { erase: ['/input/context/y'], mask: [] }).input)).toBe(
      '{"context":{"__proto__":{"x":1}}}',
    )
    expect(masked(['/input/constructor/name']).erased).toEqual([])
  })

  it.each(['/input/subject/id/first', '/input/context/list/a'])('%s fails where there are no members', (pointer) => {
    expect(() => masked([pointer])).toThrow('a mask leads into a value that has no members')
  })

  it('that fail cost the event its input, its result and all that repeats them', async () => {
    const sink = memorySink()
    const masks = { ...noMasks, erase: ['/input/subject/id/first'] }
    const { log } = logTo(sink, { event: { labels, masks, defaultTenant: undefined } })
    log.decided(recorded({ answer: answerOf(allow) }))
    await log.close(1_000)
    const [event = {}] = sink.events
    for (const name of ['input', 'result', 'subject', 'action', 'resource', 'reason'])
      expect(event).not.toHaveProperty(name)
    expect(event).toMatchObject({ decision_id: 'd-1', effect: 'allow' })
    expect(log.counts).toMatchObject({ written: 1, maskFailures: 1 })
  })

  it('hide what is below the request and what is below the result, of each decision that is given', () => {
    const masks = { erase: ['/input/context/ip', '/result/limit'], mask: ['/result/message', '/input/subject/id'] }
    const write = eventWriter({ labels, masks, defaultTenant: undefined })
    const request = { ...question, context: { ip: '10.0.0.1', token: secret } }
    const { text } = write(recorded({ request, answer: answerOf(deny) }), 0, 1)
    const again = write(recorded({ answer: answerOf(deny) }), 0, 1).text
    const other = write(recorded({ request, answer: answerOf(allow) }), 0, 1).text
    expect([text, again, other].map((line) => JSON.parse(line))).toMatchObject([
      {
        input: { subject: { id: '***' }, context: {} },
        result: { message: '***' },
        erased: ['/input/context/ip', '/input/context/token', '/result/limit'],
        masked: ['/input/subject/id', '/result/message'],
      },
      { result: { message: '***' }, erased: ['/result/limit'] },
      { result: { message: '***' }, erased: ['/input/context/ip', '/input/context/token'] },
    ])
    expect([text, again, other].filter((line) => /10\.0\.0\.1|"limit"|seats|the role grants it/.test(line))).toEqual([])
  })
})
