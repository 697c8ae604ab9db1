import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { factBounds, factCatalogue } from '../../src/pdp/facts.ts'
import { project } from '../support/policy.ts'

interface Row {
  readonly paths: readonly string[]
  /** The last cell: how many records the fact may hold, or nothing. */
  readonly bound: number | undefined
}

/** The rows of the table under `## The facts`. A path that starts with a dot stands beside the one before it. */
function tableOf(page: string): readonly Row[] {
  const section = page.slice(page.indexOf('\n## The facts\n'))
  const lines = section.split('\n').filter((line) => /^\| `/.test(line))
  return lines.map((line) => {
    const cells = line.split('|').slice(1, -1)
    const paths: string[] = []
    for (const [, written] of (cells[0] as string).matchAll(/`([^`]+)`/g)) {
      const path = (written as string).replace(/<\w+>$/, '*')
      paths.push(path.startsWith('.') ? (paths.at(-1) as string).replace(/\.[^.]+$/, path) : path)
    }
    const bound = /\d[\d,]*/.exec(cells.at(-1) as string)?.[0].replaceAll(',', '')
    return { paths, bound: bound === undefined ? undefined : Number(bound) }
  })
}

const table = tableOf(readFileSync(join(project.root, 'policies/README.md'), 'utf8'))
const documented = table.flatMap(({ paths }) => paths)

describe('the table of facts in policies/README.md', () => {
  it('names every fact of the catalogue', () => {
    expect(factCatalogue.filter((fact) => !documented.includes(fact))).toEqual([])
  })

  it('names nothing else, and nothing twice', () => {
    expect(documented.filter((path) => !factCatalogue.includes(path))).toEqual([])
    expect(documented.filter((path, index) => documented.indexOf(path) !== index)).toEqual([])
  })

  it('names the bound of every fact that has one, and no other', () => {
    const bounds = table.flatMap(({ paths, bound }) => (bound === undefined ? [] : paths.map((path) => [path, bound])))
    // One invitation makes one address, so nothing has to be counted.
    expect(Object.fromEntries(bounds)).toEqual({ ...factBounds, 'items.invited': 1 })
  })
})

describe('the bounds', () => {
  it('are of facts that exist', () => {
    expect(Object.keys(factBounds).filter((fact) => !factCatalogue.includes(fact))).toEqual([])
  })
})
