import pg from 'pg';
import {
  applyMigrations,
  type Config,
  createLogger,
  createPool,
  createPrisma,
  DataDirInUseError,
  type Pool,
  type PrismaClient,
  runningEmbeddedPostgres,
  startEmbeddedPostgres,
} from '#platform';

export interface OpenDatabase {
  readonly url: string;
  /** What runs the database, for a person. */
  readonly label: string;
  /** Where the embedded one keeps its things; undefined when the database is somebody else's. */
  readonly dataDir: string | undefined;
  stop(): Promise<void>;
}

/** The database that the settings name, or the embedded one, started for this process. */
export async function openDatabase(config: Config): Promise<OpenDatabase> {
  if (config.DATABASE_URL) return named(config.DATABASE_URL);
  const { url, dataDir, stop } = await startEmbeddedPostgres({
    dataDir: config.ROLLCALL_DATA_DIR,
    log: (message) => createLogger('embedded-postgres').info(message),
  });
  return { url, label: `embedded PostgreSQL in ${dataDir}`, dataDir, stop };
}

/** Runs a tool on the migrated database, beside a service that runs on it or without one. */
export async function withDatabase<T>(
  config: Config,
  work: (database: { pool: Pool; prisma: PrismaClient }) => Promise<T>,
): Promise<T> {
  const database = await openOrJoin(config);
  try {
    await applyMigrations(database.url);
    const pool = createPool({ url: database.url, max: 5, name: 'rollcall-cli' });
    const prisma = createPrisma(database.url, 2);
    return await work({ pool, prisma }).finally(() => Promise.all([pool.end(), prisma.$disconnect()]));
  } finally {
    await database.stop();
  }
}

async function openOrJoin(config: Config): Promise<OpenDatabase> {
  try {
    return await openDatabase(config);
  } catch (error) {
    const url = error instanceof DataDirInUseError && runningEmbeddedPostgres(config.ROLLCALL_DATA_DIR);
    if (!url) throw error;
    return named(url);
  }
}

async function named(url: string): Promise<OpenDatabase> {
  const { host, pathname } = new URL(url);
  const label = `PostgreSQL at ${host}${pathname}`;
  await requirePostgres(url).catch((cause: Error & { code?: string }) => {
    throw new DatabaseUnusableError(label, cause.message || cause.code || cause.name, { cause });
  });
  return { url, label, dataDir: undefined, stop: async () => {} };
}

const OLDEST_POSTGRES = 15;

async function requirePostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    const version = rows[0]?.server_version ?? '';
    if (Number.parseInt(version, 10) < OLDEST_POSTGRES) {
      throw new Error(`it is version ${version}, and ${OLDEST_POSTGRES} or newer is needed`);
    }
  } finally {
    await client.end();
  }
}

class DatabaseUnusableError extends Error {
  override readonly name = 'DatabaseUnusableError';
  readonly code = 'DATABASE_UNUSABLE';
  constructor(label: string, reason: string, options: ErrorOptions) {
    super(`DATABASE_URL: ${label} cannot be used: ${reason}`, options);
  }
}
