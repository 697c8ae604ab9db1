/**
 * The steps from an empty file to the present tables. Each is applied once and never changed after a release: the store
 * keeps the digest of each and refuses a file whose digests differ. Text compares byte for byte (SQLite's BINARY).
 */
export const migrations: readonly string[] = [
  `
create table meta (one integer primary key check (one = 1), epoch text not null, rev integer not null) strict;
create table change (rev integer primary key, tenant text not null, kind text not null) strict;

create table tenant (
  id text primary key, system text not null, plan text, settings text not null, present text not null,
  revision integer not null,
  pending integer not null check (pending >= 0),
  active integer not null check (active >= 0),
  inactive integer not null check (inactive >= 0)
) strict, without rowid;

create table member (
  tenant text not null, user text not null, position integer not null, role text,
  user_address text not null, email_address text, without_two_factor integer not null, record text not null,
  primary key (tenant, user)
) strict, without rowid;
create unique index member_position on member (tenant, position);
create index member_role on member (tenant, role, position) where role is not null;
create index member_user_address on member (tenant, user_address, position);
create index member_email_address on member (tenant, email_address, position) where email_address is not null;
create index member_without_two_factor on member (tenant, position) where without_two_factor = 1;

create table member_key (
  tenant text not null, api_key text not null, position integer not null,
  primary key (tenant, api_key, position)
) strict, without rowid;

create table role_count (
  tenant text not null, role text not null,
  pending integer not null check (pending >= 0),
  active integer not null check (active >= 0),
  inactive integer not null check (inactive >= 0),
  primary key (tenant, role)
) strict, without rowid;

create table element (
  tenant text not null, list text not null, ordinal integer not null,
  holder_kind text, holder text, target_kind text, target text, record text not null,
  primary key (tenant, list, ordinal)
) strict, without rowid;
create index element_holder on element (tenant, list, holder_kind, holder, target_kind, target, ordinal);

create table holding (
  tenant text not null, list text not null, value text not null, ordinal integer not null,
  name text not null, places text not null,
  primary key (tenant, list, value, ordinal)
) strict, without rowid;

create table entity (
  tenant text not null, type text not null, id text not null, ordinal integer not null, record text not null,
  primary key (tenant, type, id)
) strict, without rowid;
create unique index entity_ordinal on entity (tenant, type, ordinal);
`,
  `
create table invitation (
  tenant text not null, user text not null, digest text not null, expires integer not null,
  primary key (tenant, user)
) strict, without rowid;
create unique index invitation_digest on invitation (tenant, digest);

create table answered (
  tenant text not null, key text not null, digest text not null, body text not null, at integer not null,
  primary key (tenant, key)
) strict, without rowid;
create index answered_at on answered (at);
`,
  `
create table outbox (
  seq integer primary key, id text not null unique, tenant text not null, channel text not null,
  type text not null, body text not null, recipient text, secret text, digest text, expires integer,
  created integer not null, attempts integer not null, due integer not null, dead integer not null, error text
) strict;
create index outbox_tenant on outbox (dead, tenant, seq);
create index outbox_place on outbox (dead, seq);
create index outbox_invitation on outbox (digest) where digest is not null;
`,
  `
create index member_by_role on member (tenant, coalesce(role, ''), user);
create index member_by_email on member (tenant, coalesce(email_address, ''), user);
`,
  `
create table session (
  tenant text not null, id text not null, user text not null, about text not null, at text not null,
  primary key (tenant, id)
) strict, without rowid;
create index session_user on session (tenant, user, at, id);

alter table change add column ended text not null default '[]';
create index change_tenant on change (tenant, rev);
`,
  `
create table activity (
  tenant text not null, rev integer not null, at text not null, action text not null,
  actor_type text not null, actor text not null, targets text not null,
  primary key (tenant, rev)
) strict, without rowid;
create table activity_user (
  tenant text not null, user text not null, rev integer not null,
  primary key (tenant, user, rev)
) strict, without rowid;
`,
  `
create table token (
  name text primary key, digest text not null unique, scope text not null, tenant text,
  expires integer, created integer not null
) strict, without rowid;
`,
  `
create table lane (tenant text primary key, holder text not null, expires integer not null) strict, without rowid;
create view clock as select cast(unixepoch('subsec') * 1000 as integer) as now;
`,
  `
alter table member add column last_login text not null default '';
create index member_by_last_login on member (tenant, last_login, user);
`,
  `
create table monthly (
  tenant text not null, action text not null, user text not null, month text not null,
  primary key (month, tenant, action, user)
) strict, without rowid;
create table month (month text primary key) strict, without rowid;
`,
  `
create index activity_at on activity (at, rev);
`,
]
