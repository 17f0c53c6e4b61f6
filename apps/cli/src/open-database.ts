import {
  applyMigrations,
  type Config,
  createLogger,
  createPool,
  createPrisma,
  type DatabaseUrls,
  DataDirInUseError,
  type Pool,
  type PrismaClient,
  prepareServingRole,
  requireFitServer,
  runningEmbeddedPostgres,
  sayingWhyUnusable,
  startEmbeddedPostgres,
  verifyServing,
  withConnection,
} from '#platform';

export interface OpenDatabase extends DatabaseUrls {
  /** What runs the database, for a person. */
  readonly label: string;
  /** Where the embedded one keeps its things; undefined when the database is somebody else's. */
  readonly dataDir: string | undefined;
  stop(): Promise<void>;
}

/** The database that the settings name, or the embedded one, started for this process. */
export async function openDatabase(config: Config): Promise<OpenDatabase> {
  const { DATABASE_URL: url } = config;
  if (url) return named({ ...config, DATABASE_URL: url });
  const server = await startEmbeddedPostgres({
    dataDir: config.ROLLCALL_DATA_DIR,
    log: (message) => createLogger('embedded-postgres').info(message),
  });
  return { ...server, pooled: false, label: `embedded PostgreSQL in ${server.dataDir}` };
}

/**
 * Brings the database up to what this code needs, as its owner, and makes sure that requests can be served.
 * @returns the migrations that were applied, and the role that serves requests where it is not the owner
 */
export async function prepareDatabase(
  database: OpenDatabase,
): Promise<{ applied: string[]; grantedTo: string | undefined }> {
  const applied = await asOwner(database, () => applyMigrations(database.ownerUrl));
  const grantedTo = await asOwner(database, () => prepareServingRole(database));
  await asServing(database, () => verifyServing(database));
  return { applied, grantedTo };
}

/** Runs a tool on the migrated database, as its owner, beside a service that runs on it or without one. */
export async function withDatabase<T>(
  config: Config,
  work: (database: { pool: Pool; prisma: PrismaClient }) => Promise<T>,
): Promise<T> {
  const database = await openOrJoin(config);
  try {
    await prepareDatabase(database);
    const connection = { url: database.ownerUrl, name: 'rollcall-cli' };
    const pool = createPool({ ...connection, max: 3 });
    const prisma = createPrisma({ ...connection, max: 2 });
    return await work({ pool, prisma }).finally(() => Promise.all([pool.end(), prisma.$disconnect()]));
  } finally {
    await database.stop();
  }
}

async function openOrJoin(config: Config): Promise<OpenDatabase> {
  try {
    return await openDatabase(config);
  } catch (error) {
    const running = error instanceof DataDirInUseError && runningEmbeddedPostgres(config.ROLLCALL_DATA_DIR);
    if (!running) throw error;
    return { ...running, pooled: false, label: 'the embedded PostgreSQL', dataDir: undefined, stop };
  }
}

const stop = async () => {};

type NamedDatabase = Config & { readonly DATABASE_URL: string };

async function named(config: NamedDatabase): Promise<OpenDatabase> {
  const { DATABASE_URL: url, ROLLCALL_DATABASE_DIRECT_URL, ROLLCALL_DATABASE_POOLED: pooled } = config;
  const { host, pathname } = new URL(url);
  const label = `PostgreSQL at ${host}${pathname}`;
  const ownerUrl = ROLLCALL_DATABASE_DIRECT_URL ?? url;
  const database = { url, ownerUrl, pooled, label, dataDir: undefined, stop };
  const name = 'rollcall-start';
  await asOwner(database, () => withConnection({ url: ownerUrl, name }, requireFitServer));
  if (ownerUrl !== url)
    await asServing(database, () => withConnection({ url, pooled, name }, requireFitServer));
  return database;
}

/** A step of the start by the owner's URL; what is wrong with a database that is somebody else's names the setting. */
export const asOwner = <T>({ url, ownerUrl, dataDir }: OpenDatabase, work: () => Promise<T>): Promise<T> => {
  const setting = ownerUrl === url ? 'DATABASE_URL' : 'ROLLCALL_DATABASE_DIRECT_URL';
  return dataDir === undefined ? sayingWhyUnusable({ setting, url: ownerUrl }, work) : work();
};

/** The same by the URL that serves requests. */
const asServing = <T>({ url, dataDir }: OpenDatabase, work: () => Promise<T>): Promise<T> =>
  dataDir === undefined ? sayingWhyUnusable({ setting: 'DATABASE_URL', url }, work) : work();
