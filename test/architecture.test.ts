import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { packageRoot } from '../src/document/package-root.ts'

const root = packageRoot()

/** Folders of src from the top down: a folder imports from itself and from rows below its own, never from its row. */
const layers = [
  ['main.ts'],
  ['cli'],
  ['app'],
  ['http', 'gateway', 'directory', 'review', 'opa', 'model', 'log', 'outbox'],
  ['pdp', 'access', 'document', 'client'],
]

/** A library that any folder may import: it is a data structure and no dependency upon anybody's format or protocol. */
const sharedVendors = ['lru-cache']

/**
 * Reasons that are the platform's own words, and the one folder of each. `missing_field`, `invalid_transition`,
 * `plan_not_eligible` and `unknown_plan` are what the checks answer that the model itself puts into a row (`takes`,
 * `from`, `feature`, plans); `role_grant` is the reason of an `allow` cell. A
 * gateway tells denials for want of a plan from others by two of them. The rest are answers of the core whose place
 * is in YAML, not in Rego, so that an answer can name it.
 */
const platformReasons = [
  'gateway plan_not_eligible',
  'gateway role_not_on_plan',
  'model invalid_transition',
  'model missing_field',
  'model plan_not_eligible',
  'model role_grant',
  'model unknown_plan',
  'pdp no_permission',
  'pdp role_grant',
  'pdp role_not_on_plan',
  'pdp unknown_plan',
  'pdp unknown_role',
]

interface Source {
  /** Below src, with forward slashes. */
  readonly name: string
  readonly text: string
  readonly imports: readonly string[]
}

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1))
    .sort()

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')

