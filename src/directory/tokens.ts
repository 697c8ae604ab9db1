import { createHash, randomBytes } from 'node:crypto'
import type { Grant, NamedGrant } from '../pdp/access-token.ts'
import { change, query } from './statement.ts'
import type { Session } from './store.ts'

/** Access tokens, of which only digests are kept. */
export interface Tokens {
  /** The secret, which is not to be had again; undefined where the name is taken. */
  create(token: NamedGrant): Promise<string | undefined>
  /** By name, also those that have run out. */
  list(): Promise<readonly NamedGrant[]>
  /** False where there is no such token. */
  revoke(name: string): Promise<boolean>
  /** What the secret is good for, also where it has run out. */
  find(secret: string): Promise<Grant | undefined>
}

export function storedTokens(session: Session): Tokens {
  return {
    async create({ name, scope, tenant, expires, created }) {
      const secret = `postern_${randomBytes(32).toString('base64url')}`
      const added = await session.all(add, { name, digest: digestOf(secret), scope, tenant, expires, created })
      return added.length === 0 ? undefined : secret
    },
    list: () => session.all(all, {}),
    async revoke(name) {
      const removed = await session.all(remove, { name })
      return removed.length > 0
    },
    find: (secret) => session.first(byDigest, { digest: digestOf(secret) }),
  }
}

const columns = ['name', 'scope', 'tenant', 'expires', 'created'] as const
const all = query([], (db) => db.selectFrom('token').select(columns).orderBy('name'))
const byDigest = query(['digest'], (db, { digest }) =>
  db.selectFrom('token').select(['scope', 'tenant', 'expires']).where('digest', '=', digest),
)
const add = change(
  ['name', 'digest', 'scope', 'tenant', 'expires', 'created'],
  (db, { name, digest, scope, tenant, expires, created }) =>
    db
      .insertInto('token')
      .values({ name, digest, scope, tenant, expires, created })
      .onConflict((conflict) => conflict.doNothing())
      .returning('name'),
)
const remove = change(['name'], (db, { name }) => db.deleteFrom('token').where('name', '=', name).returning('name'))

/** A digest is looked up by index: how long that takes tells nothing of a secret of 256 random bits. */
function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
