import { PosternError } from './errors.ts'
import { type FactRecord, factBounds, type Projection } from './facts.ts'

/** A record whose texts are written once each. */
export function recordOf(attributes: Readonly<Record<string, unknown>>): FactRecord {
  const texts: (string | undefined)[] = []
  const write = ({ names }: Projection): string => {
    const settings = names.filter((name) => name.startsWith('settings.')).map((name) => name.slice('settings.'.length))
    const whole = names.filter((name) => !name.startsWith('settings.'))
    const members = whole.flatMap((name) => memberText(attributes, name))
    if (settings.length > 0) {
      const from = (attributes.settings ?? {}) as Readonly<Record<string, unknown>>
      members.push(`"settings":{${settings.flatMap((name) => memberText(from, name)).join(',')}}`)
    }
    return `{${members.join(',')}}`
  }
  return {
    text: (projection) => {
      texts[projection.id] ??= write(projection)
      return texts[projection.id] as string
    },
    value: (name) => own(attributes, name),
  }
}

function memberText(from: Readonly<Record<string, unknown>>, name: string): string[] {
  const value = own(from, name)
  if (value instanceof PosternError) throw value
  return value === undefined ? [] : [`"${name}":${JSON.stringify(value)}`]
}

/**
 * The value if it keeps the bound of its fact. Header facts are made before anybody asks for them, so there an excess
 * is stored as the error that the first reader throws.
 */
export function bounded<T>(fact: string, value: T): T {
  const bound = factBounds[fact]
  if (bound === undefined || typeof value !== 'object' || value === null) return value
  if ((Array.isArray(value) ? value.length : Object.keys(value).length) <= bound) return value
  const error = new PosternError('too_many_facts', `\`${fact}\` would hold more than ${bound} records`)
  if (fact.startsWith('tenant.')) return error as T
  throw error
}

/** A member of the object itself, never of its prototype. */
export function own<T>(from: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return from !== undefined && Object.hasOwn(from, name) ? from[name] : undefined
}
