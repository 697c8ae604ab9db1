import { describe, expect, it } from 'vitest'
import { checkGithub } from '../../src/review/check-github.ts'
import { checkJson } from '../../src/review/check-json.ts'
import { checkJunit } from '../../src/review/check-junit.ts'
import type { CheckReport } from '../../src/review/check-report.ts'
import { checkSarif } from '../../src/review/check-sarif.ts'
import { checkText } from '../../src/review/check-text.ts'

const report: CheckReport = {
  milliseconds: 1_234,
  checks: [
    { name: 'format', about: 'Rego files', count: 3, problems: [] },
    {
      name: 'build',
      about: 'systems',
      count: 1,
      problems: [
        {
          file: 'config/a b.yaml',
          line: 2,
          column: 4,
          message: 'no `<x>` & "y", 100%: none',
          remedy: 'write\nit',
        },
        { file: 'policies', line: 0, column: 0, message: 'nothing is here' },
      ],
    },
    { name: 'parity', about: 'decision rows', count: 0, problems: [], skipped: 'there is no bundle to ask' },
  ],
}

/** The elements of a text that is XML, in the order in which they open; throws for one that is not well formed. */
function elementsOf(xml: string): readonly (readonly [name: string, attributes: Readonly<Record<string, string>>])[] {
  const found: [string, Record<string, string>][] = []
  const open: string[] = []
  const rest = xml
    .replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '')
    .replace(/<(\/?)(\w+)((?: \w+="[^"<]*")*)(\/?)>/g, (_, closing, name, attributes, alone) => {
      if (closing !== '') expect(open.pop()).toBe(name)
      else {
        const pairs = [...String(attributes).matchAll(/ (\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value])
        found.push([name, Object.fromEntries(pairs)])
        if (alone === '') open.push(name)
      }
      return ''
    })
  expect([rest.trim(), open]).toEqual(['', []])
  expect(xml).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#10;)/)
  return found
}

describe('a report', () => {
  it('shows people the written line with a caret under the place', () => {
    const lineOf = (file: string, line: number) =>
      file === 'config/a b.yaml' && line === 2 ? '\tno\u001b x' : undefined
    expect(checkText(report, lineOf)).toBe(`format  ok    3 Rego files
build   FAIL  2 problems
parity  skip  there is no bundle to ask

build
  config/a b.yaml:2:4: no \`<x>\` & "y", 100%: none
    2 | \tno\ufffd x
      | \t  ^
    to do: write
it
  policies: nothing is here

2 problems in 3 checks, 1.2 s
`)
  })

  it('is one JSON object', () => {
    expect(JSON.parse(checkJson(report))).toEqual({ ok: false, ...report })
    expect(JSON.parse(checkJson({ ...report, checks: [] }))).toEqual({ ok: true, milliseconds: 1_234, checks: [] })
  })

  it('is well-formed JUnit with a case for each problem', () => {
    const first = 'no `&lt;x&gt;` &amp; &quot;y&quot;, 100%: none; write&#10;it'
    expect(elementsOf(checkJunit(report))).toEqual([
      ['testsuites', { name: 'postern check', tests: '4', failures: '2', time: '1.234' }],
      ['testsuite', { name: 'format', tests: '1', failures: '0', skipped: '0' }],
      ['testcase', { classname: 'format', name: '3 Rego files' }],
      ['testsuite', { name: 'build', tests: '2', failures: '2', skipped: '0' }],
      ['testcase', { classname: 'build', name: `config/a b.yaml:2:4: ${first}`, file: 'config/a b.yaml', line: '2' }],
      ['failure', { message: first }],
      ['testcase', { classname: 'build', name: 'policies: nothing is here', file: 'policies', line: '0' }],
      ['failure', { message: 'nothing is here' }],
      ['testsuite', { name: 'parity', tests: '1', failures: '0', skipped: '1' }],
      ['testcase', { classname: 'parity', name: 'decision rows' }],
      ['skipped', { message: 'there is no bundle to ask' }],
    ])
  })

  it('is SARIF with a rule for each check and a result for each problem', () => {
    expect(JSON.parse(checkSarif(report, '1.2.3'))).toEqual({
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'postern',
              version: '1.2.3',
              rules: [
                { id: 'format', shortDescription: { text: 'the check `format` of the Rego files' } },
                { id: 'build', shortDescription: { text: 'the check `build` of the systems' } },
                { id: 'parity', shortDescription: { text: 'the check `parity` of the decision rows' } },
              ],
            },
          },
          columnKind: 'utf16CodeUnits',
          results: [
            {
              ruleId: 'build',
              ruleIndex: 1,
              level: 'error',
              message: { text: 'no `<x>` & "y", 100%: none; write\nit' },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'config/a%20b.yaml' },
                    region: { startLine: 2, startColumn: 4 },
                  },
                },
              ],
            },
            {
              ruleId: 'build',
              ruleIndex: 1,
              level: 'error',
              message: { text: 'nothing is here' },
              locations: [{ physicalLocation: { artifactLocation: { uri: 'policies' } } }],
            },
          ],
        },
      ],
    })
  })

  it('is annotations that GitHub reads, each on one line', () => {
    expect(checkGithub(report)).toBe(
      '::error file=config/a b.yaml,line=2,col=4,title=postern build::no `<x>` & "y", 100%25: none; write%0Ait\n' +
        '::error file=policies,title=postern build::nothing is here\n',
    )
  })
})
