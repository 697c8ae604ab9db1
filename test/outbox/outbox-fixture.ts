import { createHash } from 'node:crypto'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import type { OutgoingMessage } from '../../src/directory/journal.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { directoryFile } from '../support/stored-tenants.ts'

/** A directory of empty tenants; the test closes it, or not, as a process that was killed. */
export function outboxDirectory(...tenants: readonly string[]): {
  readonly directory: Directory
  readonly file: string
} {
  const file = directoryFile()
  const directory = openDirectory(file)
  directory.put(tenants.map((tenant): TenantDocument => ({ tenant, system: 'club', members: [] })))
  return { directory, file }
}

/** Puts webhooks of these ids behind what waits for the tenant; `more` is what is different about them. */
export function send(
  directory: Directory,
  tenant: string,
  ids: readonly string[],
  more: Partial<OutgoingMessage> = {},
): void {
  const usual = { channel: 'webhook', type: 'told', body: '{}', recipient: null, invitation: undefined, created: 1_000 }
  directory.write(tenant, (_, __, journal) => {
    for (const id of ids) journal.send({ id, ...usual, ...more })
    return { commit: true, change: 'test', value: undefined }
  })
}

/** An e-mail that brings the user an invitation of this secret, good until `expires`. */
export function invite(directory: Directory, tenant: string, id: string, secret: string, expires = 10_000): void {
  const digest = createHash('sha256').update(secret).digest('base64url')
  directory.write(tenant, (_, __, journal) => {
    journal.invite('new@example.com', digest, expires)
    journal.send({
      id,
      channel: 'mail',
      type: 'invited',
      body: '{"to":"new@example.com"}',
      recipient: 'new@example.com',
      invitation: { secret, digest, expires },
      created: 1_000,
    })
    return { commit: true, change: 'test', value: undefined }
  })
}

/** Waits until `done` says so. */
export async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const late = Date.now() + 25_000
  while (!(await done())) {
    if (Date.now() > late) throw new Error('what the test waits for does not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
