import { EventEmitter } from 'node:events'
import { Agent, request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { drain, drainOnSignal } from '../../src/app/drain.ts'
import { type Listener, listen } from '../../src/http/listener.ts'
import type { ServerLog } from '../../src/log/server-log.ts'
import { allow, answerOf, apiOver, json, question, quickHttp, raw, until } from './fixture.ts'

const body = JSON.stringify(question)
const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
const ask =
  head('POST /authorize HTTP/1.1', 'Host: a', 'Content-Type: application/json', `Content-Length: ${body.length}`) + body

async function replica(decide: Parameters<typeof apiOver>[0] = () => answerOf(allow)) {
  const api = apiOver(decide)
  const listener = await listen(api.app, '127.0.0.1:0', quickHttp)
  return { ...api, listener, port: Number(new URL(listener.address).port) }
}

async function stop(listener: Listener) {
  listener.stop()
  listener.destroy()
  await listener.closed
}

const settingsOf = (delay_ms: number, timeout_ms: number) => ({ drain: { delay_ms, timeout_ms } })

describe('a drain under load', () => {
  it('loses no request of callers that follow /readyz and `Connection: close`', async () => {
    // Decisions take a while, so that many are under way at every step of the drain.
    const slow = async () => {
      await later(Math.random() * 8)
      return answerOf(allow)
    }
    const first = await replica(slow)
    const second = await replica(slow)
    const agent = new Agent({ keepAlive: true, maxSockets: 64 })
    const outcomes = { first: 0, second: 0, lost: [] as string[] }
    let firstIsReady = true
    let running = true

    const gateway = async () => {
      while (running) {
        firstIsReady = (await send(first.port, 'GET', '/readyz', agent).catch(() => 503)) === 200
        await later(5)
      }
    }
    const caller = async () => {
      while (running) {
        const side = firstIsReady ? 'first' : 'second'
        try {
          const status = await send(side === 'first' ? first.port : second.port, 'POST', '/authorize', agent)
          if (status === 200) outcomes[side]++
          else outcomes.lost.push(String(status))
        } catch (error) {
          outcomes.lost.push((error as NodeJS.ErrnoException).code ?? String(error))
        }
        await later(Math.random() * 3)
      }
    }
    const load = Promise.all([gateway(), ...Array.from({ length: 24 }, caller)])
    await later(150)
    await drain({
      listeners: [first.listener],
      readiness: first.readiness,
      settings: settingsOf(150, 2_000),
      log: first.log,
    })
    const servedBySecond = outcomes.second
    await later(100)
    running = false
    await load
    agent.destroy()
    await stop(second.listener)

    expect(outcomes.lost).toEqual([])
    expect(outcomes.first).toBeGreaterThan(20)
    expect(outcomes.second).toBeGreaterThan(servedBySecond)
    expect(first.listener.connections()).toBe(0)
  })

  it('loses no request of callers that only follow `Connection: close`', async () => {
    const { listener, port, readiness, log } = await replica()
    const lost: string[] = []
    let told = 0
    const caller = async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      for (;;) {
        try {
          const closing = await connectionHeader(port, agent)
          if (closing === 'close') {
            told++
            agent.destroy()
            return
          }
        } catch (error) {
          lost.push(String(error))
          return
        }
        await later(Math.random() * 20)
      }
    }
    const load = Promise.all(Array.from({ length: 24 }, caller))
    await later(50)
    await drain({ listeners: [listener], readiness, settings: settingsOf(20, 2_000), log })
    await load
    expect(lost).toEqual([])
    expect(told).toBe(24)
  })
})

