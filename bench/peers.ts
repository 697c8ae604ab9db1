/** `npm run bench:peers`: the common workload over HTTP, Postern against the servers one would choose instead. */
import { compare } from './compare.ts'
import { cerbos } from './contenders/cerbos.ts'
import { nodeHttp } from './contenders/node-http.ts'
import { opa } from './contenders/opa.ts'
import { openfga } from './contenders/openfga.ts'
import { postern } from './contenders/postern.ts'
import { readOptions } from './options.ts'
import { makeWorkload } from './workload.ts'

const options = readOptions('bench:peers', 'peers')
const workload = makeWorkload()
const optional = { openfga: openfga(workload) }

const unknown = options.with.find((name) => !Object.hasOwn(optional, name))
if (unknown !== undefined) {
  process.stderr.write(`\`--with\` knows ${Object.keys(optional).join(', ')}, not \`${unknown}\`\n`)
  process.exit(2)
}

await compare(
  {
    title: 'Authorization servers, one core each, the same decisions',
    workload,
    contenders: [
      nodeHttp(workload),
      postern(workload, { mode: 'warm' }),
      postern(workload, { mode: 'new' }),
      opa(workload),
      cerbos(workload),
      ...Object.entries(optional).flatMap(([name, contender]) => (options.with.includes(name) ? [contender] : [])),
    ],
  },
  options,
)
