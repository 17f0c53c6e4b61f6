import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import {
  createTestDatabase,
  describeEachDatabase,
  describeWithPrograms,
  type TestDatabase,
} from '../../../../test/support/databases.js';
import { type PgBouncer, startPgBouncer } from '../../../../test/support/pgbouncer.js';
import { uuidv4 } from '../uuid.js';
import { grantUse } from './grants.js';
import { holdClient } from './hold-client.js';
import { createPool, type Pool } from './pool.js';
import { createPrisma } from './prisma.js';
import { type DatabaseUrls, prepareServingRole, verifyServing } from './serving-session.js';
import { inTransaction } from './transaction.js';

describeEachDatabase('a role that serves requests', (database) => {
  let role: Role;
  let pool: Pool;
  let urls: DatabaseUrls;
  beforeAll(async () => {
    role = await createRole(database.url);
    urls = { url: role.url, ownerUrl: database.url, pooled: false };
    await prepareServingRole(urls);
    pool = createPool({ url: role.url, max: 2 });
  });
  afterAll(async () => {
    await pool.end();
    await role.drop();
  });

  it('is named, and can serve', async () => {
    expect(await prepareServingRole(urls)).toBe(role.name);
    await expect(verifyServing(urls)).resolves.toBeUndefined();
  });

  it('is prepared by processes that start together', async () => {
    const prepared = await Promise.all(Array.from({ length: 6 }, () => prepareServingRole(urls)));
    expect(new Set(prepared)).toEqual(new Set([role.name]));
  });

  it('appends to the log and follows it', async () => {
    const { rows } = await pool.query(APPEND, [uuidv4(), uuidv4()]);
    expect(rows).toMatchObject([{ version: 1 }]);
    await pool.query('select es.safe_position()');
    await pool.query(`insert into es.checkpoints (subscription, position) values ('s', 0)`);
    await pool.query(`update es.checkpoints set position = 1 where subscription = 's'`);
    await pool.query('delete from es.commands');
  });

  it('is let use what the owner made, where others keep tables in the same schema', async () => {
    const owner = await createRole(database.url);
    const admin = createPool({ url: database.url, max: 1 });
    const maker = createPool({ url: owner.url, max: 1 });
    await admin.query(`create schema shared authorization ${owner.name}; create table shared.theirs ()`);
    await maker.query('create table shared.ours (n serial)');
    const grant = { schema: 'shared', tables: ['select', 'insert'] };
    await holdClient(maker, (client) => grantUse(client, role.name, [grant]));
    await pool.query('insert into shared.ours default values');
    await expect(pool.query('select from shared.theirs')).rejects.toMatchObject({ code: '42501' });
    await admin.query('drop schema shared cascade');
    await Promise.all([admin.end(), maker.end()]);
    await owner.drop();
  });

  it.each([
    'alter table es.events disable trigger events_append_only',
    'alter table es.events disable trigger all',
    'drop trigger events_append_only on es.events',
    `create or replace function es.refuse_change() returns trigger language plpgsql as 'begin return old; end'`,
    `update es.events set data = '{}'`,
    'delete from es.events',
    'truncate es.events',
    'drop table es.events',
    'drop schema es cascade',
    'create table public.mine ()',
    'create schema mine',
    'update _prisma_migrations set checksum = checksum',
    `set session_replication_role = 'replica'`,
    'alter table identities add column mine int',
  ])('may not %s', (sql) => expect(pool.query(sql)).rejects.toMatchObject({ code: '42501' }));
});

