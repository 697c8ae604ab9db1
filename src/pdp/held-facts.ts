import { PosternError } from './errors.ts'
import type { TenantFacts, TenantSource } from './facts.ts'

type Inline = (document: Readonly<Record<string, unknown>>) => TenantFacts

/**
 * Tenants as they are found, and documents as they are read, the first time: each of them, and each record, once.
 *
 * INVARIANT: what is read of a tenant is of one revision. Facts may be read when they are asked for, so a tenant that was
 * written since is refused with `tenant_changed` instead of being read half before and half after the write.
 */
export function holdFacts(
  tenants: TenantSource,
  inline: Inline,
): { readonly tenants: TenantSource; readonly inline: Inline } {
  const known = new Map<string, TenantFacts | undefined>()
  const firstFound = (tenant: string, found: TenantFacts | undefined) => {
    if (!known.has(tenant)) known.set(tenant, found && held(found))
    return known.get(tenant)
  }
  return {
    tenants: {
      find(tenant) {
        const found = tenants.find(tenant)
        const first = firstFound(tenant, found)
        if (found?.revision !== first?.revision) throw new PosternError('tenant_changed')
        return first
      },
    },
    inline: once(inline),
  }
}

/** Member by member, for what a source gives may be an object of any make. */
function held(facts: TenantFacts): TenantFacts {
  const { id, system, revision, header } = facts
  return {
    id,
    system,
    revision,
    header,
    record: once((user: string) => facts.record(user)),
    item: (name, request) => facts.item(name, request),
    count: (name) => facts.count(name),
    entities: (request) => facts.entities(request),
    candidates: (type, after, most) => facts.candidates(type, after, most),
  }
}

/** What throws is asked again. */
function once<Argument, Value>(ask: (argument: Argument) => Value): (argument: Argument) => Value {
  const known = new Map<Argument, Value>()
  return (argument) => {
    const value = known.get(argument)
    if (value !== undefined || known.has(argument)) return value as Value
    const asked = ask(argument)
    known.set(argument, asked)
    return asked
  }
}
