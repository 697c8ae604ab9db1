import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import { DocumentError, type Problem } from '../document/problem.ts'
import { compileSchema, toPointer } from '../document/schema.ts'
import { readYaml } from '../document/yaml-document.ts'
import { parseTemplate, type Template } from './template.ts'

/** How obligations of one type leave the process. */
export type Delivery = MailDelivery | { readonly channel: 'webhook' }

export interface MailDelivery {
  readonly channel: 'mail'
  readonly template: Template
  /** The parameter that names the recipient. */
  readonly to: string
  /** Whether the message brings the recipient's invitation. */
  readonly invitation: boolean
  /** The parameter that lists the sections of the report that the message brings; undefined where it brings none. */
  readonly report: string | undefined
  /** For a parameter, what is said for each of its values. */
  readonly words: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** By obligation type; what is not in it does not leave. */
export type Deliveries = ReadonlyMap<string, Delivery>

interface Written {
  readonly deliveries: Readonly<
    Record<string, { readonly webhook: true } | (Partial<Omit<MailDelivery, 'template'>> & WrittenMail)>
  >
}

interface WrittenMail {
  readonly mail: string
  readonly to: string
}

const file = 'config/deliveries.yaml'

/**
 * The deliveries of a project; none where it has no `config/deliveries.yaml`. `known` are the obligation types of all
 * systems. Throws a `DocumentError` with everything that is wrong in the file and its templates.
 */
export function readDeliveries(root: string, known: ReadonlySet<string>): Deliveries {
  if (!existsSync(join(root, file))) return new Map()
  const schema = JSON.parse(readFileSync(join(packageRoot(), 'config/schema/deliveries.schema.json'), 'utf8'))
  const document = readYaml(file, compileSchema<Written>(schema, 'the deliveries of obligations'), { root })
  const problems: Problem[] = []
  const deliveries = Object.entries(document.value.deliveries).map(([type, written]): [string, Delivery] => {
    const refuse = (path: readonly string[], message: string, remedy: string) => {
      const whole = ['deliveries', type, ...path]
      problems.push({ file, ...document.place(whole), message, remedy, pointer: toPointer(whole) })
    }
    if (!known.has(type)) refuse([], `no system has the obligation \`${type}\``, 'see config/reasons.yaml')
    if ('webhook' in written) return [type, Object.freeze({ channel: 'webhook' })]
    const { mail, to, invitation = false, report, words = {} } = written
    const template = readTemplate(root, mail)
    if (typeof template === 'string') refuse(['mail'], template, 'write `Subject: …`, an empty line, and the text')
    const placed = typeof template === 'string' ? { subject: '', body: '' } : template
    if (!invitation && /\{(?:link|expires)\}/.test(placed.subject + placed.body))
      refuse(
        ['mail'],
        `the template \`${mail}\` wants an invitation`,
        'set `invitation: true`, or name another template',
      )
    if (report === undefined && /\{(?:report|month)\}/.test(placed.subject + placed.body))
      refuse(['mail'], `the template \`${mail}\` wants a report`, 'name its sections by `report`, or another template')
    return [type, Object.freeze({ channel: 'mail', template: placed, to, invitation, report, words })]
  })
  if (problems.length > 0) throw new DocumentError(problems)
  return new Map(deliveries)
}

/** The template, or what is wrong with it. */
function readTemplate(root: string, name: string): Template | string {
  const path = `config/templates/${name}.txt`
  if (!existsSync(join(root, path))) return `there is no \`${path}\``
  return parseTemplate(readFileSync(join(root, path), 'utf8')) ?? `\`${path}\` does not begin with a subject`
}
