/**
 * `npm run bench:directory`: a tenant of a million members against one of a hundred, in a file, or in the PostgreSQL
 * database that POSTERN_DIRECTORY names. Says how long its import takes and what memory, what an uncached decision costs
 * in both, and what memory the decisions come to. Exits with 1 where the import takes more than 60 s or the larger
 * tenant's decisions more than 1.3 times those of the smaller.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadPolicy } from '../src/app/activate.ts'
import { buildProject, projectAt } from '../src/app/project.ts'
import { openDirectory } from '../src/directory/directory.ts'
import { isPostgres } from '../src/directory/place.ts'
import { silentProgress } from '../src/opa/progress.ts'
import { whenLoaded } from '../src/pdp/awaited-pdp.ts'
import { createPdp } from '../src/pdp/decide.ts'
import type { DecisionRequest } from '../src/pdp/request.ts'
import { describeMachine } from './machine.ts'
import { repository } from './paths.ts'
import { processCpuSeconds, residentBytes } from './proc.ts'
import { type Timing, time, timeAwaited } from './time.ts'

const small = 100
const large = Number(process.argv[2] ?? 1_000_000)
const mostImportSeconds = 60
const mostRatio = 1.3

const say = (line: string) => process.stdout.write(`${line}\n`)
const micro = (nanoseconds: number) => `${(nanoseconds / 1000).toFixed(1)} µs`
const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`

const useKey = (user: number): DecisionRequest => ({
  subject: { type: 'user', id: `u${user}` },
  action: { name: 'api_key:use' },
  resource: { type: 'api_key', id: '-', properties: { api_key: 'key' } },
})

const invite = (user: number): DecisionRequest => ({
  subject: { type: 'user', id: 'owner' },
  action: { name: 'member:invite' },
  resource: { type: 'member', id: '-', properties: { email: `new${user}@example.com`, role: 'billing' } },
})

const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
try {
  process.exitCode = await run()
} finally {
  rmSync(folder, { recursive: true })
}

async function run(): Promise<number> {
  if (!Number.isSafeInteger(large) || large < small) {
    process.stderr.write(`usage: npm run bench:directory -- [members, ${small} or more]\n`)
    return 2
  }
  const project = projectAt(repository)
  const { bundle } = await buildProject(project, process.env, silentProgress)
  const place = process.env.POSTERN_DIRECTORY ?? join(folder, 'postern.db')
  const shared = isPostgres(place)
  say(
    `${describeMachine()}, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
  )
  await importTeam(place, project.bundle, small)
  const imported = await importTeam(place, project.bundle, large)

  // A loop that never waits would let what is known of a shared database grow too old.
  const follow = { listenUrl: undefined, maxAgeMs: 600_000, log: { warn: say } }
  const directory = await openDirectory(place, shared ? { follow } : {})
  const pdp = createPdp({
    tenants: directory.tenants,
    inline: () => {
      throw new Error('no question brings a document')
    },
    defaultTenant: undefined,
    memo: { entries: 1, bytes: 1, largestInput: 1 },
  })
  pdp.activate(loadPolicy(bundle, 64))
  const before = residentBytes(process.pid)
  const decide = async (
    label: string,
    members: number,
    among: number,
    question: (user: number) => DecisionRequest,
  ): Promise<Timing> => {
    const facts = () => {
      const found = directory.tenants.find(`team-${members}`)
      if (found === undefined) throw new Error(`team-${members} was not imported`)
      return found
    }
    // A stride that meets every member before it meets one again.
    const ask = (i: number) => pdp.decideOn(question((i * 7_919) % (among - 1)), facts())
    const { decision } = await whenLoaded(() => ask(1))
    if (!decision.decision) throw new Error(`${label}: ${decision.message}`)
    // A file answers at once; what is read from a database is waited for.
    const timing = shared ? await timeAwaited(label, (i) => whenLoaded(() => ask(i))) : time(label, ask)
    say(`${label}: p50 ${micro(timing.median)}, p95 ${micro(timing.p95)}`)
    return timing
  }
  const pairs = [
    pair(
      await decide(`use of a key, ${small} members`, small, small, useKey),
      await decide(`use of a key, ${large} members, ${small} of them ask`, large, small, useKey),
    ),
    pair(
      await decide(`invitation, ${small} members`, small, large, invite),
      await decide(`invitation, ${large} members`, large, large, invite),
    ),
  ]
  // The records of so many are not kept, so each question reads one.
  await decide(`use of a key, ${large} members, all of them ask`, large, large, useKey)
  say(`memory: ${mebibytes(before)} before the decisions, ${mebibytes(residentBytes(process.pid))} after them`)
  await directory.close()

  const ratio = Math.max(...pairs)
  say(
    `import ${imported.toFixed(1)} s (at most ${mostImportSeconds}), ratio ${ratio.toFixed(2)} (at most ${mostRatio})`,
  )
  return imported <= mostImportSeconds && ratio <= mostRatio ? 0 : 1
}

function pair(few: Timing, many: Timing): number {
  return many.median / few.median
}

/** Seconds of `postern tenant import` of a document that is written first, outside the clock. */
async function importTeam(directory: string, bundle: string, members: number): Promise<number> {
  const document = join(folder, `team-${members}.json`)
  await writeTeam(document, members)
  const argv = ['tenant', 'import', document, '--project', repository, '--bundle', bundle]
  const started = performance.now()
  const child = spawn(process.execPath, [join(repository, 'dist/src/main.js'), ...argv], {
    env: { ...process.env, POSTERN_DIRECTORY: directory },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let used = { peak: 0, cpu: 0 }
  const watch = setInterval(() => {
    used = usage(child.pid as number) ?? used
  }, 20)
  const [code] = await once(child, 'exit')
  clearInterval(watch)
  if (code !== 0) throw new Error(`the import ended with ${code}`)
  const seconds = (performance.now() - started) / 1000
  const read = mebibytes(statSync(document).size)
  const stored = isPostgres(directory) ? '' : `, ${mebibytes(statSync(directory).size)} stored`
  say(
    `import of ${members} members: ${seconds.toFixed(1)} s, of CPU ${used.cpu.toFixed(1)} s, ${read} read${stored}, at most ${mebibytes(used.peak)}`,
  )
  return seconds
}

/** A team of developers with a key each, and its owner. */
async function writeTeam(path: string, members: number): Promise<void> {
  const out = createWriteStream(path)
  const { tenant, ...rest } = { tenant: `team-${members}`, system: 'filestack', plan: 'scale', api_keys: ['key'] }
  const settings = { company_name: 'Acme', owner_full_name: 'Ann' }
  out.write(`${JSON.stringify({ tenant, ...rest, settings }).slice(0, -1)},"members":[`)
  out.write(JSON.stringify({ user: 'owner', role: 'account_owner', status: 'active' }))
  for (let from = 0; from < members - 1; from += 10_000) {
    const count = Math.min(10_000, members - 1 - from)
    const some = Array.from({ length: count }, (_, index) => {
      const user = `u${from + index}`
      const email = `${user}@example.com`
      return `,${JSON.stringify({ user, email, role: 'developer', status: 'active', api_keys: ['key'] })}`
    })
    if (!out.write(some.join(''))) await once(out, 'drain')
  }
  out.end(']}')
  await once(out, 'finish')
}

/** The most resident memory that a process has had, in bytes, and its seconds of CPU; undefined once it is gone. */
function usage(pid: number): { readonly peak: number; readonly cpu: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
    return peak === undefined ? undefined : { peak: Number(peak) * 1024, cpu: processCpuSeconds(pid) }
  } catch {
    return undefined
  }
}
