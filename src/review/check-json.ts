import { type CheckReport, problemsOf } from './check-report.ts'

/** The report as one JSON object: `ok`, `milliseconds`, `checks`. */
export function checkJson(report: CheckReport): string {
  const { milliseconds, checks } = report
  return `${JSON.stringify({ ok: problemsOf(report).length === 0, milliseconds, checks }, null, 2)}\n`
}
