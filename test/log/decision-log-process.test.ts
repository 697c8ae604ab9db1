import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { project } from '../support/policy.ts'
import { clientOf, eightAtATime } from '../support/serving.ts'

// The compiled program; `npm test` compiles first.
const main = join(project.root, 'dist/src/main.js')
const folder = mkdtempSync(join(tmpdir(), 'postern-log-process-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const question = (index: number) => ({
  subject: { type: 'user', id: index % 2 === 0 ? 'owner' : 'bill' },
  action: { name: 'member:list' },
  resource: { type: 'member', id: '-' },
  context: { tenant: 'acme-filestack', cookie: 'planted-secret-0123456789' },
})

describe('postern serve', () => {
  it('that is stopped right after its answers has written an event of each', { timeout: 30_000 }, async () => {
    const path = join(folder, 'decisions.jsonl')
    const child = spawn(process.execPath, [main, 'serve', '--project', project.root, '--bundle', project.bundle], {
      env: {
        PATH: process.env.PATH ?? '',
        POSTERN_LISTEN_DECISION: '127.0.0.1:0',
        POSTERN_DRAIN_DELAY_MS: '0',
        POSTERN_DECISION_LOG_SINK: 'file',
        POSTERN_DECISION_LOG_PATH: path,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    try {
      const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
      const port = await new Promise<number>((resolve) => {
        let printed = ''
        child.stderr.on('data', (chunk: Buffer) => {
          printed += chunk
          const found = /127\.0\.0\.1:(\d+)/.exec(printed)?.[1]
          if (found !== undefined) resolve(Number(found))
        })
      })
      const client = clientOf(port)
      const ids: unknown[] = []
      await eightAtATime(1_000, async (index) => {
        const { status, body } = await client.authorize(question(index))
        if (status === 200) ids.push(body.context?.decision_id)
      })
      child.kill('SIGTERM')
      client.close()
      expect(await exited).toBe(0)
      const text = readFileSync(path, 'utf8')
      const events = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(events.map(({ decision_id }) => decision_id).sort()).toEqual(ids.sort())
      expect(ids).toHaveLength(1_000)
      expect(text).not.toContain('planted-secret')
      expect(new Set(events.map(({ effect, reason }) => `${effect} ${reason}`))).toEqual(
        new Set(['allow role_grant', 'deny no_permission']),
      )
      expect(statSync(path).mode & 0o777 & ~0o640).toBe(0)
    } finally {
      child.kill('SIGKILL')
    }
  })
})
