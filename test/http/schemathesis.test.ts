import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { tenantDocuments } from '../../src/app/project.ts'
import { builtBundle, project } from '../support/policy.ts'
import { serving } from '../support/serving.ts'

const wanted = process.env.POSTERN_TEST_REQUIRE === '1' || isThere()
if (!wanted) console.warn('skipped: the fuzzing by schemathesis, which is not on PATH (PyPI: schemathesis)')

function isThere(): boolean {
  try {
    execFileSync('schemathesis', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

it.skipIf(!wanted)(
  'requests made from the OpenAPI document meet no server error and no breach of it',
  async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'postern-schemathesis-'))
    const options = [
      '--seed=1',
      '--max-time=40',
      '--no-color',
      // No schema can say whether a tenant exists and an action is asked of its own type of resource.
      '--exclude-checks=positive_data_acceptance',
    ]
    try {
      await serving(
        builtBundle(),
        async ({ port }) => {
          const url = `http://127.0.0.1:${port}/openapi.json`
          const env = { ...process.env, NO_PROXY: '127.0.0.1' }
          const { code, stdout } = await promisify(execFile)('schemathesis', ['run', url, ...options], {
            cwd,
            env,
          }).then(
            ({ stdout }) => ({ code: 0, stdout }),
            (error: { code: number; stdout: string }) => error,
          )
          const summary = stdout.slice(stdout.indexOf('= FAILURES ='))
          expect(code, summary).toBe(0)
          const [, generated, passed] = /(\d+) generated, (\d+) passed/.exec(stdout) ?? []
          expect(passed, stdout).toBe(generated)
          expect(Number(generated)).toBeGreaterThan(300)
        },
        { tenantFiles: tenantDocuments(project, null) },
      )
    } finally {
      rmSync(cwd, { recursive: true })
    }
  },
  120_000,
)
