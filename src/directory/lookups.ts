import { query } from './statement.ts'

const oneOf = ['tenant', 'address'] as const

/** Every look-up of a decision. Each is answered by an index; `limit` bounds those of many rows. */
export const lookups = {
  tenant: query(['tenant'], (db, { tenant }) => db.selectFrom('tenant').selectAll().where('id', '=', tenant)),
  member: query(['tenant', 'user'], (db, { tenant, user }) =>
    db.selectFrom('member').select(['position', 'record']).where('tenant', '=', tenant).where('user', '=', user),
  ),
  /** The first record with this user id, and the first with this e-mail address. */
  userAddress: query(oneOf, (db, { tenant, address }) =>
    db
      .selectFrom('member')
      .select(['position', 'record'])
      .where('tenant', '=', tenant)
      .where('user_address', '=', address)
      .orderBy('position')
      .limit(1),
  ),
  emailAddress: query(oneOf, (db, { tenant, address }) =>
    db
      .selectFrom('member')
      .select(['position', 'record'])
      .where('tenant', '=', tenant)
      .where('email_address', '=', address)
      .orderBy('position')
      .limit(1),
  ),
  keyHolders: query(['tenant', 'key', 'limit'], (db, { tenant, key, limit }) =>
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
  withRole: query(['tenant', 'role'], (db, { tenant, role }) =>
    db.selectFrom('member').select('record').where('tenant', '=', tenant).where('role', '=', role).orderBy('position'),
  ),
  withoutTwoFactor: query(['tenant', 'limit'], (db, { tenant, limit }) =>
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
  roles: query(['tenant', 'limit'], (db, { tenant, limit }) =>
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
  elements: query(['tenant', 'list', 'limit'], (db, { tenant, list, limit }) =>
    db
      .selectFrom('element')
      .select(['ordinal', 'holder', 'record'])
      .where('tenant', '=', tenant)
      .where('list', '=', list)
      .orderBy('ordinal')
      .limit(limit),
  ),
  named: query(['tenant', 'list', 'name'], (db, { tenant, list, name }) =>
    db
      .selectFrom('element')
      .select('ordinal')
      .where('tenant', '=', tenant)
      .where('list', '=', list)
      .where('holder_kind', '=', 'name')
      .where('holder', '=', name)
      .limit(1),
  ),
  ofUser: query(['tenant', 'list', 'user', 'limit'], (db, { tenant, list, user, limit }) =>
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
  ofUserAt: query(['tenant', 'list', 'user', 'target_kind', 'target', 'limit'], (db, at) =>
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
  sharesOfGroupsAt: query(['tenant', 'user', 'target_kind', 'target', 'limit'], (db, at) =>
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
  collectionsWith: query(['tenant', 'path', 'limit'], (db, { tenant, path, limit }) =>
    db
      .selectFrom('holding')
      .select(['name', 'ordinal', 'places'])
      .where('tenant', '=', tenant)
      .where('list', '=', 'collection_assets')
      .where('value', '=', path)
      .orderBy('ordinal')
      .limit(limit),
  ),
  entity: query(['tenant', 'type', 'id'], (db, { tenant, type, id }) =>
    db.selectFrom('entity').select('record').where('tenant', '=', tenant).where('type', '=', type).where('id', '=', id),
  ),
  memberIds: query(['tenant', 'after', 'limit'], (db, { tenant, after, limit }) =>
    db
      .selectFrom('member')
      .select(['user as id', 'position as ordinal'])
      .where('tenant', '=', tenant)
      .where('position', '>', after)
      .orderBy('position')
      .limit(limit),
  ),
  listedIds: query(['tenant', 'list', 'after', 'limit'], (db, { tenant, list, after, limit }) =>
    db
      .selectFrom('element')
      .select(['element.ordinal'])
      .select((columns) => columns.ref('element.holder').$notNull().as('id'))
      .where('element.tenant', '=', tenant)
      .where('element.list', '=', list)
      // Not by kind, which would be answered by the index of holders, and sorted for each page.
      .where('element.holder', 'is not', null)
      .where('element.ordinal', '>', after)
      // What is said twice counts where it is said first.
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('element as earlier')
              .select('earlier.ordinal')
              .whereRef('earlier.tenant', '=', 'element.tenant')
              .whereRef('earlier.list', '=', 'element.list')
              .where('earlier.holder_kind', '=', 'name')
              .whereRef('earlier.holder', '=', 'element.holder')
              // As a sum, so that the holder is looked up and not every earlier element read.
              .where((own) => own(own('earlier.ordinal', '+', own.lit(0)), '<', own.ref('element.ordinal'))),
          ),
        ),
      )
      .orderBy('element.ordinal')
      .limit(limit),
  ),
  /** Entities of the type whose ids the list does not hold. */
  entityIds: query(['tenant', 'type', 'list', 'after', 'limit'], (db, { tenant, type, list, after, limit }) =>
    db
      .selectFrom('entity')
      .select(['entity.id', 'entity.ordinal'])
      .where('entity.tenant', '=', tenant)
      .where('entity.type', '=', type)
      .where('entity.ordinal', '>', after)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('element')
              .select('element.ordinal')
              .whereRef('element.tenant', '=', 'entity.tenant')
              .where('element.list', '=', list)
              .where('element.holder_kind', '=', 'name')
              .whereRef('element.holder', '=', 'entity.id'),
          ),
        ),
      )
      .orderBy('entity.ordinal')
      .limit(limit),
  ),
  /** Entities of the type `user` that are no members. */
  userEntityIds: query(['tenant', 'after', 'limit'], (db, { tenant, after, limit }) =>
    db
      .selectFrom('entity')
      .select(['entity.id', 'entity.ordinal'])
      .where('entity.tenant', '=', tenant)
      .where('entity.type', '=', 'user')
      .where('entity.ordinal', '>', after)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('member')
              .select('member.position')
              .whereRef('member.tenant', '=', 'entity.tenant')
              .whereRef('member.user', '=', 'entity.id'),
          ),
        ),
      )
      .orderBy('entity.ordinal')
      .limit(limit),
  ),
}
