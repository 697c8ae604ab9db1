import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '../../src/app/serve.ts'
import { defaultSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { builtBundle, project } from '../support/policy.ts'
import type { Document, Json } from './rows.ts'

const token = 'console-secret-of-thirty-two-letters'

export interface Asking {
  /** A user's id, or `service:<name>`. */
  readonly by: string
  readonly action: string
  readonly resource?: Json
  readonly context?: Json
  readonly session?: string | undefined
  readonly invitation?: string | undefined
}

export interface Answer {
  readonly status: number
  readonly body: {
    readonly decision?: boolean
    readonly context?: { readonly reason: string; readonly obligations: readonly Json[]; readonly limit?: Json }
    readonly done?: {
      readonly members: readonly string[]
      readonly sessions_ended: readonly string[]
      readonly invitations: readonly { readonly user: string; readonly invitation: string }[]
    }
    readonly error?: { readonly code: string }
  }
}

export type Served = Awaited<ReturnType<typeof served>>

/** A server upon a directory of its own, spoken to over loopback until `stop`. Its invitations are good for `hours`. */
export async function served(hours: number) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-rows-'))
  const address = '127.0.0.1:0'
  const settings = {
    ...defaultSettings,
    listen: { ...defaultSettings.listen, decision: address, management: address },
    management: { ...defaultSettings.management, token, invitation_hours: hours },
    directory: join(folder, 'postern.db'),
  }
  const log = createServerLog({ sink: () => {}, terminal: false, debug: false })
  const parts = {
    bundle: builtBundle(),
    source: 'test',
    settings,
    tenantFiles: [],
    root: project.root,
    log,
    version: '0',
  }
  const { listeners, finish } = await serve(parts)
  const [decision, management] = listeners.map((listener) => listener.address)
  const send = async (url: string, method: string, headers: Record<string, string> = {}, body?: unknown) => {
    const answer = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text(), revision: answer.headers.get('x-postern-revision') }
  }
  const byConsole = { authorization: `Bearer ${token}` }
  const at = (tenant: string) => `${management}/v1/tenants/${tenant}`
  return {
    async put(tenant: string, document: Document): Promise<void> {
      const { status, text } = await send(at(tenant), 'PUT', byConsole, { ...document, tenant })
      if (status !== 200) throw new Error(`${status} ${text}`)
    },
    /** The stored document as it stands. */
    async read(tenant: string): Promise<{ readonly text: string; readonly revision: string | null }> {
      const { text, revision } = await send(at(tenant), 'GET', byConsole)
      return { text, revision }
    },
    async act(tenant: string, { by, action, resource, context, session, invitation }: Asking): Promise<Answer> {
      const [, service] = /^service:(.*)$/.exec(by) ?? []
      const headers = {
        ...byConsole,
        ...(service === undefined ? { 'x-postern-actor': by } : { 'x-postern-actor-service': service }),
        ...(session === undefined ? {} : { 'x-postern-actor-session': session }),
      }
      const body = { resource, context, invitation }
      const { status, text } = await send(`${at(tenant)}/actions/${action}`, 'POST', headers, body)
      return { status, body: JSON.parse(text) }
    },
    /** What the decision API says, which changes nothing. */
    async ask(tenant: string, { by, action, resource, context }: Asking): Promise<Answer> {
      const { status, text } = await send(
        `${decision}/authorize`,
        'POST',
        {},
        {
          subject: { type: 'user', id: by },
          action: { name: action },
          resource: { type: action.split(':')[0], id: '-', properties: resource },
          context: { ...context, tenant },
        },
      )
      return { status, body: JSON.parse(text) }
    },
    async stop(): Promise<void> {
      for (const listener of listeners) {
        listener.stop()
        listener.destroy()
        await listener.closed
      }
      await finish()
      rmSync(folder, { recursive: true })
    },
  }
}
