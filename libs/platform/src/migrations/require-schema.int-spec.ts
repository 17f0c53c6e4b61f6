import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import {
  availableDatabases,
  createEmptyDatabase,
  type TestDatabase,
} from '../../../../test/support/databases.js';
import { addMigration, scratchFolder } from '../../../../test/support/scratch-migrations.js';
import { grantUse, serviceGrants } from '../database/grants.js';
import { applyMigrations } from './apply-migrations.js';
import { migrationNames, readMigrations } from './migrations-folder.js';
import { requireSchema } from './require-schema.js';

describe.each(availableDatabases())('the schema that code needs, on the %s PostgreSQL', (kind) => {
  let database: TestDatabase;
  let folder: string;
  let client: pg.Client;

  beforeEach(async () => {
    database = await createEmptyDatabase(kind);
    folder = await scratchFolder();
    await addMigration(folder, '2_requirements', REQUIREMENTS);
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });

  afterEach(async () => {
    await client.end();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const apply = (version: string) => applyMigrations(database.url, { folder, version });
  const demand = (version: string) => requireSchema(client, { folder, version });
  /** As a newer release does, whose files this one has not. */
  const applyNewer = async (version: string, sql: string) => {
    await addMigration(folder, '3_newer', sql);
    await apply(version);
    await rm(path.join(folder, 'migrations/3_newer'), { recursive: true });
  };

  it('is written down for every migration of ours', async () => {
    await applyMigrations(database.url);
    const expected = (await readMigrations()).map(({ name, oldestCode }) => ({ name, code: oldestCode }));
    expect(await requirements(client)).toEqual(expected);
  });

  it('is written in the transaction of the migration', async () => {
    await apply('0.2.0');
    const failing = '-- Oldest code: 0.2.0\ncreate table more (id int);\nselect 1 / 0;';
    await expect(applyNewer('0.2.0', failing)).rejects.toThrow('division by zero');
    expect(await requirements(client)).not.toContainEqual({ name: '3_newer', code: '0.2.0' });
    await applyNewer('0.2.0', '-- Oldest code: 0.2.0\ncreate table more (id int); -- the end');
    expect(await requirements(client)).toContainEqual({ name: '3_newer', code: '0.2.0' });
  });

  describe('when a newer release has migrated', () => {
    it.each([
      ['its own version', '0.3.0'],
      ['a newer one', '0.10.0'],
    ])('refuses code that it excludes, naming what is needed: %s', async (_, oldest) => {
      await apply('0.2.0');
      await applyNewer('0.10.0', `-- Oldest code: ${oldest}\nselect 1;`);
      const excluded = {
        code: 'SCHEMA_TOO_NEW',
        message: expect.stringContaining(
          `needs Rollcall ${oldest} or newer since migration 3_newer, and this is 0.2.0`,
        ),
      };
      await expect(apply('0.2.0')).rejects.toMatchObject(excluded);
      await expect(demand('0.2.0')).rejects.toMatchObject(excluded);
      await expect(demand('0.10.0')).resolves.toBeUndefined();
    });

    it('applies nothing of what excluded code has pending', async () => {
      await apply('0.2.0');
      await applyNewer('0.3.0', '-- Oldest code: 0.3.0\nselect 1;');
      await addMigration(folder, '2_a_late_one', 'create table late (id int);');
      await expect(apply('0.2.0')).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW' });
      expect(await history(client)).not.toContain('2_a_late_one');
    });

    it.each([
      ['as old as this', '-- Oldest code: 0.2.0\n'],
      ['older', '-- Oldest code: 0.1.0\n'],
      ['of any age', ''],
    ])('lets code go on that is %s', async (_, line) => {
      await apply('0.2.0');
      await applyNewer('0.3.0', `${line}select 1;`);
      await expect(demand('0.2.0')).resolves.toBeUndefined();
      expect(await apply('0.2.0')).toEqual([]);
      await addMigration(folder, '2_a_late_one', 'create table late (id int);');
      expect(await apply('0.2.0')).toEqual(['2_a_late_one']);
    });

    it('lets code go on where the tool that applied it wrote nothing down', async () => {
      await apply('0.2.0');
      await applyNewer('0.3.0', '-- Oldest code: 0.3.0\nselect 1;');
      await client.query(`delete from schema_requirements where migration = '3_newer'`);
      await expect(demand('0.2.0')).resolves.toBeUndefined();
    });
  });

  it('is written down later where another tool applied the migration', async () => {
    await apply('0.2.0');
    await client.query('truncate schema_requirements');
    expect(await apply('0.2.0')).toEqual([]);
    expect(await requirements(client)).toEqual([
      { name: '1_things', code: '0.1.0' },
      { name: '2_requirements', code: '0.2.0' },
    ]);
  });

  it.each([
    ['a comment', (sql: string) => `${sql}-- more\n`],
    ['a blank', (sql: string) => `${sql} `],
    ['its statements', () => 'select 1;'],
    ['nothing left', () => ''],
  ])('refuses a migration that was edited after it was applied: %s', async (_, edit) => {
    await apply('0.2.0');
    const file = path.join(folder, 'migrations/1_things/migration.sql');
    await writeFile(file, edit(await readFile(file, 'utf8')));
    const edited = { code: 'MIGRATION_EDITED', message: expect.stringContaining('1_things') };
    await expect(apply('0.2.0')).rejects.toMatchObject(edited);
    await expect(demand('0.2.0')).rejects.toMatchObject(edited);
  });

  it.each([
    ['\r\n', '\n'],
    ['\n', '\r\n'],
  ])('takes no other line ends for an edit: %j instead of %j', async (now, before) => {
    const write = (ends: string) => addMigration(folder, '1_things', THINGS.replaceAll('\n', ends));
    await write(before);
    await apply('0.2.0');
    await write(now);
    expect(await apply('0.2.0')).toEqual([]);
    await expect(demand('0.2.0')).resolves.toBeUndefined();
  });

  it('says what is pending', async () => {
    const pending = { code: 'MIGRATIONS_PENDING', message: expect.stringContaining('rollcall migrate') };
    await expect(demand('0.2.0')).rejects.toMatchObject(pending);
    await apply('0.2.0');
    await expect(demand('0.2.0')).resolves.toBeUndefined();
    await addMigration(folder, '3_more', 'select 1;');
    await expect(demand('0.2.0')).rejects.toMatchObject({ ...pending, migrations: ['3_more'] });
  });

  describe('asked by the role that serves requests', () => {
    let role: string;
    let url: string;
    beforeEach(async () => {
      role = `${new URL(database.url).pathname.slice(1)}_service`;
      await applyMigrations(database.url);
      await client.query(`create role ${role} login password 'service'`);
      await grantUse(client, role, serviceGrants);
      const target = new URL(database.url);
      [target.username, target.password] = [role, 'service'];
      url = target.href;
    });
    afterEach(async () => {
      await client.query(`drop owned by ${role}; drop role ${role}`);
    });

    it('is read, and nothing needs to be written where nothing is missing', async () => {
      const service = new pg.Client({ connectionString: url });
      await service.connect();
      await expect(requireSchema(service)).resolves.toBeUndefined();
      await expect(service.query('delete from schema_requirements')).rejects.toThrow('permission denied');
      await service.end();
      expect(await applyMigrations(url)).toEqual([]);
    });

    it('names the role when there is something to apply', async () => {
      const before = await migrationNames();
      await addMigration(folder, '3_more', 'create table public.more (id int);');
      await expect(applyMigrations(url, { folder })).rejects.toMatchObject({
        code: 'MIGRATIONS_NOT_PERMITTED',
        message: expect.stringContaining(`The role ${role} may not migrate`),
      });
      expect(await history(client)).toEqual(before);
    });
  });
});

const REQUIREMENTS = `-- Oldest code: 0.2.0
create table schema_requirements (migration text primary key, oldest_code text not null);
`;

const THINGS = 'create table things (id int);\ncreate index things_id on things (id);\n';

const requirements = async (client: pg.Client) =>
  (await client.query('select migration as name, oldest_code as code from schema_requirements order by 1'))
    .rows;

const history = async (client: pg.Client): Promise<string[]> =>
  (
    await client.query(
      'select migration_name from _prisma_migrations where rolled_back_at is null order by 1',
    )
  ).rows.map((row) => row.migration_name);
