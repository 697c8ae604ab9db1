import type { Problem } from '../document/problem.ts'
import type { Place } from '../document/yaml-document.ts'
import type { Decision, Obligation } from '../pdp/decision.ts'
import type { PosternError } from '../pdp/errors.ts'
import { compareObligations } from './check-obligations.ts'
import type { DecisionRow } from './decision-rows.ts'

/** What came of a row's request: a decision, or why there is none. */
export type RowOutcome = { readonly decision: Decision } | { readonly error: PosternError }

/** What is wrong with an outcome, each part of the row at its own place; none where it is the expected one. */
export function problemsOfRow(row: DecisionRow, outcome: RowOutcome): readonly Problem[] {
  const problem = (place: Place, message: string, remedy: string): Problem => ({
    file: row.file,
    ...place,
    message: `\`${row.id}\`: ${message}`,
    remedy,
  })
  if ('error' in outcome) {
    const { code, message } = outcome.error
    return [problem(row.places.row, `no decision, ${code}: ${message}`, 'mend the request, or the rule that is asked')]
  }
  const { decision, reason, rule, obligations } = outcome.decision
  const decided = decision ? 'allow' : 'deny'
  const mend = 'correct the row, or the line that decided'
  if (decided !== row.expect)
    return [problem(row.places.expect, `decided \`${decided}\`, not \`${row.expect}\`: \`${reason}\` by ${rule}`, mend)]
  const problems: Problem[] = []
  if (reason !== row.reason)
    problems.push(problem(row.places.reason, `the reason is \`${reason}\`, not \`${row.reason}\`, by ${rule}`, mend))
  const { missing, unexpected } = compareObligations(obligations, row.obligations)
  if (missing.length + unexpected.length > 0) {
    const parts = [
      ...(missing.length === 0 ? [] : [`not given: ${listed(missing)}`]),
      ...(unexpected.length === 0 ? [] : [`not expected: ${listed(unexpected)}`]),
    ]
    problems.push(
      problem(
        row.places.obligations,
        `obligations ${parts.join('; ')}`,
        'correct the row, or what the permission asks',
      ),
    )
  }
  return problems
}

function listed(obligations: readonly Obligation[]): string {
  return obligations.map((one) => `\`${JSON.stringify(one)}\``).join(', ')
}
