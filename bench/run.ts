/** `npm run bench`: Postern alone, in process and over HTTP, against what Node itself costs. */
import { compare } from './compare.ts'
import { nodeHttp } from './contenders/node-http.ts'
import { postern } from './contenders/postern.ts'
import { microCases } from './micro.ts'
import { readOptions } from './options.ts'
import { makeWorkload } from './workload.ts'

const workload = makeWorkload()

await compare(
  {
    title: 'Postern against bare node:http, one core',
    workload,
    contenders: [
      nodeHttp(workload),
      postern(workload, { mode: 'warm' }),
      postern(workload, { mode: 'warm', socket: true }),
      postern(workload, { mode: 'warm', decisionLog: true }),
      postern(workload, { mode: 'new' }),
    ],
    micro: microCases,
  },
  readOptions('bench', 'postern'),
)
