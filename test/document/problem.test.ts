import { expect, test } from 'vitest'
import { DocumentError, formatProblem, type Problem } from '../../src/document/problem.ts'

const at = (file: string, line: number, column: number): Problem => ({ file, line, column, message: `m${line}` })

test('a problem reads file:line:column: message; remedy', () => {
  const problem = { ...at('config/a.yaml', 6, 3), message: 'unknown key `x`', remedy: 'did you mean `y`' }
  expect(formatProblem(problem)).toBe('config/a.yaml:6:3: unknown key `x`; did you mean `y`')
})

test('a problem without a place reads file: message', () => {
  expect(formatProblem({ ...at('POSTERN_X', 0, 0), message: 'no such setting' })).toBe('POSTERN_X: no such setting')
})

test('problems stand in the order of file, line, column, one per line of the message', () => {
  const error = new DocumentError([at('b', 1, 1), at('a', 10, 1), at('a', 2, 30), at('a', 2, 4)])
  expect(error.message).toBe('a:2:4: m2\na:2:30: m2\na:10:1: m10\nb:1:1: m1')
  expect(error.problems.map(({ file, line, column }) => [file, line, column])).toEqual([
    ['a', 2, 4],
    ['a', 2, 30],
    ['a', 10, 1],
    ['b', 1, 1],
  ])
  expect(Object.isFrozen(error.problems)).toBe(true)
})
