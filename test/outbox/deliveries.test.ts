import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DocumentError } from '../../src/document/problem.ts'
import { readDeliveries } from '../../src/outbox/read-deliveries.ts'
import { parseTemplate } from '../../src/outbox/template.ts'
import { builtBundle, project } from '../support/policy.ts'

const known = new Set(builtBundle().manifest.index.obligations)

/** What is wrong with these deliveries, beside the project's own templates and `broken.txt`. */
function problemsOf(text: string): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), 'postern-deliveries-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'config'))
  cpSync(join(project.root, 'config/templates'), join(root, 'config/templates'), { recursive: true })
  writeFileSync(join(root, 'config/templates/broken.txt'), 'Hello\n')
  writeFileSync(join(root, 'config/deliveries.yaml'), text)
  try {
    readDeliveries(root, known)
  } catch (error) {
    if (error instanceof DocumentError) return error.message.split('\n')
    throw error
  }
  return []
}

describe('the deliveries of the project', () => {
  const deliveries = readDeliveries(project.root, known)

  it('name their schema in the first line', () => {
    const [first] = readFileSync(join(project.root, 'config/deliveries.yaml'), 'utf8').split('\n')
    expect(first).toBe('# yaml-language-server: $schema=schema/deliveries.schema.json')
  })

  it('send e-mails and webhooks, and nothing that the directory itself carries out', () => {
    expect(Object.fromEntries([...deliveries].map(([type, { channel }]) => [type, channel]))).toEqual({
      send_invitation_email: 'mail',
      notify_user: 'mail',
      grant_promo_credit: 'webhook',
      apply_credit: 'webhook',
      send_email: 'mail',
    })
  })

  it('use every template, and have words for each event that a policy tells of', () => {
    const templates = readdirSync(join(project.root, 'config/templates')).map((name) =>
      parseTemplate(readFileSync(join(project.root, 'config/templates', name), 'utf8')),
    )
    const used = [...deliveries.values()].flatMap((delivery) =>
      delivery.channel === 'mail' ? [delivery.template] : [],
    )
    expect(templates).toHaveLength(used.length)
    for (const template of templates) expect(used).toContainEqual(template)

    const rego = readFileSync(join(project.root, 'policies/systems/filestack/members.rego'), 'utf8')
    const events = [...rego.matchAll(/_notice\("(\w+)"\)/g)].map(([, event]) => event as string)
    const notice = deliveries.get('notify_user')
    expect(events.length).toBeGreaterThan(3)
    expect(Object.keys(notice?.channel === 'mail' ? (notice.words.event ?? {}) : {}).sort()).toEqual(
      [...new Set(events)].sort(),
    )
  })
})

describe('deliveries', () => {
  it('are none where a project has no such file', () => {
    const root = mkdtempSync(join(tmpdir(), 'postern-deliveries-'))
    onTestFinished(() => rmSync(root, { recursive: true }))
    expect(readDeliveries(root, known)).toEqual(new Map())
  })

  it('that do not fit are refused with their place', () => {
    const text = `deliveries:
  send_invite: { webhook: true }
  notify_user: { mail: nowhere, to: user }
  send_email: { mail: broken, to: to }
  send_invitation_email: { mail: invitation, to: to }
  apply_credit: { mail: monthly-report, to: to }
`
    expect(problemsOf(text)).toEqual([
      'config/deliveries.yaml:2:16: no system has the obligation `send_invite`; see config/reasons.yaml',
      'config/deliveries.yaml:3:24: there is no `config/templates/nowhere.txt`; write `Subject: …`, an empty line, and the text',
      'config/deliveries.yaml:4:23: `config/templates/broken.txt` does not begin with a subject; write `Subject: …`, an empty line, and the text',
      'config/deliveries.yaml:5:34: the template `invitation` wants an invitation; set `invitation: true`, or name another template',
      'config/deliveries.yaml:6:25: the template `monthly-report` wants a report; name its sections by `report`, or another template',
    ])
    expect(problemsOf('deliveries: { notify_user: { mail: ../x, to: user } }\n')[0]).toMatch(
      /^config\/deliveries\.yaml:1:/,
    )
  })
})
