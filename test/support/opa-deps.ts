import { silentProgress } from '../../src/opa/progress.ts'
import { type OpaToolchain, resolveOpa, runOpa } from '../../src/opa/toolchain.ts'
import { project } from './policy.ts'

type Path = readonly string[]

export function opa(): Promise<OpaToolchain> {
  return resolveOpa({ env: process.env, cacheDir: project.cache, progress: silentProgress })
}

/**
 * The `input` references that `opa deps` finds for a rule, as far as their parts are names (`list[0].x` is `list`: nothing
 * is handed over by the item). A rule that does not exist comes back from OPA as its own
 * base document, with exit code 0; here it throws.
 */
export async function opaInputs(
  toolchain: OpaToolchain,
  root: string,
  files: readonly string[],
  rule: Path,
): Promise<Path[]> {
  const [first, ...rest] = ['data', ...rule]
  const query = `${first}${rest.map((part) => `[${JSON.stringify(part)}]`).join('')}`
  const data = files.flatMap((file) => ['--data', file])
  const { code, stdout, stderr } = await runOpa(toolchain, ['deps', '--format', 'json', ...data, query], { cwd: root })
  if (code !== 0) throw new Error(`opa deps ${query}: ${stderr}`)
  const answer = JSON.parse(stdout) as Record<'base' | 'virtual', { type: string; value: unknown }[][] | undefined>
  const texts = (answer.virtual ?? []).map((reference) => reference.map(({ value }) => value).join('.'))
  if (!texts.includes(['data', ...rule].join('.'))) throw new Error(`opa deps does not know the rule ${query}`)
  const base = (answer.base ?? []).map((reference) => {
    const end = reference.findIndex(({ type }, index) => index > 0 && type !== 'string')
    return (end < 0 ? reference : reference.slice(0, end)).map(({ value }) => String(value))
  })
  return base.filter(([head]) => head === 'input').map((path) => path.slice(1))
}

/** The references without those that lie below another, as sorted texts: `input.member` stands for all of it. */
export function widest(paths: readonly Path[]): string[] {
  const above = (a: Path, b: Path) => a.length < b.length && a.every((part, index) => part === b[index])
  const kept = paths.filter((path) => !paths.some((other) => above(other, path)))
  return [...new Set(kept.map((path) => ['input', ...path].join('.')))].sort()
}

export async function twoAtATime<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item)
  }
  await Promise.all([worker(), worker()])
}