describe('the steps of a drain', () => {
  it('come in order: red, still serving, header, closed', async () => {
    const { app, listener, port, readiness, log } = await replica()
    const connection = raw(port, async (socket) => {
      for (let sent = 0; sent < 4; sent++) {
        socket.write(ask)
        await later(60)
      }
    })
    const drained = drain({ listeners: [listener], readiness, settings: settingsOf(100, 1_000), log })
    await later(20)
    expect((await app.request('/readyz')).status).toBe(503)
    expect((await app.request('/livez')).status).toBe(200)
    await drained
    const answers = (await connection).text.split('HTTP/1.1 200 OK').slice(1)
    expect(answers.map((answer) => /^connection: (\S+)/im.exec(answer)?.[1])).toEqual([
      'keep-alive',
      'keep-alive',
      'close',
    ])
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow()
  })

  it('put the header on an answer that was under way before', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { listener, port, readiness, log } = await replica(async () => {
      await held
      return answerOf(allow)
    })
    const connection = raw(port, (socket) => socket.write(ask))
    await until(() => listener.connections() === 1)
    await later(30)
    const drained = drain({ listeners: [listener], readiness, settings: settingsOf(0, 5_000), log })
    await later(700) // past the header-first pause: the server has stopped accepting
    release()
    await drained
    const { text, closed } = await connection
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(text).toMatch(/^connection: close\r$/im)
    expect(closed).toBe(true)
  })

  it('do not wait for connections that stay silent', async () => {
    const { listener, port, readiness, log } = await replica()
    const silent = raw(port, () => {}, 5_000)
    await until(() => listener.connections() === 1)
    const started = Date.now()
    await drain({ listeners: [listener], readiness, settings: settingsOf(0, 400), log })
    expect(Date.now() - started).toBeLessThan(1_000)
    expect((await silent).closed).toBe(true)
  })

  it('end with the axe when an answer takes longer than the timeout', async () => {
    const { listener, port, readiness, log, lines } = await replica(() => new Promise(() => {}))
    const stuck = raw(port, (socket) => socket.write(ask))
    await until(() => listener.connections() === 1)
    await drain({ listeners: [listener], readiness, settings: settingsOf(0, 200), log })
    expect(await stuck).toEqual({ text: '', closed: true })
    expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ level: 'warn', msg: 'drain timed out', connections: 1 })
  })
})

describe('a signal', () => {
  const log: ServerLog = { info() {}, warn() {}, error() {}, started() {} }

  it.each([['SIGTERM'], ['SIGINT']])('%s drains, finishes, and is exit code 0', async (signal) => {
    const { listener, readiness } = await replica()
    const signals = new EventEmitter()
    const order: string[] = []
    const code = drainOnSignal(
      { listeners: [listener], readiness, settings: settingsOf(10, 500), log },
      signals,
      async () => {
        order.push(listener.connections() === 0 ? 'finished after' : 'finished before')
      },
    )
    signals.emit(signal, signal)
    expect(await code).toBe(0)
    expect(order).toEqual(['finished after'])
    expect(signals.listenerCount('SIGTERM') + signals.listenerCount('SIGINT')).toBe(0)
  })

  it('that comes twice ends at once, with exit code 1', async () => {
    const { listener, readiness } = await replica()
    const signals = new EventEmitter()
    const code = drainOnSignal({ listeners: [listener], readiness, settings: settingsOf(5_000, 5_000), log }, signals)
    const started = Date.now()
    signals.emit('SIGTERM', 'SIGTERM')
    signals.emit('SIGINT', 'SIGINT')
    expect(await code).toBe(1)
    expect(Date.now() - started).toBeLessThan(500)
    await stop(listener)
  })
})

function send(port: number, method: string, path: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, method, path, agent, headers: method === 'POST' ? json : {} },
      (answer) => {
        answer
          .resume()
          .on('end', () => resolve(answer.statusCode ?? 0))
          .on('error', reject)
      },
    )
    call.on('error', reject).end(method === 'POST' ? body : undefined)
  })
}

function connectionHeader(port: number, agent: Agent): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, method: 'POST', path: '/authorize', agent, headers: json },
      (answer) => {
        answer
          .resume()
          .on('end', () => resolve(answer.headers.connection))
          .on('error', reject)
      },
    )
    call.on('error', reject).end(body)
  })
}
