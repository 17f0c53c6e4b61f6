import {
  type Config,
  createPool,
  createPrisma,
  type Pool,
  type PrismaClient,
  parseRedisAddress,
  planConnections,
  redisHosts,
  SecretBox,
} from '#platform';
import {
  DeadLetters,
  type PostgresBackendOptions,
  PostgresDeadLetterStore,
  postgresBackend,
  type QueueBackend,
  Queues,
  redisBackend,
} from '#queue';
import { asOwner, type OpenDatabase, openDatabase, prepareDatabase } from '../open-database.js';
import { keptSecretKey } from './kept-secret-key.js';
import { collectGarbage } from './small-heap.js';

/** Everything outside the process that the service stands on. */
export interface Infrastructure {
  readonly config: Config;
  readonly databaseUrl: string;
  /** What speaks to PostgreSQL there is a pooler. */
  readonly pooled: boolean;
  /** What runs the database, for a person. */
  readonly databaseLabel: string;
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  readonly secretBox: SecretBox;
  /** Of the box, for a process that needs one of its own. */
  readonly secretKey: string;
  readonly backend: QueueBackend;
  readonly queues: Queues;
  readonly deadLetterStore: PostgresDeadLetterStore;
  readonly deadLetters: DeadLetters;
  close(): Promise<void>;
}

/**
 * Brings up what the settings name: PostgreSQL (ours under the data directory when none is named), its migrations,
 * and the queue. What was opened is closed again when a later step fails.
 */
export async function openInfrastructure(config: Config, workedQueues: number): Promise<Infrastructure> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const database = await openDatabase(config);
    opened.push(database.stop);
    const { applied, grantedTo } = await prepareDatabase(database);
    if (applied.length > 0) collectGarbage();
    const plan = planConnections(config.ROLLCALL_DATABASE_CONNECTIONS, {
      workedQueues,
      queueInPostgres: !config.REDIS_URL,
    });
    const { url, pooled, ownerUrl } = database;
    const pool = createPool({ url, pooled, max: plan.requests });
    opened.push(() => pool.end());
    const prisma = createPrisma({ url, pooled, max: plan.prisma });
    opened.push(() => prisma.$disconnect());
    const backend = queueBackend(config, {
      url: pooled ? ownerUrl : url,
      connections: plan.queue,
      owner: { url: ownerUrl, ...(grantedTo !== undefined && { grantTo: grantedTo }) },
    });
    opened.push(() => backend.close());
    await prepareQueue(config, database, backend);
    const queues = new Queues(backend);
    opened.push(() => queues.close());
    const secretKey = config.ROLLCALL_SECRET_KEY ?? keptSecretKey(database);
    const secretBox = new SecretBox(secretKey);
    const deadLetterStore = new PostgresDeadLetterStore(pool, secretBox);
    return {
      config,
      databaseUrl: database.url,
      pooled,
      databaseLabel: database.label,
      pool,
      prisma,
      secretBox,
      secretKey,
      backend,
      queues,
      deadLetterStore,
      deadLetters: new DeadLetters(deadLetterStore, queues),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function prepareQueue(config: Config, database: OpenDatabase, backend: QueueBackend): Promise<void> {
  if (!config.REDIS_URL) return asOwner(database, () => backend.prepare());
  const urls = config.REDIS_URL;
  await backend.prepare().catch((cause: unknown) => {
    throw new RedisUnreachableError(urls, { cause });
  });
}

/** In PostgreSQL the queue listens, which no pooler carries. */
const queueBackend = (
  { REDIS_URL, ROLLCALL_QUEUE_PREFIX }: Config,
  { url, ...options }: PostgresBackendOptions & { url: string },
): QueueBackend =>
  REDIS_URL
    ? redisBackend(REDIS_URL, { prefix: `{${ROLLCALL_QUEUE_PREFIX}}` })
    : postgresBackend(url, options);

class RedisUnreachableError extends Error {
  override readonly name = 'RedisUnreachableError';
  readonly code = 'REDIS_UNREACHABLE';
  constructor(url: string, options: ErrorOptions) {
    const hosts = redisHosts(parseRedisAddress(url));
    super(
      `REDIS_URL: no Redis answers at ${hosts}, or it takes no writes; unset it to keep jobs in PostgreSQL`,
      options,
    );
  }
}
