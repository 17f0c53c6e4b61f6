import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import {
  createEmptyDatabase,
  describeMainlyOn,
  type TestDatabase,
} from '../../../../test/support/databases.js';
import { addMigration, scratchFolder } from '../../../../test/support/scratch-migrations.js';
import { applyMigrations } from './apply-migrations.js';

describeMainlyOn('embedded', 'the lock of migrations', ({ kind }) => {
  let database: TestDatabase;
  let folder: string;
  let other: pg.Client;

  beforeEach(async () => {
    database = await createEmptyDatabase(kind);
    folder = await scratchFolder();
    other = new pg.Client({ connectionString: database.url, application_name: 'somebody-else' });
    await other.connect();
  });

  afterEach(async () => {
    await other.end();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  it('is waited for', async () => {
    await other.query('select pg_advisory_lock(7744, 1)');
    const applying = applyMigrations(database.url, { folder });
    await other.query('select pg_sleep(0.1)');
    await other.query('select pg_advisory_unlock(7744, 1)');
    expect(await applying).toEqual(['1_things']);
  });

  it('is waited for no longer than its limit, and who holds it is named', async () => {
    const { rows } = await other.query('select pg_advisory_lock(7744, 1), pg_backend_pid() as pid');
    await expect(applyMigrations(database.url, { folder, lockWithin: 600 })).rejects.toMatchObject({
      code: 'MIGRATION_LOCK_HELD',
      message: expect.stringMatching(
        new RegExp(`"somebody-else", process ${rows[0].pid} .*pg_terminate_backend\\(${rows[0].pid}\\)`),
      ),
    });
  });

  it.each([
    ['of another key', 'select pg_advisory_lock(7744, 2)'],
    ['of one number', 'select pg_advisory_lock((7744::bigint << 32) + 1)'],
    ['that is shared under another number', 'select pg_advisory_lock_shared(1, 7744)'],
  ])('is not the lock %s', async (_, lock) => {
    await other.query(lock);
    expect(await applyMigrations(database.url, { folder, lockWithin: 0 })).toEqual(['1_things']);
  });

  it('is free again after each end: of work, of a failure, of its connection', async () => {
    await applyMigrations(database.url, { folder });
    await addMigration(folder, '2_bad', 'select 1 / 0;');
    await expect(applyMigrations(database.url, { folder })).rejects.toThrow('division by zero');
    await addMigration(folder, '2_bad', 'select pg_sleep(60);');
    const lost = applyMigrations(database.url, { folder }).catch((error: Error) => error);
    await endMigrating(other, '%pg_sleep(60)%');
    await lost;
    await addMigration(folder, '2_bad', 'select 1;');
    expect(await applyMigrations(database.url, { folder, lockWithin: 5_000 })).toEqual(['2_bad']);
  });

  it.each([
    ['while a migration runs', '%pg_sleep(60)%', /lost during migration 2_slow .*Start again/],
    ['while it waits for another migration tool', '%pg_advisory_lock(72707369)%', /lost while migrations/],
  ])('fails the migration and not the process when its connection is lost %s', async (_, statement, said) => {
    await applyMigrations(database.url, { folder });
    await addMigration(folder, '2_slow', 'create table more (id int);\nselect pg_sleep(60);');
    if (statement.includes('advisory')) await other.query('select pg_advisory_lock(72707369)');
    const applying = applyMigrations(database.url, { folder });
    const outcome = expect(applying).rejects.toMatchObject({
      code: 'MIGRATION_INTERRUPTED',
      retryable: true,
      message: expect.stringMatching(said),
    });
    await endMigrating(other, statement);
    await outcome;
  });

  it.each([
    ['the start of a migration is written down', 'before insert', '%INSERT INTO "_prisma_migrations"%'],
    ['it is marked as ours', 'before update', '%committed together with%'],
  ])('leaves nothing to settle when its connection is lost while %s', async (_, moment, statement) => {
    await applyMigrations(database.url, { folder });
    await other.query(`
      create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$;
      create trigger wait ${moment} on _prisma_migrations for each row execute function wait()`);
    await addMigration(folder, '2_more', 'create table more (id int);');
    const outcome = expect(applyMigrations(database.url, { folder })).rejects.toMatchObject({
      code: 'MIGRATION_INTERRUPTED',
    });
    await endMigrating(other, statement);
    await outcome;
    await other.query('drop trigger wait on _prisma_migrations');
    expect(await applyMigrations(database.url, { folder })).toEqual(['2_more']);
  });

  it.each([
    ['a transaction', 'begin; lock table things', /2_more failed.*55P03.*start again/],
    [
      'another migration tool',
      'select pg_advisory_lock(72707369)',
      /cannot be applied.*(55P03|P1002).*start again/,
    ],
  ])('is not kept while %s holds what is needed for long', async (_, lock, said) => {
    await applyMigrations(database.url, { folder });
    await addMigration(folder, '2_more', 'alter table things add more int;');
    await other.query(lock);
    await expect(applyMigrations(database.url, { folder })).rejects.toThrow(said);
    await other.query('rollback; select pg_advisory_unlock_all()');
    expect(await applyMigrations(database.url, { folder })).toEqual(['2_more']);
  });

  it('is free soon after its process was killed, and nothing of the migration is kept', async () => {
    await addMigration(folder, '2_slow', 'create table more (id int);\nselect pg_sleep(600);');
    const child = spawn(process.execPath, ['--input-type=module', '-e', migrating(database.url, folder)]);
    await found(other, '%pg_sleep(600)%');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await addMigration(folder, '2_slow', 'create table more (id int);');
    expect(await applyMigrations(database.url, { folder, lockWithin: 30_000 })).toEqual(['2_slow']);
  });
});

/** Source of a process that migrates. */
const migrating = (url: string, folder: string): string => {
  const module = pathToFileURL(path.resolve('dist/libs/platform/src/migrations/apply-migrations.js'));
  return `import { applyMigrations } from '${module}'; await applyMigrations('${url}', { folder: '${folder}' });`;
};

/** Waits for the session that migrates to run such a statement. */
async function found(client: pg.Client, statement: string): Promise<number> {
  for (;;) {
    const { rows } = await client.query(
      `select pid from pg_stat_activity where datname = current_database() and application_name = 'rollcall-migrations'
        and state = 'active' and query like $1`,
      [statement],
    );
    if (rows.length > 0) return rows[0].pid;
  }
}

async function endMigrating(client: pg.Client, statement: string): Promise<void> {
  await client.query('select pg_terminate_backend($1)', [await found(client, statement)]);
}
