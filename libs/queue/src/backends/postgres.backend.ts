import {
  assertSchemaCompatibility,
  type BackendFactory,
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
  runMigrations,
  withBackend,
} from 'bullmq';
import pg from 'pg';
import type { Logger } from '#platform';
import { PostgresCallLimiter, prepareCallLimits } from '../call-limits/postgres-call-limiter.js';
import { QueueUnavailableError } from '../queue.errors.js';
import { listen, withSignal, workerOptions } from './bullmq-worker.js';
import type { JobProcessor, OpenQueue, OpenWorker, QueueBackend, WorkerSettings } from './queue-backend.js';

export interface PostgresBackendOptions {
  /** Where BullMQ keeps its tables. */
  readonly schema?: string;
}

/** Jobs in PostgreSQL, in a schema of their own, so that one machine needs no Redis. */
export const postgresBackend = (databaseUrl: string, options: PostgresBackendOptions = {}): QueueBackend =>
  new PostgresBackend(databaseUrl, options);

const LONGEST_BLOCK_SECONDS = 10;

/**
 * BullMQ lets an idle PostgreSQL worker sleep up to an hour and trusts NOTIFY to wake it. After a lost connection
 * its one look at the queue can fail too, and a job that was waiting by then would wait for that hour. Ten seconds,
 * as with Redis, bound this without a watchdog of our own.
 */
class AttentivePostgresBackend extends PostgresQueueBackend {
  override get maximumBlockTimeout(): number {
    return LONGEST_BLOCK_SECONDS;
  }
}

const attentive: BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> = (name, opts, role = {}) =>
  new AttentivePostgresBackend(
    new PostgresConnection(opts.connection),
    name,
    opts,
    true,
    role.withBlockingConnection ? name : undefined,
  );

const { Queue, Worker } = withBackend(attentive);

class PostgresBackend implements QueueBackend {
  readonly kind = 'postgres';
  readonly calls: PostgresCallLimiter;
  private readonly schema: string;
  private pool: pg.Pool | undefined;

  constructor(
    private readonly databaseUrl: string,
    { schema = 'bullmq' }: PostgresBackendOptions,
  ) {
    this.schema = schema;
    this.calls = new PostgresCallLimiter(() => this.shared(), schema);
  }

  /** BullMQ takes an advisory lock, so that of many processes starting together one migrates and the others wait. */
  async prepare(): Promise<void> {
    const client = new pg.Client({ connectionString: this.databaseUrl, connectionTimeoutMillis: 10_000 });
    await client.connect().catch((cause: unknown) => {
      throw new QueueUnavailableError({ cause });
    });
    try {
      await runMigrations(client, this.schema);
      await prepareCallLimits(client, this.schema);
    } finally {
      await client.end();
    }
  }

  async ping(): Promise<void> {
    await assertSchemaCompatibility(this.shared(), this.schema).catch((cause: unknown) => {
      throw new QueueUnavailableError({ cause });
    });
  }

  async openQueue(name: string, log: Logger): Promise<OpenQueue> {
    const queue = new Queue(name, {
      connection: this.connection(4),
      streams: { events: { maxLen: 100 } },
    });
    queue.on('error', (error) => log.warn({ queue: name, kind: error.name }, 'queue'));
    return opened(queue);
  }

  async openWorker(
    name: string,
    processor: JobProcessor,
    settings: WorkerSettings,
    log: Logger,
  ): Promise<OpenWorker> {
    const worker = new Worker(name, withSignal(processor), {
      connection: this.connection(Math.min(settings.concurrency + 1, 4)),
      ...workerOptions(settings),
    });
    listen(worker, log);
    return opened(worker);
  }

  async close(): Promise<void> {
    await this.pool?.end();
    this.pool = undefined;
  }

  /** An idle connection that breaks is replaced by the pool; the next call tells whether there is a server. */
  private shared(): pg.Pool {
    this.pool ??= new pg.Pool(this.connection(4)).on('error', () => undefined);
    return this.pool;
  }

  /** Each queue and worker has a small pool of its own; connections it does not use are given back after seconds. */
  private connection(max: number) {
    return {
      connectionString: this.databaseUrl,
      schema: this.schema,
      max,
      application_name: 'rollcall-queue',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    };
  }
}

/** BullMQ remembers a failed first connection for ever, so what did not open is closed and not used again. */
async function opened<T extends { waitUntilReady(): Promise<void>; close(): Promise<void> }>(
  opening: T,
): Promise<T> {
  try {
    await opening.waitUntilReady();
    return opening;
  } catch (cause) {
    await opening.close();
    throw new QueueUnavailableError({ cause });
  }
}