describeWithPrograms('behind PgBouncer in transaction mode', ['pgbouncer'], () => {
  let database: TestDatabase;
  let role: Role;
  let pooler: PgBouncer;
  let urls: DatabaseUrls;
  beforeAll(async () => {
    database = await createTestDatabase();
    role = await createRole(database.url);
    pooler = await startPgBouncer([database.url, role.url]);
    urls = { url: pooler.through(role.url), ownerUrl: database.url, pooled: true };
  });
  afterAll(async () => {
    await pooler.stop();
    await database.drop();
    await role.drop();
  });

  it('is recognised and named where nobody announced it', async () => {
    await expect(verifyServing({ ...urls, pooled: false })).rejects.toMatchObject({
      code: expect.stringMatching(/POOLER_UNANNOUNCED|DATABASE_UNAVAILABLE/),
    });
    const swallowing = await startPgBouncer([role.url], 'ignore_startup_parameters = options');
    await expect(
      verifyServing({ ...urls, url: swallowing.through(role.url), pooled: false }),
    ).rejects.toMatchObject({
      code: 'POOLER_UNANNOUNCED',
      message: expect.stringMatching(/PgBouncer.*ROLLCALL_DATABASE_POOLED=1/s),
    });
    await swallowing.stop();
  });

  it('says which settings the pooler’s older sessions lack', async () => {
    await expect(verifyServing(urls)).rejects.toMatchObject({
      code: 'SESSION_UNRELIABLE',
      message: expect.stringContaining('statement_timeout = 0'),
    });
  });

  it('has its settings from the role', async () => {
    expect(await prepareServingRole(urls)).toBe(role.name);
    await pooler.reconnect();
    await expect(verifyServing(urls)).resolves.toBeUndefined();
  });

  it('keeps them with the role itself where the owner may not', async () => {
    const urlsOfOne = { url: urls.url, ownerUrl: role.url, pooled: true };
    await expect(prepareServingRole(urlsOfOne)).resolves.toBeUndefined();
  });

  describe('with many clients on few sessions', () => {
    it('serves statements, transactions and Prisma, and leaves nothing behind', async () => {
      const pool = createPool({ url: urls.url, pooled: true, max: 16 });
      const prisma = createPrisma({ url: urls.url, pooled: true, max: 4 });
      const asked = Array.from({ length: 400 }, (_, n) => {
        if (n % 3 === 0) return pool.query({ name: 'one', text: 'select $1::int as n', values: [n] });
        if (n % 3 === 1) return inTransaction(pool, (client) => client.query(APPEND, [uuidv4(), uuidv4()]));
        return prisma.apiKey.count();
      });
      const outcomes = await Promise.allSettled(asked);
      expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
      const { rows } = await pool.query(
        `select count(*) as held from pg_locks where locktype = 'advisory'
           and database = (select oid from pg_database where datname = current_database())`,
      );
      expect(rows).toEqual([{ held: 0 }]);
      await pool.end();
      await prisma.$disconnect();
    });
  });
});

const APPEND = `select version from es.append_one($1, 'note', 0, $2, 'Noted', 1::smallint, '{}', '{}')`;

interface Role {
  readonly name: string;
  readonly url: string;
  drop(): Promise<void>;
}

/** A role that may do nothing yet, in the database of this URL. */
async function createRole(databaseUrl: string): Promise<Role> {
  const name = `rollcall_test_${uuidv4().slice(0, 8)}`;
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(`create role ${name} login password 'secret-of-a-test'`);
  await admin.query('revoke create on schema public from public');
  await admin.end();
  const url = new URL(databaseUrl);
  url.username = name;
  url.password = 'secret-of-a-test';
  const elsewhere = new URL(databaseUrl);
  elsewhere.pathname = '/postgres';
  return {
    name,
    url: url.href,
    drop: async () => {
      const client = new pg.Client({ connectionString: databaseUrl });
      client.on('error', () => undefined);
      const there = await client.connect().then(
        () => true,
        () => false,
      );
      if (there) await client.query(`drop owned by ${name} cascade`).finally(() => client.end());
      const last = new pg.Client({ connectionString: elsewhere.href });
      await last.connect();
      await last.query(`drop role if exists ${name}`).finally(() => last.end());
    },
  };
}
