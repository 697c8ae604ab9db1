import { DeliveryError } from './delivery-error.ts'

/** A mail's text: the line `Subject: …`, an empty line, the body; `{name}` stands for a value. */
export interface Template {
  readonly subject: string
  readonly body: string
}

export type Values = Readonly<Record<string, unknown>>

/** Undefined for a text that is no template. */
export function parseTemplate(text: string): Template | undefined {
  const found = /^Subject: (\S.*)\n\n([\s\S]*\S)\s*$/.exec(text.replaceAll('\r\n', '\n'))
  return found === null ? undefined : Object.freeze({ subject: found[1] as string, body: `${found[2]}\n` })
}

/** Throws a `DeliveryError` for a value that is missing. */
export function fill({ subject, body }: Template, values: Values): Template {
  return { subject: filled(subject, values, ', '), body: filled(body, values, '\n') }
}

/**
 * INVARIANT: a value is one line, a list one line for each of its elements, and neither is read for placeholders. Names of
 * tenants and addresses come from people, who must not add a header or a paragraph of their own to what is sent in the
 * product's name.
 */
function filled(text: string, values: Values, between: string): string {
  return text.replace(/\{([a-z][a-z0-9_]*)\}/g, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value === undefined || value === null)
      throw new DeliveryError(`the template wants \`{${name}}\`, which this message does not have`, { final: true })
    return (Array.isArray(value) ? value : [value]).map(oneLine).join(between)
  })
}

function oneLine(value: unknown): string {
  const plain = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return plain.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
}
