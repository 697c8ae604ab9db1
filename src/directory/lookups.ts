import type { Store } from './store.ts'

export type Lookups = ReturnType<typeof prepareLookups>

/** Every look-up of a decision, compiled once. Each is answered by an index; `limit` bounds those of many rows. */
export function prepareLookups(store: Store) {
  const oneOf = ['tenant', 'address'] as const
  return {
    tenant: store.query(['tenant'], (db, { tenant }) => db.selectFrom('tenant').selectAll().where('id', '=', tenant)),
    member: store.query(['tenant', 'user'], (db, { tenant, user }) =>
      db.selectFrom('member').select(['position', 'record']).where('tenant', '=', tenant).where('user', '=', user),
    ),
    /** The first record with this user id, and the first with this e-mail address. */
    userAddress: store.query(oneOf, (db, { tenant, address }) =>
      db
        .selectFrom('member')
        .select(['position', 'record'])
        .where('tenant', '=', tenant)
        .where('user_address', '=', address)
        .orderBy('position')
        .limit(1),
    ),
    emailAddress: store.query(oneOf, (db, { tenant, address }) =>
      db
        .selectFrom('member')
        .select(['position', 'record'])
        .where('tenant', '=', tenant)
        .where('email_address', '=', address)
        .orderBy('position')
        .limit(1),
    ),
    keyHolders: store.query(['tenant', 'key', 'limit'], (db, { tenant, key, limit }) =>
      db
        .selectFrom('member_key as held')
        .innerJoin('member', (join) =>
          join.onRef('member.tenant', '=', 'held.tenant').onRef('member.position', '=', 'held.position'),
        )
        .select('member.record')
        .where('held.tenant', '=', tenant)
        .where('held.api_key', '=', key)
        .orderBy('held.position')
        .limit(limit),
    ),
    withRole: store.query(['tenant', 'role'], (db, { tenant, role }) =>
      db
        .selectFrom('member')
        .select('record')
        .where('tenant', '=', tenant)
        .where('role', '=', role)
        .orderBy('position'),
    ),
    withoutTwoFactor: store.query(['tenant', 'limit'], (db, { tenant, limit }) =>
      db
        .selectFrom('member')
        .select('user')
        .where('tenant', '=', tenant)
        // A literal, so that the partial index can answer.
        .where((where) => where('without_two_factor', '=', where.lit(1)))
        .orderBy('position')
        .limit(limit),
    ),
    /** In the order in which the roles first appear among the members. */
    roles: store.query(['tenant', 'limit'], (db, { tenant, limit }) =>
      db
        .selectFrom('role_count')
        .select(['role', 'pending', 'active', 'inactive'])
        .select((columns) =>
          columns
            .selectFrom('member')
            .select('position')
            .whereRef('member.tenant', '=', 'role_count.tenant')
            .whereRef('member.role', '=', 'role_count.role')
            .orderBy('position')
            .limit(columns.lit(1))
            .as('first'),
        )
        .where('tenant', '=', tenant)
        .orderBy('first')
        .limit(limit),
    ),
    elements: store.query(['tenant', 'list', 'limit'], (db, { tenant, list, limit }) =>
      db
        .selectFrom('element')
        .select(['ordinal', 'holder', 'record'])
        .where('tenant', '=', tenant)
        .where('list', '=', list)
        .orderBy('ordinal')
        .limit(limit),
    ),
    named: store.query(['tenant', 'list', 'name'], (db, { tenant, list, name }) =>
      db
        .selectFrom('element')
        .select('ordinal')
        .where('tenant', '=', tenant)
        .where('list', '=', list)
        .where('holder_kind', '=', 'name')
        .where('holder', '=', name)
        .orderBy('ordinal')
        .limit(1),
    ),
    membersBehind: store.query(['tenant', 'after', 'limit'], (db, { tenant, after, limit }) =>
      db
        .selectFrom('member')
        .select(['position', 'user'])
        .where('tenant', '=', tenant)
        .where('position', '>', after)
        .orderBy('position')
        .limit(limit),
    ),
    namesBehind: store.query(['tenant', 'list', 'after', 'limit'], (db, { tenant, list, after, limit }) =>
      db
        .selectFrom('element')
        .select(['ordinal', 'holder'])
        .where('tenant', '=', tenant)
        .where('list', '=', list)
        .where('holder_kind', '=', 'name')
        .where('ordinal', '>', after)
        .orderBy('ordinal')
        .limit(limit),
    ),
    entitiesBehind: store.query(['tenant', 'type', 'after', 'limit'], (db, { tenant, type, after, limit }) =>
      db
        .selectFrom('entity')
        .select(['ordinal', 'id'])
        .where('tenant', '=', tenant)
        .where('type', '=', type)
        .where('ordinal', '>', after)
        .orderBy('ordinal')
        .limit(limit),
    ),
    ofUser: store.query(['tenant', 'list', 'user', 'limit'], (db, { tenant, list, user, limit }) =>
      db
        .selectFrom('element')
        .select(['ordinal', 'record'])
        .where('tenant', '=', tenant)
        .where('list', '=', list)
        .where('holder_kind', '=', 'user')
        .where('holder', '=', user)
        .orderBy('ordinal')
        .limit(limit),
    ),
    ofUserAt: store.query(['tenant', 'list', 'user', 'target_kind', 'target', 'limit'], (db, at) =>
      db
        .selectFrom('element')
        .select(['ordinal', 'record'])
        .where('tenant', '=', at.tenant)
        .where('list', '=', at.list)
        .where('holder_kind', '=', 'user')
        .where('holder', '=', at.user)
        .where('target_kind', '=', at.target_kind)
        .where('target', '=', at.target)
        .orderBy('ordinal')
        .limit(at.limit),
    ),
    sharesOfGroupsAt: store.query(['tenant', 'user', 'target_kind', 'target', 'limit'], (db, at) =>
      db
        .selectFrom('holding as group')
        .innerJoin('element as share', (join) =>
          join
            .onRef('share.tenant', '=', 'group.tenant')
            .on('share.list', '=', 'shares')
            .on('share.holder_kind', '=', 'group')
            .onRef('share.holder', '=', 'group.name'),
        )
        .select(['share.ordinal', 'share.record'])
        .where('group.tenant', '=', at.tenant)
        .where('group.list', '=', 'groups')
        .where('group.value', '=', at.user)
        .where('share.target_kind', '=', at.target_kind)
        .where('share.target', '=', at.target)
        .limit(at.limit),
    ),
    collectionsWith: store.query(['tenant', 'path', 'limit'], (db, { tenant, path, limit }) =>
      db
        .selectFrom('holding')
        .select(['name', 'ordinal', 'places'])
        .where('tenant', '=', tenant)
        .where('list', '=', 'collection_assets')
        .where('value', '=', path)
        .orderBy('ordinal')
        .limit(limit),
    ),
    entity: store.query(['tenant', 'type', 'id'], (db, { tenant, type, id }) =>
      db
        .selectFrom('entity')
        .select('record')
        .where('tenant', '=', tenant)
        .where('type', '=', type)
        .where('id', '=', id),
    ),
  }
}
