import { withConnection } from '../database/connection.js';
import { type KnownMigration, ownMigrations, readMigrations } from './migrations-folder.js';

/** A pool or client; what is asked of the schema goes through it. Reading rights are enough. */
export interface Queryable {
  query(sql: string): Promise<{ rows: Record<string, unknown>[] }>;
}

export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  /** Null where nobody has written it down yet. */
  readonly oldestCode: string | null;
}

/** What sets this build's migrations and a database's apart. */
export interface SchemaState {
  /** This build has them and the database has not. */
  readonly pending: readonly string[];
  /** Applied with other content than the files have. */
  readonly edited: readonly string[];
  /** The database has them and this build has not: a newer release migrated it. */
  readonly newer: readonly AppliedMigration[];
  /** Applied, known, and not yet among the database's requirements. */
  readonly unwritten: readonly string[];
}

export async function schemaState(
  database: Queryable,
  known: readonly KnownMigration[],
): Promise<SchemaState> {
  const applied = await appliedMigrations(database);
  const byName = new Map(applied.map((migration) => [migration.name, migration]));
  const names = new Set(known.map(({ name }) => name));
  const both = known.filter(({ name }) => byName.has(name));
  return {
    pending: known.filter(({ name }) => !byName.has(name)).map(({ name }) => name),
    edited: both
      .filter(({ name, checksums }) => !checksums.includes(byName.get(name)?.checksum ?? ''))
      .map(({ name }) => name),
    newer: applied.filter(({ name }) => !names.has(name)),
    unwritten: both.filter(({ name }) => byName.get(name)?.oldestCode === null).map(({ name }) => name),
  };
}

/** The migrations that this build has and the database has not: empty means ready. */
export async function migrationsPending(
  database: string | Queryable,
  folder?: string,
): Promise<readonly string[]> {
  const known = await knownMigrations(folder);
  const { pending } = await (typeof database === 'string'
    ? withConnection({ url: database }, (client) => schemaState(client, known))
    : schemaState(database, known));
  return pending;
}

export const knownMigrations = (folder: string | undefined): Promise<readonly KnownMigration[]> =>
  folder === undefined ? ownMigrations() : readMigrations(folder);

const APPLIED = 'm.finished_at is not null and m.rolled_back_at is null';

const WITH_REQUIREMENTS = `
  select m.migration_name as name, m.checksum, r.oldest_code as "oldestCode"
    from public._prisma_migrations m left join public.schema_requirements r on r.migration = m.migration_name
   where ${APPLIED} order by m.migration_name`;

/** Before the migration that made the requirements. */
const WITHOUT_REQUIREMENTS = `
  select m.migration_name as name, m.checksum, null as "oldestCode"
    from public._prisma_migrations m where ${APPLIED} order by m.migration_name`;

const UNDEFINED_TABLE = '42P01';

async function appliedMigrations(database: Queryable): Promise<AppliedMigration[]> {
  for (const question of [WITH_REQUIREMENTS, WITHOUT_REQUIREMENTS]) {
    try {
      const { rows } = await database.query(question);
      return rows as unknown as AppliedMigration[];
    } catch (error) {
      if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    }
  }
  return [];
}
