import { describe, expect, it } from 'vitest'
import { createServerLog, type ServerLogOptions } from '../../src/log/server-log.ts'

const at = new Date('2026-11-22T10:00:00.000Z')

function logged(options: ServerLogOptions = {}) {
  const lines: string[] = []
  const log = createServerLog({
    sink: (line) => lines.push(line),
    terminal: false,
    debug: false,
    now: () => at,
    ...options,
  })
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line)) }
}

describe('a line of the server log', () => {
  it('is one JSON object with level, time, message and fields', () => {
    const { log, lines, parsed } = logged()
    log.info('stopping', { signal: 'SIGTERM' })
    log.warn('drain timed out', { connections: 3 })
    log.error('failed closed', { request_id: 'a\nb', code: 'undecidable' })
    expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true)
    const time = '2026-11-22T10:00:00.000Z'
    expect(parsed()).toEqual([
      { level: 'info', time, msg: 'stopping', signal: 'SIGTERM' },
      { level: 'warn', time, msg: 'drain timed out', connections: 3 },
      { level: 'error', time, msg: 'failed closed', request_id: 'a\nb', code: 'undecidable' },
    ])
  })

  it('names the class and the place of an error, never its message', () => {
    const { log, lines, parsed } = logged()
    log.error('failed closed', { error: new TypeError('planted-secret\n    at planted-secret') })
    log.error('failed closed', { error: 'planted-secret' })
    expect(lines.join('')).not.toContain('planted-secret')
    expect(parsed()[0]).toMatchObject({ error: 'TypeError', at: expect.stringMatching(/server-log\.test\.ts:\d+:\d+/) })
    expect(parsed()[1]).toMatchObject({ error: 'string' })
  })

  it('says everything when a developer asks', () => {
    const { log, parsed } = logged({ debug: true })
    log.error('failed closed', { error: new TypeError('the message') })
    expect(parsed()[0]).toMatchObject({
      error: 'TypeError',
      message: 'the message',
      stack: expect.stringContaining('at '),
    })
  })

  it('is left out, and counted, beyond so many a second', () => {
    let now = at
    const { log, parsed } = logged({ linesPerSecond: 2, now: () => now })
    for (let line = 0; line < 5; line++) log.error('failed closed')
    now = new Date(at.getTime() + 1_000)
    log.error('failed closed')
    log.error('failed closed')
    expect(parsed().map(({ suppressed }) => suppressed)).toEqual([undefined, undefined, 3, undefined])
  })

  it('never throws at whoever logs', () => {
    const broken = logged({
      sink: () => {
        throw new Error('EPIPE')
      },
    })
    expect(() => broken.log.error('failed closed')).not.toThrow()
    expect(() => broken.log.started({})).not.toThrow()
    expect(() => logged().log.error('failed closed', { request_id: 1n as never })).not.toThrow()
  })
})

describe('the start', () => {
  const fields = { address: 'http://127.0.0.1:8181', version: '0.1.0', duration_ms: 123.4 }

  it('is a short line for people on a terminal', () => {
    const { log, lines } = logged({ terminal: true })
    log.started(fields)
    expect(lines).toEqual(['postern 0.1.0 is listening on http://127.0.0.1:8181 (123 ms)\n'])
  })

  it('is a line like any other elsewhere', () => {
    const { log, parsed } = logged()
    log.started(fields)
    expect(parsed()[0]).toMatchObject({ level: 'info', msg: 'started', ...fields })
  })
})
