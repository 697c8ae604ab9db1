import { createHash, randomBytes } from 'node:crypto'
import type { Grant, NamedGrant } from '../pdp/access-token.ts'
import type { Store } from './store.ts'

/** Access tokens, of which only digests are kept. */
export interface Tokens {
  /** The secret, which is not to be had again; undefined where the name is taken. */
  create(token: NamedGrant): string | undefined
  /** By name, also those that have run out. */
  list(): readonly NamedGrant[]
  /** False where there is no such token. */
  revoke(name: string): boolean
  /** What the secret is good for, also where it has run out. */
  find(secret: string): Grant | undefined
}

export function prepareTokens(store: Store): Tokens {
  const columns = ['name', 'scope', 'tenant', 'expires', 'created'] as const
  const all = store.query([], (db) => db.selectFrom('token').select(columns).orderBy('name'))
  const byDigest = store.query(['digest'], (db, { digest }) =>
    db.selectFrom('token').select(['scope', 'tenant', 'expires']).where('digest', '=', digest),
  )
  const add = store.change(
    ['name', 'digest', 'scope', 'tenant', 'expires', 'created'],
    (db, { name, digest, scope, tenant, expires, created }) =>
      db
        .insertInto('token')
        .values({ name, digest, scope, tenant, expires, created })
        .onConflict((conflict) => conflict.doNothing())
        .returning('name'),
  )
  const remove = store.change(['name'], (db, { name }) =>
    db.deleteFrom('token').where('name', '=', name).returning('name'),
  )
  return {
    create({ name, scope, tenant, expires, created }) {
      const secret = `postern_${randomBytes(32).toString('base64url')}`
      const added = add.all({ name, digest: digestOf(secret), scope, tenant, expires, created })
      return added.length === 0 ? undefined : secret
    },
    list: () => all.all({}),
    revoke: (name) => remove.all({ name }).length > 0,
    find: (secret) => byDigest.first({ digest: digestOf(secret) }),
  }
}

/** A digest is looked up by index: how long that takes tells nothing of a secret of 256 random bits. */
function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
