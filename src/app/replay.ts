import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { readTenants, tenantFiles } from '../directory/document-tenants.ts'
import { inlineFacts, tenantValidator } from '../directory/tenant-schema.ts'
import { defaultSettings } from '../document/settings.ts'
import { guardJson } from '../http/json-guard.ts'
import { decisionRequest } from '../http/request-shape.ts'
import type { Bundle } from '../opa/bundle.ts'
import { createPdp } from '../pdp/decide.ts'
import { PosternError } from '../pdp/errors.ts'
import type { TenantFacts, TenantSource } from '../pdp/facts.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { EventError, type LoggedDecision, readLoggedDecision } from '../review/logged-decision.ts'
import { type ReplayOutcome, type ReplayReport, type ReplayTally, tallyReplay } from '../review/replay-report.ts'
import { loadPolicy } from './activate.ts'
import type { BundleIndex } from './build.ts'

/** A decision log cannot be read. The message is one line. */
export class LogFileError extends Error {
  override readonly name = 'LogFileError'
}

export interface ReplayOptions {
  /** Decision logs as JSON lines; gzipped where the name ends in `.gz`. */
  readonly logs: readonly string[]
  readonly candidate: Bundle<BundleIndex>
  /** Documents of the tenants that requests name: a file or a folder. Otherwise only requests that bring one are decided. */
  readonly tenants: string | undefined
  /** The folder that messages name tenant documents from. */
  readonly root: string
  /** Told now and then how many lines were read. */
  readonly onLines: (lines: number) => void
}

/**
 * Decides the decisions of a log again, under another policy: the same request, upon the same facts, at the time of its
 * event. What cannot be decided so is counted and not guessed. Rejects with a `LogFileError`, or with a `DocumentError`
 * for the tenants.
 */
export async function replay({ logs, candidate, tenants, root, onLines }: ReplayOptions): Promise<ReplayReport> {
  const again = decideAgain(candidate, tenants, root)
  const tally = tallyReplay()
  let read = 0
  for (const log of logs) {
    let number = 0
    for await (const lines of linesOf(log)) {
      for (const line of lines) {
        number++
        if (line !== '') replayLine(line, `${log}:${number}`, again, tally)
      }
      read += lines.length
      onLines(read)
    }
  }
  return tally.report(candidate.manifest.policy)
}

function replayLine(line: string, place: string, again: DecideAgain, tally: ReplayTally): void {
  try {
    const event = readLoggedDecision(line)
    if ('obstacle' in event) tally.notReplayable(event.obstacle, event.weight)
    else again(event, requestOf(event), tally)
  } catch (error) {
    if (!(error instanceof EventError)) throw error
    tally.malformed(`${place}: ${error.message}`)
  }
}

function requestOf({ input }: LoggedDecision): DecisionRequest {
  try {
    guardJson(input, defaultSettings.limits.depth)
    return decisionRequest(input)
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    throw new EventError(`\`input\` is no request: ${error.message}`)
  }
}

type DecideAgain = (logged: LoggedDecision, request: DecisionRequest, tally: ReplayTally) => void

function decideAgain(candidate: Bundle<BundleIndex>, tenantPath: string | undefined, root: string): DecideAgain {
  const policy = loadPolicy(candidate, defaultSettings.evaluator.memory_mib)
  const validator = tenantValidator()
  const stored: TenantSource =
    tenantPath === undefined
      ? { find: () => undefined }
      : readTenants(tenantFiles(tenantPath), root, validator, new Set(policy.systems.keys()))
  const read = inlineFacts(validator)
  const { entries, bytes, largest_input_bytes } = defaultSettings.cache
  let facts: TenantFacts | undefined
  let at = new Date(0)
  const pdp = createPdp({
    // The facts were found already, whether the request names their tenant or leaves it to the default.
    tenants: { find: () => facts },
    inline: () => facts as TenantFacts,
    defaultTenant: '',
    memo: { entries, bytes, largestInput: largest_input_bytes },
    now: () => at,
  })
  pdp.activate(policy)

  const decide = (request: DecisionRequest): ReplayOutcome => {
    try {
      return pdp.decide(request).decision
    } catch (error) {
      if (error instanceof PosternError) return { error: error.code }
      throw error
    }
  }
  return (logged, request, tally) => {
    const { tenant } = request
    const found =
      tenant === undefined
        ? logged.tenant === undefined
          ? undefined
          : stored.find(logged.tenant)
        : factsOrEventError(read, tenant)
    if (found === undefined) return tally.notReplayable('tenant', logged.weight)
    if (found.revision !== logged.revision) return tally.notReplayable('revision', logged.weight)
    facts = found
    at = logged.at
    tally.replayed(logged, found.system, request.action.name, decide(request))
  }
}

/** A tenant that was decided upon was well formed. */
function factsOrEventError(read: (document: unknown) => TenantFacts, document: unknown): TenantFacts {
  try {
    return read(document)
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    throw new EventError(`\`input/tenant\` is no tenant document: ${error.message}`)
  }
}

async function* linesOf(file: string): AsyncGenerator<readonly string[]> {
  const raw = createReadStream(file)
  // Where reading fails the error comes out of the end of the pipeline, and is thrown there.
  const text = (file.endsWith('.gz') ? pipeline(raw, createGunzip(), () => {}) : raw).setEncoding('utf8')
  let rest = ''
  try {
    for await (const chunk of text) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() as string
      yield lines
    }
  } catch (error) {
    throw new LogFileError(`cannot read \`${file}\`: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`)
  }
  if (rest !== '') yield [rest]
}
