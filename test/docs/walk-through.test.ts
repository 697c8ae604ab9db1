import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { serve } from '../../src/app/serve.ts'
import { openDirectory } from '../../src/directory/directory.ts'
import { defaultSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { builtBundle, project } from '../support/policy.ts'
import { directoryFile } from '../support/stored-tenants.ts'

it('the README takes a member from the invitation to the denial, as its commands print it', async () => {
  const readme = readFileSync(join(project.root, 'README.md'), 'utf8')
  const [, script = ''] = /<!-- walk-through -->\n```sh\n([\s\S]*?)```/.exec(readme) ?? []
  const promised = [...script.matchAll(/^may # (.*)$/gm)].map(([, line]) => line)
  expect(promised).toHaveLength(3)

  const file = directoryFile()
  const directory = await openDirectory(file)
  await directory.put([parse(readFileSync(join(project.root, 'config/systems/filestack/demo.yaml'), 'utf8'))])
  await directory.close()
  const token = 'console-secret-of-thirty-two-letters'
  const free = '127.0.0.1:0' as never
  const settings = {
    ...defaultSettings,
    listen: { ...defaultSettings.listen, decision: free, management: free },
    directory: file as never,
    management: { ...defaultSettings.management, token: token as never },
  }
  const log = createServerLog({ sink: () => {}, terminal: false, debug: false })
  const parts = { bundle: builtBundle(), source: 'test', settings, tenantFiles: [], root: '.', log, version: '0.0.0' }
  const { listeners, finish } = await serve(parts)
  onTestFinished(async () => {
    for (const listener of listeners) listener.destroy()
    for (const listener of listeners) listener.stop()
    await Promise.all(listeners.map(({ closed }) => closed))
    await finish()
  })
  const [DECISION, MANAGEMENT] = listeners.map(({ address }) => address)
  const env = { ...process.env, DECISION, MANAGEMENT, POSTERN_MANAGEMENT_TOKEN: token }
  const { stdout } = await promisify(execFile)('bash', ['-ec', script], { env, timeout: 20_000 })
  expect(stdout.trim().split('\n')).toEqual(promised)
})
