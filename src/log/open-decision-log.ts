import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { DocumentError } from '../document/problem.ts'
import type { Settings } from '../document/settings.ts'
import { createDecisionLog, type DecisionLog, type Sink } from './decision-log.ts'
import { openFileSink } from './file-sink.ts'
import { httpSink } from './http-sink.ts'
import type { ServerLog } from './server-log.ts'
import { streamSink } from './stream-sink.ts'

export interface OpenDecisionLogOptions {
  readonly settings: Pick<Settings, 'decision_log' | 'default_tenant'>
  /** The folder that `decision_log.path` is relative to. */
  readonly root: string
  readonly version: string
  readonly log: Pick<ServerLog, 'error'>
}

/** The decision log of the settings; undefined where there is none. Throws a `DocumentError` for a file that cannot be opened. */
export function openDecisionLog({ settings, root, version, log }: OpenDecisionLogOptions): DecisionLog | undefined {
  const { decision_log: wanted, default_tenant } = settings
  const sink = sinkOf(wanted, root)
  if (sink === undefined) return undefined
  return createDecisionLog({
    sink,
    event: {
      labels: { app: 'postern', id: randomUUID(), version },
      masks: { erase: wanted.erase, mask: wanted.mask },
      defaultTenant: default_tenant ?? undefined,
    },
    limits: { events: wanted.queue_events, bytes: wanted.queue_bytes, batchBytes: wanted.batch_bytes },
    sampleAllows: wanted.sample_allows,
    required: wanted.audit === 'required',
    onFailure: (error) => log.error('the decision log cannot be written', { error }),
  })
}

function sinkOf(wanted: Settings['decision_log'], root: string): Sink | undefined {
  switch (wanted.sink) {
    case 'none':
      return undefined
    case 'stdout':
      return streamSink(process.stdout)
    case 'http':
      return httpSink(wanted.url as string)
    case 'file':
      return fileSink(resolve(root, wanted.path as string), wanted)
  }
}

function fileSink(path: string, { max_file_bytes, keep_files }: Settings['decision_log']): Sink {
  try {
    return openFileSink({ path, maxBytes: max_file_bytes, keepFiles: keep_files })
  } catch (error) {
    const message = `the decision log cannot be written: ${(error as NodeJS.ErrnoException).code}`
    throw new DocumentError([{ file: path, line: 0, column: 0, message, remedy: 'see `decision_log.path`' }])
  }
}
