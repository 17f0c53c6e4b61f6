import { createHash } from 'node:crypto';
import { appendFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import {
  availableDatabases,
  createEmptyDatabase,
  type TestDatabase,
} from '../../../../test/support/databases.js';
import { addMigration, scratchFolder } from '../../../../test/support/scratch-migrations.js';
import { applyMigrations } from './apply-migrations.js';
import { diffSchema } from './diff-schema.js';
import { migrationNames, prismaFolder, readMigrations } from './migrations-folder.js';
import { migrationsPending } from './schema-state.js';

describe.each(availableDatabases())('migrations on the %s PostgreSQL', (kind) => {
  let database: TestDatabase;
  let folder: string;

  beforeEach(async () => {
    database = await createEmptyDatabase(kind);
    folder = await scratchFolder();
  });

  afterEach(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  it('brings an empty database to what schema.prisma says', async () => {
    expect(await applyMigrations(database.url)).toEqual(await migrationNames());
    expect(await diffSchema(database.url)).toBe('');
  });

  it('applies nothing a second time', async () => {
    await applyMigrations(database.url, { folder });
    expect(await applyMigrations(database.url, { folder })).toEqual([]);
  });

  it('keeps the history with the checksums that Prisma keeps', async () => {
    await applyMigrations(database.url);
    const kept = await history(database.url);
    const expected = (await readMigrations()).map(({ name, sql }) => ({
      migration_name: name,
      checksum: createHash('sha256').update(sql).digest('hex'),
      applied_steps_count: 1,
      logs: null,
      state: 'applied',
    }));
    expect(kept).toEqual(expected);
  });

  it('applies each migration once when several processes start together', async () => {
    const applied = await Promise.all([1, 2, 3, 4].map(() => applyMigrations(database.url, { folder })));
    expect(applied.flat()).toEqual(['1_things']);
  });

  it('lists what is pending, before, between and after', async () => {
    expect(await migrationsPending(database.url, folder)).toEqual(['1_things']);
    await applyMigrations(database.url, { folder });
    await addMigration(folder, '2_more', 'create table more (id int);');
    expect(await migrationsPending(database.url, folder)).toEqual(['2_more']);
    await applyMigrations(database.url, { folder });
    expect(await migrationsPending(database.url, folder)).toEqual([]);
  });

  it('asks a pool that is there already', async () => {
    await applyMigrations(database.url, { folder });
    const pool = new pg.Pool({ connectionString: database.url });
    expect(await migrationsPending(pool, folder)).toEqual([]);
    await pool.end();
  });

  it('names the migration, the error and its line when the database refuses one', async () => {
    await addMigration(folder, '2_bad', 'create table more (id int);\nselect nothing from nowhere;');
    await expect(applyMigrations(database.url, { folder })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringMatching(
        /2_bad failed.*relation "nowhere" does not exist \(SQLSTATE 42P01\); at line 2/,
      ),
    });
  });

  it('keeps nothing of a refused migration and applies it once it is mended', async () => {
    await addMigration(folder, '2_bad', 'create table more (id int); select 1 / 0;');
    await expect(applyMigrations(database.url, { folder })).rejects.toThrow('division by zero');
    expect(await history(database.url)).toMatchObject([{ state: 'applied' }, { state: 'rolled back' }]);
    await addMigration(folder, '2_bad', 'create table more (id int); select 1 / 1;');
    expect(await applyMigrations(database.url, { folder })).toEqual(['2_bad']);
  });

  it('goes on after a process that died in the middle of a migration', async () => {
    await addMigration(folder, '2_slow', 'create table more (id int);\nselect pg_sleep(60);');
    const dying = applyMigrations(database.url, { folder }).catch((error: Error) => error);
    await endBackend(database.url, '%pg_sleep(60)%');
    await dying;
    await addMigration(folder, '2_slow', 'create table more (id int);');
    expect(await applyMigrations(database.url, { folder })).toEqual(['2_slow']);
  });

  it('leaves a migration that another tool left unfinished to a person', async () => {
    await applyMigrations(database.url, { folder });
    await addMigration(folder, '2_more', 'create table more (id int);');
    await execute(
      database.url,
      `insert into _prisma_migrations (id, checksum, migration_name) values ('x', 'x', '2_more')`,
    );
    await expect(applyMigrations(database.url, { folder })).rejects.toMatchObject({
      code: 'MIGRATIONS_BLOCKED',
      message: expect.stringContaining('2_more'),
    });
  });

  it('shows what schema.prisma has and the database has not', async () => {
    await applyMigrations(database.url, { folder });
    expect(await diffSchema(database.url, folder)).toBe('');
    await appendFile(path.join(folder, 'schema.prisma'), 'model extra {\n  id Int @id\n}\n');
    expect(await diffSchema(database.url, folder)).toContain('CREATE TABLE "extra"');
  });
});

it('finds the prisma folder from any working directory', () => {
  expect(prismaFolder()).toBe(path.resolve('prisma'));
});

const history = (url: string) =>
  execute(
    url,
    `select migration_name, checksum, applied_steps_count, logs,
            case when rolled_back_at is not null then 'rolled back' when finished_at is null then 'unfinished' else 'applied' end as state
       from _prisma_migrations order by started_at`,
  );

/** Waits for a session that runs such a statement and ends it, as a killed process would. */
async function endBackend(url: string, statement: string): Promise<void> {
  const found = `select pg_terminate_backend(pid) from pg_stat_activity
                  where datname = current_database() and pid <> pg_backend_pid() and state = 'active' and query like '${statement}'`;
  while ((await execute(url, found)).length === 0);
}

async function execute(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(sql).finally(() => client.end());
  return rows;
}
