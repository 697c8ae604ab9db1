import { spawnSync } from 'node:child_process'
import { mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/http/address.ts'
import { ListenError } from '../../src/http/bind.ts'
import { listen } from '../../src/http/listener.ts'
import { errorTable } from '../../src/pdp/errors.ts'
import { allow, answerOf, apiOver, question, quickHttp, raw, served, until } from './fixture.ts'

const body = JSON.stringify(question)
const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
const ask =
  head('POST /authorize HTTP/1.1', 'Host: a', 'Content-Type: application/json', `Content-Length: ${body.length}`) + body

/** The error in an answer as it came, and what it must be for a code, whatever the request is called. */
const errorIn = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).error
const rowOf = (code: keyof typeof errorTable) => {
  const { message, remedy } = errorTable[code]
  return { code, message, remedy, request_id: expect.any(String) }
}

async function listenOnce(address: string) {
  const listener = await listen(apiOver().app, address, quickHttp)
  listener.stop()
  await listener.closed
  return listener.address
}

describe('an address', () => {
  it.each([
    ['127.0.0.1:0', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['127.8.9.10:0', /^http:\/\/127\.8\.9\.10:\d+$/],
    ['localhost:0', /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/],
  ])('on loopback is taken: %s', async (address, taken) => {
    expect(await listenOnce(address)).toMatch(taken)
  })

  it('on the IPv6 loopback is loopback', async () => {
    // A machine without IPv6 still has to get as far as asking for the address.
    const outcome = await listenOnce('[::1]:0').catch((error: Error) => error.message)
    expect(outcome).toMatch(/^http:\/\/\[::1\]:\d+$|does not have that address|EAFNOSUPPORT/)
  })

  it.each([
    ['0.0.0.0:0'],
    ['[::]:0'],
    ['10.0.0.1:0'],
    ['example.org:80'],
    ['127.0.0.1.example.org:80'],
    ['[::ffff:10.0.0.1]:0'],
    ['1270.0.0.1:0'],
  ])('off loopback is refused where callers need no credential: %s', async (address) => {
    await expect(listenOnce(address)).rejects.toThrow(
      `cannot listen on \`${address}\`: it is not loopback, and callers would need no credential; ` +
        'use 127.0.0.1, [::1], localhost or unix:/path, or have them known (README, "Who may call")',
    )
  })

  it('may be anywhere where the app lets nobody in without a credential', async () => {
    const app = Object.assign(apiOver().app, { knowsCallers: true })
    // Written so, it is not taken for loopback, which it is: no test is to be reached from elsewhere.
    const listener = await listen(app, '[::ffff:127.0.0.1]:0', quickHttp)
    listener.stop()
    await listener.closed
    expect(listener.address).toMatch(/^http:\/\/\[::ffff:127\.0\.0\.1\]:\d+$/)
  })

  it.each([
    ['8181'],
    [':8181'],
    ['127.0.0.1'],
    ['127.0.0.1:'],
    ['127.0.0.1:70000'],
    ['::1:80'],
    ['unix:relative'],
    ['http://127.0.0.1:1'],
    ['[x]:1'],
  ])('that is malformed is refused: %s', async (address) => {
    expect(parseAddress(address)).toBeUndefined()
    await expect(listenOnce(address)).rejects.toThrow('write `host:port`, `[v6]:port` or `unix:/path`')
  })

  it('in use is one line', async () => {
    await served(apiOver().app, async (port) => {
      const failed = listenOnce(`127.0.0.1:${port}`)
      await expect(failed).rejects.toThrow(ListenError)
      await expect(failed).rejects.toThrow(new RegExp(`^cannot listen on \`127.0.0.1:${port}\`: it is in use$`))
    })
  })

  it('without permission or directory is one line', async () => {
    await expect(listenOnce('unix:/proc/postern.sock')).rejects.toThrow(
      /^cannot listen on `unix:\/proc\/postern.sock`: .+$/,
    )
    await expect(listenOnce('unix:/nowhere/s')).rejects.toThrow(
      'cannot listen on `unix:/nowhere/s`: it is not permitted, or its directory does not exist',
    )
  })
})

describe('a Unix socket', () => {
  const path = () => join(mkdtempSync(join(tmpdir(), 'postern-')), 's')
  const get = (socketPath: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      httpRequest({ socketPath, path: '/livez' }, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end()
    })

  it('serves, with mode 0660 and without touching the umask, and leaves no file', async () => {
    const socket = path()
    const before = process.umask(0o027)
    const listener = await listen(apiOver().app, `unix:${socket}`, quickHttp)
    expect(listener.address).toBe(`unix:${socket}`)
    expect(statSync(socket).mode & 0o777).toBe(0o660)
    expect(process.umask(before)).toBe(0o027)
    expect(await get(socket)).toBe(200)
    listener.stop()
    await listener.closed
    expect(() => statSync(socket)).toThrow('ENOENT')
  })

  it('that a dead process left behind is replaced', async () => {
    const socket = path()
    const script = `require('net').createServer().listen(${JSON.stringify(socket)},()=>process.kill(process.pid,'SIGKILL'))`
    spawnSync(process.execPath, ['-e', script])
    expect(statSync(socket).isSocket()).toBe(true)
    const listener = await listen(apiOver().app, `unix:${socket}`, quickHttp)
    expect(await get(socket)).toBe(200)
    listener.stop()
    await listener.closed
  })

  it('that somebody serves is left alone', async () => {
    const socket = path()
    const other = createNetServer((connection) => connection.end())
    await new Promise<void>((resolve) => other.listen(socket, resolve))
    await expect(listenOnce(`unix:${socket}`)).rejects.toThrow('it is in use')
    expect(statSync(socket).isSocket()).toBe(true)
    await new Promise((resolve) => other.close(resolve))
  })

  it('does not replace a file that is no socket', async () => {
    const file = path()
    writeFileSync(file, 'precious')
    await expect(listenOnce(`unix:${file}`)).rejects.toThrow('it is in use')
    expect(statSync(file).size).toBe(8)
  })
})

describe('over a socket', () => {
  it('answers keep-alive requests one after the other, with a length', async () => {
    await served(apiOver(() => answerOf(allow)).app, async (port) => {
      const { text } = await raw(port, (socket) => socket.write(ask + ask), 300)
      expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
      expect(text).toMatch(/content-length: \d+/i)
      expect(text).not.toMatch(/transfer-encoding/i)
    })
  })

  it('reads a body in many pieces, chunked or not', async () => {
    await served(apiOver(() => answerOf(allow)).app, async (port) => {
      const chunked = [...body].map((character) => `1\r\n${character}\r\n`).join('')
      const { text } = await raw(
        port,
        async (socket) => {
          socket.setNoDelay(true)
          socket.write(
            head('POST /authorize HTTP/1.1', 'Host: a', 'Content-Type: application/json', 'Transfer-Encoding: chunked'),
          )
          socket.write(`${chunked}0\r\n\r\n`)
          for (const piece of ask.match(/[\s\S]{1,40}/g) ?? []) {
            await new Promise((resolve) => setTimeout(resolve, 5))
            socket.write(piece)
          }
        },
        600,
      )
      expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
    })
  })

  it('takes HTTP/1.0 without a Host', async () => {
    await served(apiOver().app, async (port) => {
      const { text, closed } = await raw(port, (socket) => socket.write(head('GET /livez HTTP/1.0')))
      expect(text).toMatch(/^HTTP\/1\.1 200 OK/)
      expect(closed).toBe(true)
    })
  })

  it('refuses a body by its declared length before any of it has come', async () => {
    await served(apiOver().app, async (port) => {
      const tooLong = head(
        'POST /authorize HTTP/1.1',
        'Host: a',
        'Content-Type: application/json',
        'Content-Length: 65537',
      )
      expect((await raw(port, (socket) => socket.write(tooLong), 300)).text).toMatch(/^HTTP\/1\.1 413 /)
    })
  })

  it('swallows 20 MiB that are too much without holding them, and stays up', async () => {
    await served(apiOver().app, async (port) => {
      const before = process.memoryUsage().rss
      const { text } = await raw(
        port,
        (socket) => {
          socket.write(
            head(
              'POST /authorize HTTP/1.1',
              'Host: a',
              'Content-Type: application/json',
              `Content-Length: ${20 * 2 ** 20}`,
            ),
          )
          for (let sent = 0; sent < 20; sent++) socket.write(Buffer.alloc(2 ** 20, 32))
        },
        1_500,
      )
      expect(text).toMatch(/^HTTP\/1\.1 413 /)
      expect(text).toContain('"code":"too_large"')
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20)
      expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
    })
  })

  it('refuses a chunked body once it passes the limit, and cuts one that never ends', async () => {
    await served(apiOver().app, async (port, listener) => {
      const { text, closed } = await raw(
        port,
        (socket) => {
          socket.write(
            head('POST /authorize HTTP/1.1', 'Host: a', 'Content-Type: application/json', 'Transfer-Encoding: chunked'),
          )
          const piece = `4000\r\n${' '.repeat(0x4000)}\r\n`
          const pour = setInterval(() => (socket.destroyed ? clearInterval(pour) : socket.write(piece)), 2)
        },
        4_000,
      )
      expect(text).toMatch(/^HTTP\/1\.1 413 /)
      expect(closed).toBe(true)
      await until(() => listener.connections() === 0)
    })
  })

  it('gives up on a body that comes too slowly', async () => {
    const refused: number[] = []
    const slow = { ...quickHttp, http: { keep_alive_ms: 60_000, request_timeout_ms: 300, headers_timeout_ms: 200 } }
    await served(
      apiOver().app,
      async (port, listener) => {
        const started = Date.now()
        const { text, closed } = await raw(
          port,
          (socket) => {
            socket.write(ask.slice(0, -10))
            const drip = setInterval(() => (socket.destroyed ? clearInterval(drip) : socket.write(' ')), 50).unref()
          },
          3_000,
        )
        expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
        expect(text).toMatch(/x-request-id: [\w-]{12}-[0-9a-z]+\r\n/i)
        expect(text).toMatch(/cache-control: no-store\r\n/i)
        expect(errorIn(text)).toEqual(rowOf('request_timeout'))
        expect(closed).toBe(true)
        expect(Date.now() - started).toBeLessThan(1_500)
        await until(() => listener.connections() === 0)
      },
      slow,
      { refused: (status) => refused.push(status) },
    )
    expect(refused).toEqual([408])
  })

  it('gives up on headers that come too slowly', async () => {
    const slow = { ...quickHttp, http: { keep_alive_ms: 60_000, request_timeout_ms: 5_000, headers_timeout_ms: 200 } }
    await served(
      apiOver().app,
      async (port) => {
        const { text, closed } = await raw(
          port,
          (socket) => socket.write('POST /authorize HTTP/1.1\r\nHost: a\r\n'),
          3_000,
        )
        expect(text).toMatch(/^HTTP\/1\.1 408 /)
        expect(closed).toBe(true)
      },
      slow,
    )
  })

  it('does not call a caller that hung up a failure', async () => {
    const { app, metrics, lines } = apiOver()
    await served(app, async (port, listener) => {
      await raw(port, (socket) => socket.write(ask.slice(0, -10), () => setTimeout(() => socket.destroy(), 20)))
      await until(() => listener.connections() === 0)
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(lines).toEqual([])
      expect(metrics.render()).not.toMatch(/^(authz_fail_closed_total|http_requests_total).* [1-9]/m)
    })
  })

  it('keeps idle connections for as long as the settings say', async () => {
    const brief = { ...quickHttp, http: { ...quickHttp.http, keep_alive_ms: 150 } }
    await served(
      apiOver().app,
      async (port) => {
        const { closed } = await raw(port, (socket) => socket.write(head('GET /livez HTTP/1.1', 'Host: a')), 5_000)
        expect(closed).toBe(true)
      },
      brief,
    )
    await served(apiOver().app, async (port) => {
      const { closed } = await raw(port, (socket) => socket.write(head('GET /livez HTTP/1.1', 'Host: a')), 700)
      expect(closed).toBe(false)
    })
  })
})

