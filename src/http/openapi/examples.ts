import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../document/package-root.ts'

/** A question to the demo tenants, and what each path answers to it (a test asks it). */
export interface Examples {
  readonly question: Readonly<Record<string, unknown>>
  readonly answers: Readonly<Record<string, unknown>>
}

/** Reads `config/api/examples.json`: examples name systems and reasons, which are policy. */
export function readExamples(): Examples {
  return JSON.parse(readFileSync(join(packageRoot(), 'config/api/examples.json'), 'utf8'))
}
