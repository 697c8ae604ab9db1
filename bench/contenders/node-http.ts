import { fileURLToPath } from 'node:url'
import { type Contender, parsed } from '../contender.ts'
import type { Workload } from '../workload.ts'
import { authzenBody, post } from './authzen.ts'

/** Bare `node:http`: parses the question, answers a constant shape, decides nothing. All ratios are against it. */
export const nodeHttp = (workload: Workload): Contender => ({
  name: 'node:http',
  note: 'Parses the JSON and answers a body of the usual shape; decides nothing.',
  prepare: () => undefined,
  version: () => process.version,
  start: async (host) => {
    const port = await host.freePort()
    const script = fileURLToPath(new URL('./node-http-server.js', import.meta.url))
    return host.serve({ command: process.execPath, args: [script, String(port)], port, readyPath: '/' })
  },
  request: (i) => post('/authorize', authzenBody(workload, i)),
  check: (i, status, body) => {
    const answer = parsed(body) as { context?: { reason?: unknown } } | undefined
    return status === 200 && answer?.context?.reason === authzenBody(workload, i).action.name
  },
})
