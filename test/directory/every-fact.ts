import { whenLoaded } from '../../src/pdp/awaited-pdp.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import { factCatalogue, type TenantFacts } from '../../src/pdp/facts.ts'
import { projectionOf } from '../../src/pdp/input-plan.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'

const below = (prefix: string) =>
  factCatalogue.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length))

/**
 * The text of every fact of the catalogue, every attribute of the records of `users`, and the candidates in pages of each
 * size; an error as its code.
 */
export async function everyFact(
  facts: TenantFacts,
  { members = [], settings = {} }: TenantDocument,
  request: DecisionRequest,
  {
    users = members.map(({ user }) => user),
    pages = [1, 2, 1000],
  }: { readonly users?: readonly string[]; readonly pages?: readonly number[] } = {},
) {
  const names = [...new Set(members.flatMap((member) => Object.keys(member))), 'exists', 'nothing']
  const header = ['id', 'system', 'plan', 'api_keys', 'projects', 'custom_levels', 'gallery_roles']
  const whole = projectionOf([...header, ...Object.keys(settings).map((name) => `settings.${name}`)])
  return {
    id: facts.id,
    system: facts.system,
    header: await attempt(() => facts.header.text(whole)),
    values: await each(header, (name) =>
      attempt(() => facts.header.value(name) instanceof Error || facts.header.value(name)),
    ),
    records: await each([...users, 'nobody', request.subject.id], async (user) => {
      const record = await whenLoaded(() => facts.record(user))
      const texts = names.map((name) => record?.text(projectionOf([name])))
      return [user, record?.text(projectionOf(names)), texts, names.map((name) => record?.value(name))]
    }),
    items: await each(below('items.'), async (name) => [name, await attempt(() => facts.item(name, request))]),
    counts: await each(below('counts.'), async (name) => [name, await attempt(() => facts.count(name))]),
    entities: await whenLoaded(() => facts.entities(request)),
    candidates: await each(
      ['user', 'api_key', 'project', 'group', 'collection', 'custom_level', 'document'],
      async (type) => [type, ...(await each(pages, (most) => everyCandidate(facts, type, most)))],
    ),
  }
}

/** At once: a store may have to load each. */
function each<T, U>(values: readonly T[], of: (value: T) => Promise<U>): Promise<U[]> {
  return Promise.all(values.map(of))
}

/** The ids page by page, with their number. */
async function everyCandidate(facts: TenantFacts, type: string, most: number) {
  const pages: string[][] = []
  let after: string | undefined
  for (;;) {
    const page = await whenLoaded(() => facts.candidates(type, after, most))
    pages.push(page.map(({ id }) => id))
    if (page.length < most) return pages
    after = page.at(-1)?.position
  }
}

async function attempt<T>(read: () => T): Promise<T | string> {
  try {
    return await whenLoaded(read)
  } catch (error) {
    if (error instanceof PosternError) return `${error.code}: ${error.message}`
    throw error
  }
}
