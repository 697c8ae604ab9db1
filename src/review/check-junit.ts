import { formatProblem, sentence } from '../document/problem.ts'
import { type CheckReport, type CheckResult, problemsOf } from './check-report.ts'

/** JUnit XML: a suite for each check, a failed case for each problem, one case for a check without any. */
export function checkJunit(report: CheckReport): string {
  const suites = report.checks.map(suite)
  const failures = problemsOf(report).length
  const tests = report.checks.reduce((sum, { problems }) => sum + Math.max(1, problems.length), 0)
  const seconds = (report.milliseconds / 1000).toFixed(3)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="postern check" tests="${tests}" failures="${failures}" time="${seconds}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n')
}

function suite({ name, about, count, problems, skipped }: CheckResult): string {
  const tests = Math.max(1, problems.length)
  const left = skipped !== undefined && problems.length === 0
  const open = `  <testsuite name=${quoted(name)} tests="${tests}" failures="${problems.length}" skipped="${left ? 1 : 0}">`
  const cases = problems.map((problem) => {
    const at = `name=${quoted(formatProblem(problem))} file=${quoted(problem.file)} line="${problem.line}"`
    return `    <testcase classname=${quoted(name)} ${at}>\n      <failure message=${quoted(sentence(problem))}/>\n    </testcase>`
  })
  if (left)
    cases.push(
      `    <testcase classname=${quoted(name)} name=${quoted(about)}><skipped message=${quoted(skipped)}/></testcase>`,
    )
  else if (problems.length === 0)
    cases.push(`    <testcase classname=${quoted(name)} name=${quoted(`${count} ${about}`)}/>`)
  return [open, ...cases, '  </testsuite>'].join('\n')
}

/** An attribute's value. What XML 1.0 cannot hold at all is replaced. */
function quoted(text: string): string {
  const held = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
  const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;' }
  return `"${held.replace(/[&<>"\n]/g, (char) => escapes[char] as string)}"`
}
