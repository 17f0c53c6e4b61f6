import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { databaseLimits } from '../database/database-limits.js';
import { currentRole } from '../database/grants.js';
import type { PoolClient } from '../database/pool.js';
import { packageVersion } from '../package-version.js';
import { EngineConnection } from './engine-adapter.js';
import {
  type FailedScript,
  isStatementError,
  MigrationsNotPermittedError,
  migrationsErrorOf,
} from './migration.errors.js';
import { whileMigrationsLocked } from './migration-lock.js';
import { type Migration, prismaFolder, readMigrations } from './migrations-folder.js';
import { admit } from './require-schema.js';
import { writeRequirement, writeRequirements } from './requirements.js';
import { noFilters, toMigrationList, withSchemaEngine } from './schema-engine.js';
import { schemaState } from './schema-state.js';

export interface ApplyMigrationsOptions {
  /** The folder with `schema.prisma` and `migrations/`. */
  readonly folder?: string;
  /** Of this code: a schema that excludes it is refused. */
  readonly version?: string;
  /** How long to wait for another process that migrates, in milliseconds. */
  readonly lockWithin?: number;
}

/**
 * Brings the database up to the migrations in `prisma/migrations` and returns the names of those it applied.
 * Processes that start together take turns. Each migration is one transaction, `_prisma_migrations` included,
 * so that a process killed in the middle leaves nothing for a person to settle. Where nothing is missing it only reads.
 *
 * @throws MigrationFailedError naming the migration and what the database said
 * @throws MigrationInterruptedError when the connection did not last
 * @throws MigrationEditedError, SchemaTooNewError when the database is not this code's
 * @throws MigrationLockHeldError when another process does not come to an end
 */
export async function applyMigrations(
  databaseUrl: string,
  {
    folder = prismaFolder(),
    version = packageVersion(),
    lockWithin = databaseLimits.migrationLock,
  }: ApplyMigrationsOptions = {},
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const schema = await readFile(path.join(folder, 'schema.prisma'), 'utf8');
  return whileMigrationsLocked({ url: databaseUrl, within: lockWithin }, (client) =>
    namingTheRole(client, () => bringUpToDate({ folder, version, schema, migrations, client })),
  );
}

async function bringUpToDate({ version, ...run }: EngineRun & { version: string }): Promise<string[]> {
  const { client, migrations } = run;
  await forgetInterrupted(client);
  const state = await schemaState(client, migrations);
  admit(state, version);
  // The engine costs tens of megabytes for the life of the process: most starts need none.
  const applied = state.pending.length === 0 ? [] : await runEngine(run);
  await writeMissingRequirements(client, migrations);
  return applied;
}

async function namingTheRole<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
    if (code !== NOT_PERMITTED && cause?.code !== NOT_PERMITTED) throw error;
    throw new MigrationsNotPermittedError(await currentRole(client), error as Error);
  }
}

/** SQLSTATE insufficient_privilege. */
const NOT_PERMITTED = '42501';

interface EngineRun {
  readonly folder: string;
  readonly schema: string;
  readonly migrations: readonly Migration[];
  readonly client: PoolClient;
}

async function runEngine({ folder, schema, migrations, client }: EngineRun): Promise<string[]> {
  const connection = new EngineConnection(client, MARK_OURS);
  let failed: FailedScript | undefined;
  const runScript = async (script: string) => {
    const migration = migrations.find(({ sql }) => sql === script);
    try {
      await runInOneTransaction(connection, script, migration);
    } catch (cause) {
      failed = { migration: migration?.name ?? 'of the engine', sql: script, cause: cause as Error };
      if (isStatementError(cause)) await forgetInterrupted(client);
      throw cause;
    }
  };
  try {
    return await withSchemaEngine({ connection, schema, runScript }, async (engine) => {
      const migrationsList = toMigrationList(folder, migrations);
      const applied = await engine.applyMigrations({ migrationsList, filters: noFilters });
      return applied.appliedMigrationNames;
    });
  } catch (error) {
    throw migrationsErrorOf(error as Error, { failed, lastError: connection.lastError });
  }
}

const OURS = 'applying (Rollcall): committed together with finished_at';
const RUNNING = 'finished_at is null and rolled_back_at is null';
const MARK_OURS = `update public._prisma_migrations set logs = '${OURS}' where ${RUNNING}`;

/**
 * The engine writes a row, runs the script, then completes the row. Killed before the last step it would refuse
 * every later start. With `finished_at` in the script's own transaction, an unfinished row means that nothing of
 * the script was kept; that the row is ours, it says from the moment it is there. (Statements sent as one text are one
 * transaction.)
 */
async function runInOneTransaction(
  connection: EngineConnection,
  script: string,
  migration: Migration | undefined,
): Promise<void> {
  const end = [
    ...(migration ? [writeRequirement(migration)] : []),
    `update public._prisma_migrations set logs = null, finished_at = clock_timestamp() where ${RUNNING}`,
  ];
  await connection.query([`${script}\n`, ...end].join(';'));
}

/** Marks rows of ours that never finished as rolled back; those of `prisma migrate deploy` are for people to judge. */
async function forgetInterrupted(client: PoolClient): Promise<void> {
  const { rows } = await client.query(`select to_regclass('public._prisma_migrations') is not null as found`);
  if (!rows[0].found) return;
  const interrupted = `${RUNNING} and logs like $1 || '%'`;
  const asked = await client.query(`select from public._prisma_migrations where ${interrupted}`, [OURS]);
  if (asked.rowCount === 0) return;
  await client.query(
    `update public._prisma_migrations set rolled_back_at = clock_timestamp() where ${interrupted}`,
    [OURS],
  );
}

async function writeMissingRequirements(client: PoolClient, migrations: readonly Migration[]): Promise<void> {
  const { rows } = await client.query(
    `select to_regclass('public.schema_requirements') is not null as found`,
  );
  if (!rows[0].found) return;
  const { unwritten } = await schemaState(client, migrations);
  await writeRequirements(
    client,
    migrations.filter(({ name }) => unwritten.includes(name)),
  );
}
