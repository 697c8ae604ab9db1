import { parentPort, workerData } from 'node:worker_threads'
import { rowsIn } from './bundle-rows.ts'
import { problemLines } from './policy-refused.ts'
import { refuseFailingRows } from './refuse-failing-rows.ts'
import type { RowsApart } from './rows-apart.ts'

/** The thread of `decideRowsApart`: answers with what is wrong, one line each. */
function problemsOf({ bundle, decisions, memoryMib }: RowsApart): readonly string[] {
  try {
    refuseFailingRows(rowsIn(decisions), bundle, memoryMib)
    return []
  } catch (error) {
    return problemLines(error)
  }
}

parentPort?.postMessage(problemsOf(workerData))
