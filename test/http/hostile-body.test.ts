import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guardJson } from '../../src/http/json-guard.ts'
import { refuseRepeatedMember } from '../../src/http/repeated-member.ts'
import { allow, answerOf, apiOver, bodyOf, json, question } from './fixture.ts'

// The PDP allows whatever reaches it, so that a 200 here would be a wrong allow.
const { app } = apiOver(() => answerOf(allow))

const send = async (body: string | Uint8Array) => {
  const answer = await app.request('/authorize', { method: 'POST', headers: json, body: body as string })
  const text = await answer.text()
  return { status: answer.status, error: answer.status === 200 ? undefined : JSON.parse(text).error }
}
const within = (context: string) => JSON.stringify(question).replace(/}$/, `,"context":${context}}`)
const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`

describe('a hostile body', () => {
  it.each([
    ['empty', ''],
    ['blank', '  \n'],
    ['truncated', JSON.stringify(question).slice(0, -1)],
    ['truncated in a string', JSON.stringify(question).slice(0, 20)],
    ['two values', `${JSON.stringify(question)}{}`],
    ['NaN', within('{"n":NaN}')],
    ['Infinity', within('{"n":-Infinity}')],
    ['a comment', within('{/* */}')],
    ['single quotes', "{'subject':1}"],
    ['a byte order mark', `\uFEFF${JSON.stringify(question)}`],
    ['a NUL', `\0${JSON.stringify(question)}`],
    ['a raw control character', within('{"a":"\u0001"}')],
    ['UTF-16', Buffer.from(JSON.stringify(question), 'utf16le')],
    ['a bad byte', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')])],
    ['an overlong form', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])],
    [
      'a surrogate in UTF-8',
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    ],
    ['a cut character', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xe2, 0x82]), Buffer.from('"}')])],
  ])('is not JSON: %s', async (_, body) => {
    expect(await send(body)).toMatchObject({ status: 400, error: { code: 'malformed_json' } })
  })

  it('is told apart when it is not UTF-8', async () => {
    expect((await send(Buffer.from([0x22, 0xff, 0x22]))).error.detail).toBe('the body is not valid UTF-8')
  })

  it.each([
    ['/context/a', '{"a":"\\ud800"}'],
    ['/context/a', '{"a":"x\\udc00"}'],
    ['/context/a', '{"a":"\\udc00\\ud800"}'],
    ['/context/l/1', '{"l":["\\ud83d\\ude00","\\ud83d"]}'],
    ['/context', '{"\\ud800":1}'],
  ])('holds a lone surrogate at %s: %s', async (pointer, context) => {
    expect(await send(within(context))).toMatchObject({ status: 400, error: { code: 'not_well_formed', pointer } })
  })

  it.each([
    ['/context', `${JSON.stringify(question).slice(0, -1)},"context":{},"context":{}}`],
    ['/subject', `{"subject":{"type":"user","id":"admin"},${JSON.stringify(question).slice(1)}`],
    ['/context/a', within('{"a":1,"a":1}')],
    ['/context/a', within('{"a":1, "\\u0061" : 2}')],
    ['/context/l/1/b', within('{"l":["a,{",{"b":"}\\"]","b":[]}]}')],
    ['/context/a~1b', within('{"a/b":{"x":[[[[]]]]},"a/b":"\\\\"}')],
    ['/context/__proto__', within('{"__proto__":1,"__proto__":2}')],
    ['/context/', within('{"":1,"":2}')],
  ])('with a member that comes twice is refused, and the second one named: %s', async (pointer, body) => {
    const detail = 'an object has a member twice'
    expect(await send(body)).toMatchObject({ status: 400, error: { code: 'malformed_json', detail, pointer } })
  })

  it('may hold the same name in two objects, and texts that look like members', async () => {
    expect(
      (await send(within('{"a":{"a":1},"l":[{"a":1},{"a":1}],"s":"\\"a\\":1,\\"a\\":2","t":"\\\\"}'))).status,
    ).toBe(200)
  })

  it('may hold a pair', async () => {
    expect((await send(within('{"a":"\\ud83d\\ude00"}'))).status).toBe(200)
  })

  it.each([
    ['/context/n', '{"n":1e400}'],
    ['/context/n', '{"n":-1e400}'],
    ['/context/n', '{"n":9007199254740992}'],
    ['/context/n', '{"n":-9007199254740993}'],
    ['/context/a~1b/0/c~0d', '{"a/b":[{"c~d":1e300}]}'],
    [`/context`, `{"${'k'.repeat(200)}":{"n":1e400}}`],
  ])('holds a number that cannot be exact at %s: %s', async (pointer, context) => {
    expect(await send(within(context))).toMatchObject({ status: 400, error: { code: 'number_out_of_range', pointer } })
  })

  it.each([['9007199254740991'], ['-9007199254740991'], ['0.1'], ['-0'], ['1e-400']])('may hold %s', async (number) => {
    expect((await send(within(`{"n":${number}}`))).status).toBe(200)
  })

  it('is taken at 32 levels and refused at 33', async () => {
    expect((await send(within(nested(30)))).status).toBe(200)
    expect(await send(within(nested(31)))).toMatchObject({
      status: 400,
      error: { code: 'too_deep', pointer: `/context/a${'/0'.repeat(30)}` },
    })
  })

  it.each([
    [20_000, '[', ']'],
    [20_000, '{"a":', '}'],
    [200_000, '[', ']'],
    [200_000, '{"a":', '}'],
  ])(
    'of depth %i is refused without a stack overflow: %s',
    async (depth, open, close) => {
      const { app: wide } = apiOver(() => answerOf(allow), { body_bytes: 10_000_000, depth: 32 })
      const body = `${open.repeat(depth)}1${close.repeat(depth)}`
      const answer = await wide.request('/authorize', { method: 'POST', headers: json, body })
      expect(answer.status).toBe(400)
      expect((await bodyOf(answer)).error.code).toBe('too_deep')
    },
    60_000,
  )

  it('beyond the limit is refused by its declared length, unread', async () => {
    let pulled = 0
    const body = new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 })
    const headers = { ...json, 'Content-Length': '65537' }
    const answer = await app.request('/authorize', { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
    expect(answer.status).toBe(413)
    expect((await bodyOf(answer)).error).toMatchObject({ code: 'too_large', detail: 'the limit is 65536 bytes' })
    expect(pulled).toBe(0)
  })

  it('beyond the limit is refused while it streams, not held', async () => {
    let pulled = 0
    const body = new ReadableStream({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(1024))
      },
    })
    const answer = await app.request('/authorize', {
      method: 'POST',
      headers: json,
      body,
      duplex: 'half',
    } as RequestInit)
    expect(answer.status).toBe(413)
    expect(pulled).toBeLessThan(70)
  })

  it('at the limit is read', async () => {
    const padded = `${JSON.stringify(question)}${' '.repeat(65_536)}`.slice(0, 65_536)
    expect((await send(padded)).status).toBe(200)
    expect((await send(`${padded} `)).status).toBe(413)
  })

  it.each([
    [
      '/subject',
      '{"__proto__":{"subject":{"type":"user","id":"dev"}},"action":{"name":"a"},"resource":{"type":"t","id":""}}',
    ],
    [
      '/subject/id',
      '{"subject":{"type":"user","__proto__":{"id":"dev"}},"action":{"name":"a"},"resource":{"type":"t","id":""}}',
    ],
    [
      '/action',
      '{"subject":{"type":"user","id":"dev"},"constructor":{"prototype":{"action":{"name":"a"}}},"resource":{"type":"t","id":""}}',
    ],
  ])('cannot lend members through prototypes: %s', async (pointer, body) => {
    expect(await send(body)).toMatchObject({ status: 400, error: { code: 'malformed_request', pointer } })
    expect(({} as { action?: unknown }).action).toBeUndefined()
  })

  it('with `__proto__` and `constructor` members is otherwise harmless, and walked like any other', async () => {
    expect((await send(within('{"__proto__":{"admin":true},"constructor":{"prototype":{}}}'))).status).toBe(200)
    expect(await send(within('{"__proto__":{"n":1e400}}'))).toMatchObject({
      error: { pointer: '/context/__proto__/n' },
    })
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })

  it('never becomes an allow or a 5xx, whatever its bytes', async () => {
    const valid = Buffer.from(JSON.stringify({ ...question, context: { tenant: 'acme', n: 1 } }))
    await fc.assert(
      fc.asyncProperty(fc.nat(valid.length - 1), fc.uint8Array({ minLength: 1, maxLength: 3 }), async (at, bytes) => {
        const body = Buffer.concat([valid.subarray(0, at), bytes, valid.subarray(at + 1)])
        const { status } = await send(body)
        // A 200 is right only for what JSON.parse and the shape, read independently, would take.
        if (status !== 200) expect([400, 413]).toContain(status)
        else expect(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)).subject.id).toBeTypeOf('string')
      }),
      { numRuns: 2_000 },
    )
  }, 60_000)
})

describe('a repeated member', () => {
  it('is found in any JSON, and only there', () => {
    const exact = (value: unknown) => JSON.parse(JSON.stringify(value), (_, v) => (typeof v === 'number' ? 0 : v))
    const any = fc.jsonValue({ maxDepth: 3 }).map(exact)
    const object = fc.dictionary(fc.string({ unit: 'binary' }), any, { minKeys: 1, maxKeys: 4 })
    fc.assert(
      fc.property(object, fc.nat(), any, (members, nth, value) => {
        const once = JSON.stringify(members)
        const bytes = new TextEncoder().encode(once)
        const again = Object.keys(JSON.parse(once))
        const name = again[nth % again.length] as string
        const twice = `${once.slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`
        expect(() => refuseRepeatedMember(bytes, guardJson(JSON.parse(once), 32))).not.toThrow()
        const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
        expect(() => refuseRepeatedMember(new TextEncoder().encode(twice), guardJson(JSON.parse(twice), 32))).toThrow(
          expect.objectContaining({ code: 'malformed_json', pointer }),
        )
      }),
    )
  }, 60_000)
})

describe('the guard', () => {
  it('lets every value through that JSON can carry exactly', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (value) => {
        const exact = JSON.parse(JSON.stringify(value), (_, v) =>
          typeof v === 'number' && Math.abs(v) > 2 ** 53 - 1 ? 0 : v,
        )
        expect(() => guardJson(exact, 32)).not.toThrow()
      }),
    )
  }, 60_000)
})
