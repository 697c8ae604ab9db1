import { PosternError } from '../../src/pdp/errors.ts'
import { factCatalogue, type TenantFacts } from '../../src/pdp/facts.ts'
import { projectionOf } from '../../src/pdp/input-plan.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'

const below = (prefix: string) =>
  factCatalogue.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length))

/** The text of every fact of the catalogue, and every attribute of the records of `users`; an error as its code. */
export function everyFact(
  facts: TenantFacts,
  { members = [], settings = {} }: TenantDocument,
  request: DecisionRequest,
  users: readonly string[] = members.map(({ user }) => user),
) {
  const names = [...new Set(members.flatMap((member) => Object.keys(member))), 'exists', 'nothing']
  const header = ['id', 'system', 'plan', 'api_keys', 'projects', 'custom_levels', 'gallery_roles']
  const whole = projectionOf([...header, ...Object.keys(settings).map((name) => `settings.${name}`)])
  return {
    id: facts.id,
    system: facts.system,
    header: attempt(() => facts.header.text(whole)),
    values: header.map((name) => attempt(() => facts.header.value(name) instanceof Error || facts.header.value(name))),
    records: [...users, 'nobody', request.subject.id].map((user) => {
      const record = facts.record(user)
      const texts = names.map((name) => record?.text(projectionOf([name])))
      return [user, record?.text(projectionOf(names)), texts, names.map((name) => record?.value(name))]
    }),
    items: below('items.').map((name) => [name, attempt(() => facts.item(name, request))]),
    counts: below('counts.').map((name) => [name, attempt(() => facts.count(name))]),
    entities: facts.entities(request),
    candidates: ['user', 'api_key', 'project', 'group', 'collection', 'custom_level', 'document'].map((type) => [
      type,
      ...[1, 2, 1000].map((most) => everyCandidate(facts, type, most)),
    ]),
  }
}

/** The ids page by page, with their number. */
function everyCandidate(facts: TenantFacts, type: string, most: number) {
  const pages: string[][] = []
  let after: string | undefined
  for (;;) {
    const page = facts.candidates(type, after, most)
    pages.push(page.map(({ id }) => id))
    if (page.length < most) return pages
    after = page.at(-1)?.position
  }
}

function attempt<T>(read: () => T): T | string {
  try {
    return read()
  } catch (error) {
    if (error instanceof PosternError) return `${error.code}: ${error.message}`
    throw error
  }
}
