import { DocumentError } from '../../src/document/problem.ts'
import { compileSchema, type Validator } from '../../src/document/schema.ts'
import { parseYaml } from '../../src/document/yaml-document.ts'

export const anything = compileSchema<unknown>({}, 'anything')

/** The lines of the error that `run` throws; empty when it throws none. */
export function problemsOf(run: () => unknown): string[] {
  try {
    run()
    return []
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    return error.message.split('\n')
  }
}

/** What is wrong with the text, each line without the file. */
export function complaints(text: string, validator: Validator<unknown> = anything): string[] {
  return problemsOf(() => parseYaml(text, 'f', validator)).map((line) => line.replace(/^f:/, ''))
}
