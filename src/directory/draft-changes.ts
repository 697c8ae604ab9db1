import { change, query } from './statement.ts'

/** Every statement that a draft writes with. */
export const changes = {
  /** The rev of this write. */
  bump: change([], (db) =>
    db
      .updateTable('meta')
      .set((meta) => ({ rev: meta('rev', '+', 1) }))
      .returning('rev'),
  ),
  tenant: change(
    ['id', 'plan', 'settings', 'present', 'revision', 'pending', 'active', 'inactive'],
    (db, { id, ...columns }) => db.updateTable('tenant').set(columns).where('id', '=', id),
  ),
  member: change(
    ['tenant', 'user', 'role', 'email_address', 'without_two_factor', 'record'],
    (db, { tenant, user, ...columns }) =>
      db.updateTable('member').set(columns).where('tenant', '=', tenant).where('user', '=', user),
  ),
  removeMember: change(['tenant', 'user'], (db, { tenant, user }) =>
    db.deleteFrom('member').where('tenant', '=', tenant).where('user', '=', user),
  ),
  lastPosition: query(['tenant'], (db, { tenant }) =>
    db.selectFrom('member').select('position').where('tenant', '=', tenant).orderBy('position', 'desc').limit(1),
  ),
  removeKey: change(['tenant', 'api_key', 'position'], (db, { tenant, api_key, position }) =>
    db
      .deleteFrom('member_key')
      .where('tenant', '=', tenant)
      .where('api_key', '=', api_key)
      .where('position', '=', position),
  ),
  noteRole: change(['tenant', 'role'], (db, { tenant, role }) =>
    db
      .insertInto('role_count')
      .values({ tenant, role, pending: 0, active: 0, inactive: 0 })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  countRole: change(
    ['tenant', 'role', 'pending', 'active', 'inactive'],
    (db, { tenant, role, pending, active, inactive }) =>
      db
        .updateTable('role_count')
        .set((count) => ({
          pending: count('pending', '+', pending),
          active: count('active', '+', active),
          inactive: count('inactive', '+', inactive),
        }))
        .where('tenant', '=', tenant)
        .where('role', '=', role),
  ),
  forgetRole: change(['tenant', 'role'], (db, { tenant, role }) =>
    db
      .deleteFrom('role_count')
      .where('tenant', '=', tenant)
      .where('role', '=', role)
      .where('pending', '=', 0)
      .where('active', '=', 0)
      .where('inactive', '=', 0),
  ),
  lastOrdinal: query(['tenant', 'list'], (db, { tenant, list }) =>
    db
      .selectFrom('element')
      .select('ordinal')
      .where('tenant', '=', tenant)
      .where('list', '=', list)
      .orderBy('ordinal', 'desc')
      .limit(1),
  ),
  removeElement: change(['tenant', 'list', 'ordinal'], (db, { tenant, list, ordinal }) =>
    db.deleteFrom('element').where('tenant', '=', tenant).where('list', '=', list).where('ordinal', '=', ordinal),
  ),
  clearElements: change(['tenant', 'list'], (db, { tenant, list }) =>
    db.deleteFrom('element').where('tenant', '=', tenant).where('list', '=', list),
  ),
  clearHoldings: change(['tenant', 'list'], (db, { tenant, list }) =>
    db.deleteFrom('holding').where('tenant', '=', tenant).where('list', '=', list),
  ),
}