/** What a text imports or re-exports, types included, statically, dynamically or by require. */
function importsOf(text: string): string[] {
  const forms = [
    /\b(?:import|export)\s[^'"`;]*?\bfrom\s*(['"])(.+?)\1/g,
    /\bimport\s*(['"])(.+?)\1/g,
    /\bimport\s*\(\s*(['"`])(.+?)\1\s*\)/g,
    /\brequire\s*(?:\([^()]*\)\s*)?\(\s*(['"`])(.+?)\1\s*\)/g,
    /\bcreateRequire\s*\([^()]*\)\s*\(\s*(['"`])(.+?)\1\s*\)/g,
  ]
  return forms.flatMap((form) => [...withoutComments(text).matchAll(form)].map((match) => match[2] as string))
}

const sources: readonly Source[] = filesBelow('src')
  .filter((name) => /\.[cm]?tsx?$/.test(name))
  .map((name) => {
    const text = readFileSync(join(root, 'src', name), 'utf8')
    return { name, text, imports: importsOf(text) }
  })

const isOurs = (imported: string) => imported.startsWith('.')
const targetOf = (from: string, imported: string) => join(dirname(from), imported)
const folderOf = (name: string) => name.split('/')[0] as string
const layerOf = (name: string) => layers.findIndex((layer) => layer.includes(folderOf(name)))

/** `@scope/name` or `name`. */
const packageOf = (imported: string) =>
  imported
    .split('/')
    .slice(0, imported.startsWith('@') ? 2 : 1)
    .join('/')
const isVendor = (imported: string) =>
  !isOurs(imported) && !imported.startsWith('node:') && !builtinModules.includes(imported)

const offending = (pattern: RegExp) =>
  sources.flatMap(({ name, text }) =>
    withoutComments(text)
      .split('\n')
      .flatMap((line) => (pattern.test(line) ? [`${name}: ${line.trim()}`] : [])),
  )

describe('imports', () => {
  it('are found in every form', () => {
    const text = `import a from 'a'\nimport type { B } from "./b.ts"\nimport './c.ts'\nexport * from './d.ts'
      const e = await import('./e.ts')\nconst f = require('f')\nconst g = createRequire(import.meta.url)('g')
      import {\n  h,\n  type I,\n} from './h.ts'\n// import 'no'\n/* import 'no' */\nexport type { J } from './j.ts'`
    expect(importsOf(text).sort()).toEqual(
      ['./b.ts', './c.ts', './d.ts', './e.ts', './h.ts', './j.ts', 'a', 'f', 'g'].sort(),
    )
  })

  it('lead to files that exist, in folders that have a layer', () => {
    const names = new Set(sources.map(({ name }) => name))
    const lost = sources.flatMap(({ name, imports }) =>
      imports.filter((imported) => isOurs(imported) && !names.has(targetOf(name, imported))),
    )
    expect(lost).toEqual([])
    expect(sources.filter(({ name }) => layerOf(name) < 0).map(({ name }) => name)).toEqual([])
    expect(sources.length).toBeGreaterThan(50)
  })

  it('point downwards, and never to a sibling folder', () => {
    const wrong = sources.flatMap(({ name, imports }) =>
      imports
        .filter(isOurs)
        .map((imported) => targetOf(name, imported))
        .filter((target) => folderOf(target) !== folderOf(name) && layerOf(target) <= layerOf(name))
        .map((target) => `${name} → ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('of main.ts lead to cli alone', () => {
    const main = sources.find(({ name }) => name === 'main.ts')
    const folders = new Set(main?.imports.filter(isOurs).map((imported) => folderOf(targetOf('main.ts', imported))))
    expect([...folders]).toEqual(['cli'])
    expect(main?.imports.filter(isVendor)).toEqual([])
  })

  it('make no cycle, types included', () => {
    expect(
      cycles(
        new Map(sources.map(({ name, imports }) => [name, imports.filter(isOurs).map((to) => targetOf(name, to))])),
      ),
    ).toEqual([])
    expect(
      cycles(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
          ['d', ['d']],
        ]),
      ),
    ).toEqual(['b → c → b', 'd → d'])
  })

  it('of a vendor library come from one folder', () => {
    const users = new Map<string, Set<string>>()
    for (const { name, imports } of sources)
      for (const imported of imports.filter(isVendor)) {
        const vendor = packageOf(imported)
        users.set(vendor, (users.get(vendor) ?? new Set()).add(folderOf(name)))
      }
    const shared = [...users].filter(([vendor, folders]) => folders.size > 1 && !sharedVendors.includes(vendor))
    expect(shared.map(([vendor, folders]) => `${vendor}: ${[...folders].join(', ')}`)).toEqual([])
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect([...users.keys()].sort()).toEqual(Object.keys(dependencies).sort())
  })
})

describe('style', () => {
  it('knows no default export and no enum', () => {
    expect(offending(/\bexport\s+default\b|\bas\s+default\b/)).toEqual([])
    expect(offending(/^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s/)).toEqual([])
  })

  it('knows no barrel and no drawer', () => {
    const drawers = /^(?:index|utils?|helpers?|common|misc)\.[cm]?tsx?$/
    expect(sources.filter(({ name }) => drawers.test(basename(name))).map(({ name }) => name)).toEqual([])
    expect(offending(/^\s*export\s*\*/)).toEqual([])
  })

  it('ends the process in main.ts alone', () => {
    expect(
      offending(/\bprocess\s*\.\s*(?:exit|abort|kill|reallyExit)\b/).filter((line) => !line.startsWith('main.ts: ')),
    ).toEqual([])
    expect(offending(/\bprocess\s*\.\s*exitCode\b/)).toEqual([])
  })
})

describe('the platform', () => {
  const everything = filesBelow('src').map((name) => ({ name, text: readFileSync(join(root, 'src', name), 'utf8') }))
  const wordsIn = (words: readonly string[]) =>
    everything.flatMap(({ name, text }) =>
      words.filter((word) => new RegExp(`\\b${word}\\b`, 'i').test(text)).map((word) => `${folderOf(name)} ${word}`),
    )
  const systems = readdirSync(join(root, 'config/systems'))

  it('does not know the name of a system', () => {
    expect(systems).toHaveLength(5)
    expect(wordsIn(systems)).toEqual([])
  })

  it('speaks no reason but its own', () => {
    const files = ['config/reasons.yaml', ...systems.map((system) => `config/systems/${system}/reasons.yaml`)]
    const reasons = files.flatMap((file) => {
      const { allows = {}, refusals = {} } = readIfThere(file)
      return [...Object.keys(allows), ...Object.values(refusals as Record<string, string[]>).flat()]
    })
    expect(reasons.length).toBeGreaterThan(50)
    expect([...new Set(wordsIn(reasons))].sort()).toEqual(platformReasons)
  })

  it('speaks no obligation type of a system', () => {
    expect(
      wordsIn(
        (parse(readFileSync(join(root, 'config/reasons.yaml'), 'utf8')) as { obligations: string[] }).obligations,
      ),
    ).toEqual([])
  })
})

it('the project never refers to what lies beside it', () => {
  const skipped = new Set(['node_modules', 'dist', '.git', '.postern'])
  const files = readdirSync(root, { withFileTypes: true })
    .filter((entry) => !skipped.has(entry.name))
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(entry.name).map((name) => join(entry.name, name)) : [entry.name],
    )
    .filter((name) => !name.split('/').some((part) => skipped.has(part) || part === 'raw'))
  // A folder `shared` of the project itself is another one.
  const leaving = files.filter((name) => {
    const text = readFileSync(join(root, name), 'latin1')
    return [...text.matchAll(/(?:\.\.\/)+shared\b/g)].some(
      ([path]) => join(dirname(name), path).startsWith('..') || !existsSync(join(root, dirname(name), path)),
    )
  })
  expect(leaving).toEqual([])
})

function readIfThere(file: string): { allows?: Record<string, string>; refusals?: Record<string, string[]> } {
  try {
    return parse(readFileSync(join(root, file), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** Each cycle once, as `a → b → a`. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (node: string) => {
    const at = path.indexOf(node)
    if (at >= 0) found.push([...path.slice(at), node].join(' → '))
    if (at >= 0 || done.has(node)) return
    path.push(node)
    for (const next of graph.get(node) ?? []) visit(next)
    path.pop()
    done.add(node)
  }
  for (const node of graph.keys()) visit(node)
  return found
}
