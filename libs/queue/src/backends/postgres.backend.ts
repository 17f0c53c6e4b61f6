import {
  assertSchemaCompatibility,
  type BackendFactory,
  PostgresConnection,
  PostgresQueueBackend,
  runMigrations,
  withBackend,
} from 'bullmq';
import type pg from 'pg';
import { boundedPool, grantUse, type Logger, longWork, queueGrant, withConnection } from '#platform';
import { PostgresCallLimiter, prepareCallLimits } from '../call-limits/postgres-call-limiter.js';
import { QueueUnavailableError } from '../queue.errors.js';
import {
  listen,
  restingAfterFailure,
  sayError,
  waitingFreely,
  withSignal,
  workerOptions,
} from './bullmq-worker.js';
import type { JobProcessor, OpenQueue, OpenWorker, QueueBackend, WorkerSettings } from './queue-backend.js';

export interface PostgresBackendOptions {
  /** Where BullMQ keeps its tables. */
  readonly schema?: string;
  /** Connections in all, of which each worker keeps one to be woken on. */
  readonly connections?: number;
  /** Of a role that may make tables, and the role that uses them, where those are two. */
  readonly owner?: { readonly url: string; readonly grantTo?: string };
}

/** Jobs in PostgreSQL, in a schema of their own, so that one machine needs no Redis. Not through a pooler: it listens. */
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

  override moveToActive(...taken: Parameters<PostgresQueueBackend['moveToActive']>): Promise<unknown[]> {
    return restingAfterFailure(() => super.moveToActive(...taken));
  }
}

/** On the backend's one pool, so that queues and workers share what the process may open. */
const attentive: BackendFactory<PostgresQueueBackend, SchemaPool> = (name, opts, role = {}) =>
  new AttentivePostgresBackend(
    new SchemaConnection(opts.connection),
    name,
    opts,
    true,
    role.withBlockingConnection ? name : undefined,
  );

interface SchemaPool extends pg.Pool {
  readonly schema: string;
}

/** BullMQ takes a pool for one on its default schema. */
class SchemaConnection extends PostgresConnection {
  override readonly schema: string;

  constructor(pool: SchemaPool) {
    super(pool);
    this.schema = pool.schema;
  }
}

const { Queue, Worker } = withBackend(attentive);

class PostgresBackend implements QueueBackend {
  readonly kind = 'postgres';
  readonly calls: PostgresCallLimiter;
  private readonly schema: string;
  private readonly owner: { readonly url: string; readonly grantTo?: string };
  private readonly pool: SchemaPool;

  constructor(
    databaseUrl: string,
    { schema = 'bullmq', connections = 10, owner = { url: databaseUrl } }: PostgresBackendOptions,
  ) {
    this.schema = schema;
    this.owner = owner;
    const settings = { search_path: `"${schema}"` };
    const pool = boundedPool({ url: databaseUrl, name: 'rollcall-queue', max: connections, settings });
    // Each queue and worker adds a listener of its own.
    this.pool = Object.assign(pool.setMaxListeners(0), { schema });
    this.calls = new PostgresCallLimiter(this.pool, schema);
  }

  /** BullMQ takes an advisory lock, so that of many processes starting together one migrates and the others wait. */
  async prepare(): Promise<void> {
    await withConnection({ url: this.owner.url, name: 'rollcall-queue', ...longWork }, async (client) => {
      await runMigrations(client, this.schema);
      await prepareCallLimits(client, this.schema);
      if (this.owner.grantTo) await grantUse(client, this.owner.grantTo, [queueGrant(this.schema)]);
    }).catch((cause: unknown) => {
      throw new QueueUnavailableError({ cause });
    });
  }

  async ping(): Promise<void> {
    await assertSchemaCompatibility(this.pool, this.schema).catch((cause: unknown) => {
      throw new QueueUnavailableError({ cause });
    });
  }

  async openQueue(name: string, log: Logger): Promise<OpenQueue> {
    const queue = new Queue(name, { connection: this.pool, streams: { events: { maxLen: 100 } } });
    queue.on('error', (error) => sayError(log.child({ queue: name }), error, 'queue'));
    return opened(queue);
  }

  async openWorker(
    name: string,
    processor: JobProcessor,
    settings: WorkerSettings,
    log: Logger,
  ): Promise<OpenWorker> {
    const worker = new QueueWorker(name, withSignal(processor), {
      connection: this.pool,
      ...workerOptions(settings),
    });
    listen(worker, log);
    return opened(worker);
  }

  async close(): Promise<void> {
    if (!this.pool.ended && !this.pool.ending) await this.pool.end();
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

class QueueWorker extends Worker {
  protected override checkConnectionError<T>(fn: () => Promise<T>): Promise<T | undefined> {
    return waitingFreely(fn, (watched, delayMs) => super.checkConnectionError(watched, delayMs));
  }
}
