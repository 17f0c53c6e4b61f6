import {
  applyMigrations,
  type Config,
  createLogger,
  createPool,
  createPrisma,
  type Pool,
  type PrismaClient,
  SecretBox,
} from '#platform';
import {
  DeadLetters,
  PostgresDeadLetterStore,
  postgresBackend,
  type QueueBackend,
  Queues,
  redisBackend,
} from '#queue';
import { openDatabase } from '../open-database.js';
import { keptSecretKey } from './kept-secret-key.js';
import { collectGarbage } from './small-heap.js';

/** Everything outside the process that the service stands on. */
export interface Infrastructure {
  readonly config: Config;
  readonly databaseUrl: string;
  /** What runs the database, for a person. */
  readonly databaseLabel: string;
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  readonly secretBox: SecretBox;
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
export async function openInfrastructure(config: Config): Promise<Infrastructure> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const database = await openDatabase(config);
    opened.push(database.stop);
    if ((await applyMigrations(database.url)).length > 0) collectGarbage();
    const pool = createPool({ url: database.url });
    opened.push(() => pool.end());
    pool.on('error', (error) =>
      createLogger('database').warn({ error: error.message }, 'an idle connection was lost'),
    );
    const prisma = createPrisma(database.url);
    opened.push(() => prisma.$disconnect());
    const backend = queueBackend(config, database.url);
    opened.push(() => backend.close());
    await backend.prepare().catch((cause: unknown) => {
      throw config.REDIS_URL ? new RedisUnreachableError(config.REDIS_URL, { cause }) : cause;
    });
    const queues = new Queues(backend);
    opened.push(() => queues.close());
    const secretBox = new SecretBox(config.ROLLCALL_SECRET_KEY ?? keptSecretKey(database));
    const deadLetterStore = new PostgresDeadLetterStore(pool, secretBox);
    return {
      config,
      databaseUrl: database.url,
      databaseLabel: database.label,
      pool,
      prisma,
      secretBox,
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

const queueBackend = ({ REDIS_URL, ROLLCALL_QUEUE_PREFIX }: Config, databaseUrl: string): QueueBackend =>
  REDIS_URL
    ? redisBackend(REDIS_URL, { prefix: `{${ROLLCALL_QUEUE_PREFIX}}` })
    : postgresBackend(databaseUrl);

class RedisUnreachableError extends Error {
  override readonly name = 'RedisUnreachableError';
  readonly code = 'REDIS_UNREACHABLE';
  constructor(urls: string, options: ErrorOptions) {
    const hosts = urls.split(',').map((url) => new URL(url.trim()).host);
    super(`REDIS_URL: no Redis answers at ${hosts.join(', ')}; unset it to keep jobs in PostgreSQL`, options);
  }
}
