import { createHash } from 'node:crypto'
import type { Directory } from '../../src/directory/directory.ts'
import type { OutgoingMessage } from '../../src/directory/journal.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'

/** Tenants of these ids, without members. */
export const emptyTenants = (...ids: readonly string[]) =>
  ids.map((tenant): TenantDocument => ({ tenant, system: 'club', members: [] }))

/** Puts webhooks of these ids behind what waits for the tenant; `more` is what is different about them. */
export async function send(
  directory: Directory,
  tenant: string,
  ids: readonly string[],
  more: Partial<OutgoingMessage> = {},
): Promise<void> {
  const usual = { channel: 'webhook', type: 'told', body: '{}', recipient: null, invitation: undefined, created: 1_000 }
  await directory.write(tenant, async (_, __, journal) => {
    for (const id of ids) await journal.send({ id, ...usual, ...more })
    return { commit: true, change: 'test', value: undefined }
  })
}

/** An e-mail that brings the user an invitation of this secret, good until `expires`. */
export async function invite(
  directory: Directory,
  tenant: string,
  id: string,
  secret: string,
  expires = 10_000,
): Promise<void> {
  const digest = createHash('sha256').update(secret).digest('base64url')
  await directory.write(tenant, async (_, __, journal) => {
    await journal.invite('new@example.com', digest, expires)
    await journal.send({
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
export async function until(done: () => boolean | Promise<boolean>, ms = 25_000): Promise<void> {
  const late = Date.now() + ms
  while (!(await done())) {
    if (Date.now() > late) throw new Error('what the test waits for does not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
