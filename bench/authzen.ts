/** `npm run bench:authzen`: AuthZEN's batch and its searches against one evaluation. A batch of 50 may cost 10 × one. */
import { compare } from './compare.ts'
import { posternAuthzen } from './contenders/postern-authzen.ts'
import { readOptions } from './options.ts'
import { makeWorkload } from './workload.ts'

const workload = makeWorkload()

await compare(
  {
    title: "AuthZEN's batch and searches against one evaluation, one core",
    workload,
    contenders: posternAuthzen(workload),
  },
  readOptions('bench:authzen', 'authzen'),
)
