import pg from 'pg';
import { migrationNames } from './migrations-folder.js';

/** A pool or client; what {@link migrationsPending} asks goes through it. */
export interface Queryable {
  query(sql: string): Promise<{ rows: Record<string, unknown>[] }>;
}

const UNDEFINED_TABLE = '42P01';

/** The migrations that this build has and the database has not: empty means ready. */
export async function migrationsPending(database: string | Queryable, folder?: string): Promise<string[]> {
  const [wanted, applied] = await Promise.all([migrationNames(folder), appliedMigrations(database)]);
  return wanted.filter((name) => !applied.has(name));
}

async function appliedMigrations(database: string | Queryable): Promise<Set<unknown>> {
  if (typeof database !== 'string') return readApplied(database);
  const client = new pg.Client({ connectionString: database, connectionTimeoutMillis: 10_000 });
  await client.connect();
  return readApplied(client).finally(() => client.end());
}

async function readApplied(database: Queryable): Promise<Set<unknown>> {
  try {
    const { rows } = await database.query(
      'select migration_name from _prisma_migrations where finished_at is not null and rolled_back_at is null',
    );
    return new Set(rows.map((row) => row.migration_name));
  } catch (error) {
    if ((error as pg.DatabaseError).code === UNDEFINED_TABLE) return new Set();
    throw error;
  }
}
