import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../document/package-root.ts'

/** By path: a request to the demo tenants and the answer to it (a test asks it). */
export type Examples = Readonly<
  Record<string, { readonly request: Readonly<Record<string, unknown>>; readonly answer: unknown }>
>

/** Reads `config/api/examples.json`: examples name systems and reasons, which are policy. */
export function readExamples(): Examples {
  return JSON.parse(readFileSync(join(packageRoot(), 'config/api/examples.json'), 'utf8'))
}
