import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import { ApiKeys } from '../api-keys/api-keys.js';
import { withConnection } from './connection.js';
import { DatabaseUnavailableError, TransactionRolledBackError } from './database.errors.js';
import { isDatabaseUnavailable } from './database-unavailable.js';
import { holdClient } from './hold-client.js';
import { holdForLong, inLongTransaction } from './long-work.js';
import { createPool, type Pool, type PoolClient } from './pool.js';
import { createPrisma } from './prisma.js';
import { inTransaction } from './transaction.js';

const waysToHold: [
  string,
  (pool: Pool, work: (client: PoolClient) => Promise<unknown>) => Promise<unknown>,
][] = [
  ['a held connection', holdClient],
  ['a transaction', inTransaction],
  ['long work', holdForLong],
  ['a long transaction', inLongTransaction],
];

describeEachDatabase('a connection that is held', (database) => {
  let pool: Pool;
  let killer: Pool;
  beforeAll(() => {
    pool = createPool({ url: database.url, max: 3 });
    killer = createPool({ url: database.url, max: 1 });
  });
  afterAll(async () => {
    await pool.end();
    await killer.end();
  });

  const end = (pid: number) => killer.query('select pg_terminate_backend($1, 5000)', [pid]);
  const pidOf = async (client: PoolClient): Promise<number> =>
    (await client.query('select pg_backend_pid() as pid')).rows[0].pid;

  it.each(waysToHold)(
    '%s fails with one error when the server ends it between statements',
    async (_, hold) => {
      const held = hold(pool, async (client) => {
        await end(await pidOf(client));
        await client.query('select 1');
      });
      await expect(held).rejects.toBeInstanceOf(DatabaseUnavailableError);
      await expect(pool.query('select 1')).resolves.toMatchObject({ rowCount: 1 });
    },
  );

  it.each(waysToHold)(
    '%s fails with one error when the server ends it within a statement',
    async (_, hold) => {
      const held = hold(pool, async (client) => {
        const pid = await pidOf(client);
        const sleeping = client.query('select pg_sleep(60)');
        const ended = end(pid);
        await Promise.all([sleeping, ended]);
      });
      await expect(held).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
    },
  );

  it.each(waysToHold)('%s hands the errors of its work on as they are', async (_, hold) => {
    const mine = new TypeError('mine');
    await expect(hold(pool, () => Promise.reject(mine))).rejects.toBe(mine);
    await expect(hold(pool, (client) => client.query('select 1/0'))).rejects.toMatchObject({ code: '22012' });
  });

  it('is another one for the next holder when it was lost while nobody looked', async () => {
    let lost = 0;
    await holdClient(pool, async (client) => {
      lost = await pidOf(client);
      await end(lost);
      await killer.query('select 1');
    });
    expect(await holdClient(pool, pidOf)).not.toBe(lost);
  });

  it('is another one for the next holder when it could not even roll back', async () => {
    const refused = inTransaction(pool, async (client) => {
      Object.assign(client, { query: () => Promise.reject(new Error('refused')) });
    });
    await expect(refused).rejects.toThrow('refused');
    for (const _ of [1, 2, 3]) expect(await holdClient(pool, pidOf)).toBeGreaterThan(0);
  });

  it('has every transaction over when it goes back', async () => {
    await expect(inTransaction(pool, (client) => client.query('select nothing'))).rejects.toThrow('nothing');
    const { rows } = await pool.query(`select count(*) from pg_stat_activity
      where datname = current_database() and state like 'idle in transaction%'`);
    expect(rows).toEqual([{ count: 0 }]);
  });

  it('is not said to be committed when PostgreSQL rolled back', async () => {
    const swallowing = inTransaction(pool, async (client) => {
      await client.query('select nothing').catch(() => undefined);
    });
    await expect(swallowing).rejects.toBeInstanceOf(TransactionRolledBackError);
  });
});

describeEachDatabase('every connection, whatever the database has as its defaults,', (database) => {
  beforeAll(async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    for (const [name, value] of hostileDefaults)
      await client.query(`alter database ${new URL(database.url).pathname.slice(1)} set ${name} = ${value}`);
    await client.end();
  });

  it('has the session that we rely on', async () => {
    const pool = createPool({ url: database.url, max: 1 });
    expect(await sessionOf((sql) => pool.query(sql))).toEqual(reliable);
    await pool.end();
  });

  it('has it when the URL asks for something else', async () => {
    const url = new URL(database.url);
    url.searchParams.set('options', '-c datestyle=German');
    url.searchParams.set('statement_timeout', '1');
    url.searchParams.set('application_name', 'else');
    await withConnection({ url: url.href }, async (client) => {
      expect(await sessionOf((sql) => client.query(sql))).toEqual(reliable);
    });
  });

  it('has it in Prisma’s pool', async () => {
    const prisma = createPrisma({ url: database.url, max: 1 });
    expect(await sessionOf(async (sql) => ({ rows: await prisma.$queryRawUnsafe(sql) }))).toEqual(reliable);
    await prisma.$disconnect();
  });
});

