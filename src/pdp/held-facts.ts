import type { TenantFacts, TenantSource } from './facts.ts'

type Inline = (document: Readonly<Record<string, unknown>>) => TenantFacts

/** Tenants as they are found, and documents as they are read, the first time: each of them, and each record, once. */
export function holdFacts(
  tenants: TenantSource,
  inline: Inline,
): { readonly tenants: TenantSource; readonly inline: Inline } {
  return {
    tenants: {
      find: once((tenant: string) => {
        const found = tenants.find(tenant)
        return found && { ...found, record: once((user: string) => found.record(user)) }
      }),
    },
    inline: once(inline),
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
