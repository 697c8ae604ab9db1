import { type Problem, sentence } from '../document/problem.ts'
import type { CheckReport } from './check-report.ts'

/** SARIF 2.1.0: a rule for each check, a result for each problem. `version` is the sidecar's own. */
export function checkSarif(report: CheckReport, version: string): string {
  const rules = report.checks.map(({ name, about }) => ({
    id: name,
    shortDescription: { text: `the check \`${name}\` of the ${about}` },
  }))
  const results = report.checks.flatMap(({ name, problems }, ruleIndex) =>
    problems.map((problem) => ({
      ruleId: name,
      ruleIndex,
      level: 'error',
      message: { text: sentence(problem) },
      locations: [{ physicalLocation: locationOf(problem) }],
    })),
  )
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'postern', version, rules } }, columnKind: 'utf16CodeUnits', results }],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function locationOf({ file, line, column }: Problem) {
  const artifactLocation = { uri: file.split('/').map(encodeURIComponent).join('/') }
  return line === 0 ? { artifactLocation } : { artifactLocation, region: { startLine: line, startColumn: column } }
}