describeEachDatabase('a connection that falls silent', (database) => {
  it.each([
    ['a statement', (pool: Pool) => pool.query('select 1')],
    ['a transaction', (pool: Pool) => inTransaction(pool, async (client) => client.query('select 1'))],
  ])('fails %s, is cut, and takes the idle ones along', async (_, ask) => {
    const { url, proxy } = await wayTo(database.url);
    const pool = createPool({ url, max: 3, answerWithin: 200 });
    const other = createPool({ url, max: 2 });
    // The pool's own limit would close them, too, only later.
    for (const each of [pool, other]) Object.assign((each as pg.Pool).options, { idleTimeoutMillis: 0 });
    const busy = [pool, pool, pool, other, other].map((each) => each.query('select pg_sleep(0.05)'));
    await Promise.all(busy);
    expect(proxy.open).toBe(5);
    proxy.blackhole();
    await expect(ask(pool)).rejects.toBeInstanceOf(DatabaseUnavailableError);
    await until(() => proxy.open === 0);
    await proxy.heal();
    await expect(ask(pool)).resolves.toMatchObject({ rowCount: 1 });
    await pool.end();
    await other.end();
    await proxy.close();
  });

  it('is found out by the look-up of a key, well before any other statement would', async () => {
    const { url, proxy } = await wayTo(database.url);
    const pool = createPool({ url, max: 1 });
    const prisma = createPrisma({ url: database.url, max: 1 });
    const keys = new ApiKeys(prisma, { pool });
    const { key } = await keys.create({ name: 'one', scopes: ['read'] });
    expect(await keys.authenticate(key)).toMatchObject({ name: 'one' });
    proxy.blackhole();
    await expect(keys.requireLookUps()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await until(() => proxy.open === 0);
    await proxy.heal();
    await expect(keys.requireLookUps()).resolves.toBeUndefined();
    await pool.end();
    await prisma.$disconnect();
    await proxy.close();
  });

  it('fails what Prisma asks, and is not used again', async () => {
    const { url, proxy } = await wayTo(database.url);
    const prisma = createPrisma({ url, max: 1, answerWithin: 200 });
    const before = await prisma.apiKey.count();
    proxy.blackhole();
    const asked = await prisma.$transaction(async (tx) => tx.apiKey.count()).catch((error: unknown) => error);
    expect(isDatabaseUnavailable(asked)).toBe(true);
    await proxy.heal();
    expect(await prisma.apiKey.count()).toBe(before);
    await prisma.$disconnect();
    await proxy.close();
  });

  it('does not keep its holder from closing it', async () => {
    const { url, proxy } = await wayTo(database.url);
    await withConnection({ url }, async (client) => {
      await client.query('select 1');
      proxy.blackhole();
    });
    await until(() => proxy.open === 0);
    await proxy.close();
  });
});

const hostileDefaults = [
  ['datestyle', `'German, DMY'`],
  ['timezone', `'Asia/Kathmandu'`],
  ['intervalstyle', `'iso_8601'`],
  ['bytea_output', `'escape'`],
  ['extra_float_digits', '-10'],
  ['standard_conforming_strings', 'off'],
  ['array_nulls', 'off'],
  ['transform_null_equals', 'on'],
  ['quote_all_identifiers', 'on'],
  ['search_path', `'pg_catalog, es'`],
  ['default_transaction_isolation', `'serializable'`],
  ['default_transaction_deferrable', 'on'],
  ['client_encoding', `'SQL_ASCII'`],
  ['statement_timeout', '0'],
  ['lock_timeout', '0'],
  ['idle_in_transaction_session_timeout', '0'],
] as const;

const reliable = {
  DateStyle: 'ISO, MDY',
  TimeZone: 'UTC',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  search_path: 'public',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  client_encoding: 'UTF8',
  statement_timeout: '20000',
  lock_timeout: '10000',
  idle_in_transaction_session_timeout: '30000',
};

async function sessionOf(ask: (sql: string) => Promise<{ rows: unknown }>): Promise<Record<string, string>> {
  const names = Object.keys(reliable).map((name) => `'${name}'`);
  const { rows } = await ask(`select name, setting from pg_settings where name in (${names.join()})`);
  return Object.fromEntries(
    (rows as { name: string; setting: string }[]).map(({ name, setting }) => [name, setting]),
  );
}

async function until(so: () => boolean): Promise<void> {
  while (!so()) await sleep(10);
}

/** A way to the database on which everything can be swallowed, connections left open. */
async function wayTo(databaseUrl: string): Promise<{ url: string; proxy: TcpProxy }> {
  const url = new URL(databaseUrl);
  const proxy = await TcpProxy.to(Number(url.port || 5432), url.hostname);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  return { url: url.href, proxy };
}
