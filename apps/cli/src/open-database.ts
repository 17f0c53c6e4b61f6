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

function named(url: string): OpenDatabase {
  const { host, pathname } = new URL(url);
  return { url, label: `PostgreSQL at ${host}${pathname}`, dataDir: undefined, stop: async () => {} };
}
