import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../database/connection.js';
import { grantUse, serviceGrants } from '../database/grants.js';
import { applyMigrations } from '../migrations/apply-migrations.js';
import { embeddedSuperuserUrl } from '../testing/embedded-superuser.js';
import { runningEmbeddedPostgres } from './running-embedded-postgres.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './start-embedded-postgres.js';

const deniedTo = (url: () => string) => async (statement: string) => {
  await expect(ask(url(), statement)).rejects.toMatchObject({ code: '42501' });
};

let root: string;
let server: EmbeddedPostgres;

beforeAll(async () => {
  root = mkdtempSync(path.join(os.tmpdir(), 'rollcall-roles-'));
  chmodSync(root, 0o755);
  server = await start();
});

afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('the roles of the embedded PostgreSQL', () => {
  beforeAll(async () => {
    await applyMigrations(server.ownerUrl);
    await withConnection({ url: server.ownerUrl }, (client) => grantUse(client, 'rollcall', serviceGrants));
  });

  it('are two that are no superusers, with passwords of their own', async () => {
    expect(await ask(server.url, WHO)).toEqual([{ role: 'rollcall', mighty: false }]);
    expect(await ask(server.ownerUrl, WHO)).toEqual([{ role: 'rollcall_owner', mighty: false }]);
    const urls = [server.url, server.ownerUrl, superuser()];
    expect(new Set(urls.map((url) => new URL(url).password)).size).toBe(3);
  });

  it('are told to a tool beside the service', () => {
    expect(runningEmbeddedPostgres(server.dataDir)).toEqual({ url: server.url, ownerUrl: server.ownerUrl });
  });

  it.each([
    'alter table es.events disable trigger all',
    'drop trigger events_append_only on es.events',
    'truncate es.events',
    'update es.events set data = null',
    'delete from es.events',
    'alter table es.events owner to rollcall',
    'drop table identities',
    'drop schema es cascade',
    'create table public.mine ()',
    'create schema mine',
    'create extension pg_trgm',
    'set session_replication_role = replica',
    'set role rollcall_owner',
    'set session authorization postgres',
    'alter role rollcall superuser',
    'alter role rollcall createrole',
  ])(
    'let the one that serves requests not “%s”',
    deniedTo(() => server.url),
  );

  it.each([
    'create role another',
    'create database another',
    'alter role rollcall_owner superuser',
    'alter system set fsync = off',
    'set session_replication_role = replica',
    `copy (select 1) to program 'cat'`,
    `select pg_read_file('postgresql.conf')`,
  ])('let neither of them “%s”', async (statement) => {
    for (const url of [server.url, server.ownerUrl]) await deniedTo(() => url)(statement);
  });

  it('let the owner add a trusted extension, and grant use again after it', async () => {
    await ask(server.ownerUrl, 'create extension pg_trgm');
    await withConnection({ url: server.ownerUrl }, (client) => grantUse(client, 'rollcall', serviceGrants));
    expect(await ask(server.url, `select 'Ada' % 'Adam' as alike`)).toEqual([{ alike: true }]);
  });

  it('let the one that serves requests read and write, and make temporary tables', async () => {
    expect(await ask(server.url, 'select count(*)::int as n from identities')).toEqual([{ n: 0 }]);
    await ask(server.url, 'create temporary table passing as select 1 as one');
    await ask(server.url, `insert into es.checkpoints (subscription, position) values ('a test', 0)`);
  });
});

describe('data that belonged to the superuser', () => {
  const MADE = `
    create schema bullmq;
    create type bullmq.job_state as enum ('waiting', 'done');
    create type bullmq.pair as (a int, b int);
    create domain bullmq.name as text check (value <> '');
    create table bullmq.job (id serial primary key, state bullmq.job_state, "Odd name" bullmq.name);
    create sequence bullmq."free seq";
    create view bullmq.waiting as select * from bullmq.job;
    create materialized view bullmq.counted as select count(*) from bullmq.job;
    create table bullmq.parts (at date) partition by range (at);
    create table bullmq.part partition of bullmq.parts for values from ('2026-01-01') to ('2027-01-01');
    create function bullmq.f(integer default 0, text[] default '{}') returns integer language sql return 1;
    create procedure bullmq.p() language sql begin atomic select 1; end;
    create aggregate bullmq.total(integer) (sfunc = int4pl, stype = integer);
    create extension citext schema bullmq;
    insert into bullmq.job (state) values ('waiting')`;

  beforeAll(async () => {
    await ask(superuser(), MADE);
    await applyMigrations(superuser());
  });

  it.each<[string, string]>([
    [
      'from a former version, which had no roles',
      'reassign owned by rollcall_owner to postgres; drop owned by rollcall',
    ],
    ['after a start that was killed before the end', 'alter table identities owner to postgres'],
    [
      'after a start that was killed before its database had an owner',
      'alter database rollcall owner to postgres',
    ],
  ])('changes hands %s', async (_, undo) => {
    await ask(superuser(), undo);
    await server.stop();
    server = await start();
    expect(await ask(superuser(), STILL_THE_SUPERUSERS)).toEqual([]);
    expect(await ask(server.ownerUrl, 'select state from bullmq.job')).toEqual([{ state: 'waiting' }]);
    await ask(
      server.ownerUrl,
      `alter table identities add column extra text; alter table identities drop column extra;
       alter type bullmq.job_state add value if not exists 'failed'; alter table bullmq.parts add column b int;
       alter table bullmq.parts drop column b; create schema another; drop schema another`,
    );
    expect(await applyMigrations(server.ownerUrl)).toEqual([]);
  });

  it('changes hands when even the roles are gone', async () => {
    const roles = 'rollcall, rollcall_owner';
    await ask(
      superuser(),
      `reassign owned by ${roles} to postgres; drop owned by ${roles}; drop role ${roles}`,
    );
    await server.stop();
    server = await start();
    expect(await ask(superuser(), STILL_THE_SUPERUSERS)).toEqual([]);
  });

  const STILL_THE_SUPERUSERS = `
    select nspname as what from pg_namespace
     where nspowner = 'postgres'::regrole and nspname in ('public', 'es', 'bullmq')
    union all select relname from pg_class
     where relowner = 'postgres'::regrole and relnamespace::regnamespace::text in ('public', 'es', 'bullmq')
    union all select proname from pg_proc where proowner = 'postgres'::regrole
       and pronamespace::regnamespace::text in ('public', 'es', 'bullmq')
       and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
    union all select typname from pg_type where typowner = 'postgres'::regrole
       and typnamespace::regnamespace::text in ('public', 'es', 'bullmq') and typname !~ 'citext|gtrgm'
    union all select datname from pg_database where datdba = 'postgres'::regrole and datname = 'rollcall'`;
});

const WHO =
  'select rolname as role, rolsuper or rolcreaterole as mighty from pg_roles where rolname = current_user';

const superuser = () => embeddedSuperuserUrl(server.dataDir);

const start = () => startEmbeddedPostgres({ dataDir: path.join(root, 'data'), log: () => undefined });

const ask = (url: string, sql: string): Promise<Record<string, unknown>[]> =>
  withConnection({ url }, async (client) => (await client.query(sql)).rows);