describe('framing that two readers could understand differently', () => {
  const start = ['POST /authorize HTTP/1.1', 'Content-Type: application/json']
  const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

  it.each([
    ['two Hosts', head(...start, 'Host: a', 'Host: b', `Content-Length: ${body.length}`) + body],
    ['two equal Hosts', head(...start, 'Host: a', 'hOsT: a', `Content-Length: ${body.length}`) + body],
    ['no Host', head(...start, `Content-Length: ${body.length}`) + body],
    ['Transfer-Encoding: xchunked', head(...start, 'Host: a', 'Transfer-Encoding: xchunked') + chunked],
    ['Transfer-Encoding: gzip, chunked', head(...start, 'Host: a', 'Transfer-Encoding: gzip, chunked') + chunked],
    ['Transfer-Encoding: identity', head(...start, 'Host: a', 'Transfer-Encoding: identity') + body],
    ['chunked twice', head(...start, 'Host: a', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + chunked],
    ['both lengths', head(...start, 'Host: a', 'Transfer-Encoding: chunked', 'Content-Length: 3') + chunked],
    ['two Content-Lengths', head(...start, 'Host: a', `Content-Length: ${body.length}`, 'Content-Length: 3') + body],
    ['a signed Content-Length', head(...start, 'Host: a', 'Content-Length: +5') + body],
    ['space before the colon', head(...start, 'Host: a', 'Transfer-Encoding : chunked') + chunked],
    ['a folded header', head(...start, 'Host: a', 'Transfer-Encoding:', ' chunked') + chunked],
    ['a bad chunk size', `${head(...start, 'Host: a', 'Transfer-Encoding: chunked')}zz\r\n`],
    ['chunked in HTTP/1.0', head('POST /authorize HTTP/1.0', 'Host: a', 'Transfer-Encoding: chunked') + chunked],
    ['a bad Host', head(...start, 'Host: a b', `Content-Length: ${body.length}`) + body],
    ['a Host with a path', head(...start, 'Host: a/b', `Content-Length: ${body.length}`) + body],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('is a 400 and the end of the connection, and nobody decides: %s', async (_, bytes) => {
    let asked = 0
    const { app } = apiOver(() => {
      asked++
      return answerOf(allow)
    })
    await served(app, async (port) => {
      const { text, closed } = await raw(port, (socket) => socket.write(bytes), 1_000)
      expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
      expect(text).toMatch(/cache-control: no-store/i)
      expect(text).toMatch(/x-request-id: [\w-]{12}-[0-9a-z]+/i)
      expect(text).toMatch(/"code":"malformed_request"/)
      expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
      expect(closed).toBe(true)
      expect(asked).toBe(0)
    })
  })

  it('echoes the request id where it could be read', async () => {
    await served(apiOver().app, async (port) => {
      const { text } = await raw(port, (socket) =>
        socket.write(head('GET /livez HTTP/1.1', 'Host: a', 'Host: b', 'X-Request-ID: mine')),
      )
      expect(text).toMatch(/x-request-id: mine\r\n/i)
      expect(text).toContain('"request_id":"mine"')
    })
  })

  it('refuses headers that are too large', async () => {
    await served(apiOver().app, async (port) => {
      const { text, closed } = await raw(port, (socket) =>
        socket.write(head('GET /livez HTTP/1.1', 'Host: a', `X: ${'x'.repeat(20_000)}`)),
      )
      expect(text).toMatch(/^HTTP\/1\.1 431 /)
      expect(errorIn(text)).toEqual(rowOf('headers_too_large'))
      expect(closed).toBe(true)
    })
  })

  it('never puts a second status line behind an answer that has begun', async () => {
    await served(apiOver().app, async (port) => {
      const { text } = await raw(
        port,
        (socket) => {
          socket.write(head('GET /livez HTTP/1.1', 'Host: a'))
          setTimeout(() => socket.write('garbage\r\n\r\n'), 50)
        },
        500,
      )
      expect(text).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*\{"status":"live"\}HTTP\/1\.1 400 Bad Request/)
    })
  })
})
