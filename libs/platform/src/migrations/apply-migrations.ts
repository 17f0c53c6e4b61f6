import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { MigrationFailedError, MigrationsBlockedError } from './migration.errors.js';
import { type Migration, prismaFolder, readMigrations } from './migrations-folder.js';
import { migrationsPending } from './pending-migrations.js';
import { noFilters, toMigrationList, withSchemaEngine } from './schema-engine.js';

export interface ApplyMigrationsOptions {
  /** The folder with `schema.prisma` and `migrations/`. */
  readonly folder?: string;
}

/**
 * Brings the database up to the migrations in `prisma/migrations` and returns the names of those it applied.
 * Processes that start together take turns. Each migration is one transaction, `_prisma_migrations` included,
 * so that a process killed in the middle leaves nothing for a person to settle.
 *
 * @throws MigrationFailedError naming the migration and what the database said
 */
export async function applyMigrations(
  databaseUrl: string,
  { folder = prismaFolder() }: ApplyMigrationsOptions = {},
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const schema = await readFile(path.join(folder, 'schema.prisma'), 'utf8');
  return whileLocked(databaseUrl, async (client) => {
    await forgetInterrupted(client);
    // The engine costs tens of megabytes for the life of the process: most starts need none.
    if ((await migrationsPending(client, folder)).length === 0) return [];
    return runEngine({ databaseUrl, folder, schema, migrations, client });
  });
}

interface EngineRun {
  readonly databaseUrl: string;
  readonly folder: string;
  readonly schema: string;
  readonly migrations: readonly Migration[];
  readonly client: pg.Client;
}

async function runEngine({ databaseUrl, folder, schema, migrations, client }: EngineRun): Promise<string[]> {
  let refused: MigrationFailedError | undefined;
  const runScript = async (pool: pg.Pool, script: string) => {
    try {
      await runInOneTransaction(pool, script);
    } catch (error) {
      const name = migrations.find(({ sql }) => sql === script)?.name ?? 'of the engine';
      refused = new MigrationFailedError(name, error as Error, script);
      await forgetInterrupted(client);
      throw error;
    }
  };
  try {
    return await withSchemaEngine({ url: databaseUrl, schema, runScript }, async (engine) => {
      const migrationsList = toMigrationList(folder, migrations);
      const applied = await engine.applyMigrations({ migrationsList, filters: noFilters });
      return applied.appliedMigrationNames;
    });
  } catch (error) {
    throw refused ?? new MigrationsBlockedError(error as Error);
  }
}

/** Two numbers: these keys never meet the one-number keys by which the event store's writers are seen. */
const LOCK = [7744, 1];

/** Holds the lock on a connection of its own, so that it ends with this process whatever happens to it. */
async function whileLocked<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1, $2)', LOCK);
    return await work(client);
  } finally {
    await client.end();
  }
}

const OURS = 'applying (Rollcall): committed together with finished_at';

/**
 * The engine writes a row, runs the script, then completes the row. Killed before the last step it would refuse
 * every later start. With `finished_at` in the script's own transaction, an unfinished row means that nothing of
 * the script was kept. (Statements sent as one text are one transaction.)
 */
async function runInOneTransaction(pool: pg.Pool, script: string): Promise<void> {
  const running = 'finished_at is null and rolled_back_at is null';
  await pool.query(`update _prisma_migrations set logs = '${OURS}' where ${running}`);
  await pool.query(
    `${script}\n;update _prisma_migrations set logs = null, finished_at = clock_timestamp() where ${running}`,
  );
}

/** Marks rows of ours that never finished as rolled back; those of `prisma migrate deploy` are for people to judge. */
async function forgetInterrupted(client: pg.Client): Promise<void> {
  const { rows } = await client.query(`select to_regclass('_prisma_migrations') is not null as found`);
  if (!rows[0].found) return;
  await client.query(
    `update _prisma_migrations set rolled_back_at = clock_timestamp()
      where finished_at is null and rolled_back_at is null and logs like $1 || '%'`,
    [OURS],
  );
}
