import { Queue, Worker } from 'bullmq';
import { createLogger, type Logger, parseRedisAddress, type RedisAddress } from '#platform';
import { RedisCallLimiter } from '../call-limits/redis-call-limiter.js';
import { QueueUnavailableError } from '../queue.errors.js';
import { listen, waitingFreely, withSignal, workerOptions } from './bullmq-worker.js';
import type { JobProcessor, OpenQueue, OpenWorker, QueueBackend, WorkerSettings } from './queue-backend.js';
import {
  endForGood,
  producerClient,
  type RedisClient,
  type WorkerClient,
  workerClient,
} from './redis-client.js';

export interface RedisBackendOptions {
  /**
   * Before every key. The braces are a Redis Cluster hash tag: BullMQ's scripts touch several keys at once, which
   * must lie in one slot. One tag for all queues is enough, since a single slot takes tens of thousands of jobs a
   * second, and gives outside producers one name to know.
   */
  readonly prefix?: string;
  /** How long a caller waits for a connection that is not there before being told so. */
  readonly patienceMs?: number;
  /** How long a caller waits for the answer to what was asked. */
  readonly answerMs?: number;
}

/**
 * Jobs in Redis. `url` is `redis://` or `rediss://` (TLS); several, comma separated, are nodes of one Redis Cluster
 * and share the first one's user, password and TLS; `redis+sentinel://` asks Sentinels for the master.
 */
export const redisBackend = (url: string, options: RedisBackendOptions = {}): QueueBackend =>
  new RedisBackend(parseRedisAddress(url), options);

class RedisBackend implements QueueBackend {
  readonly kind = 'redis';
  readonly calls: RedisCallLimiter;
  private readonly log = createLogger('redis');
  private readonly prefix: string;
  private readonly patienceMs: number;
  private readonly answerMs: number;
  private producing: RedisClient | undefined;
  private working: WorkerClient | undefined;

  constructor(
    private readonly address: RedisAddress,
    { prefix = '{rollcall}', patienceMs = 2_000, answerMs = 5_000 }: RedisBackendOptions,
  ) {
    this.prefix = prefix;
    this.patienceMs = patienceMs;
    this.answerMs = answerMs;
    this.calls = new RedisCallLimiter((use) => this.asked(use), prefix);
  }

  async prepare(): Promise<void> {
    await this.ping();
  }

  /** By a write in the slot of the jobs: a replica, or a server without room, answers a `PING` as ever. */
  async ping(): Promise<void> {
    await this.asked((client) => client.set(`${this.prefix}:ping`, '1', 'PX', PING_KEPT_MS), PING_MS);
  }

  async openQueue(name: string, log: Logger): Promise<OpenQueue> {
    const queue = await this.asked((connection) => this.open(name, connection, log));
    return {
      addBulk: (jobs) => this.asked(() => queue.addBulk(jobs)),
      getJobCounts: (...states) => this.asked(() => queue.getJobCounts(...states)),
      close: () => queue.close(),
    };
  }

  async openWorker(
    name: string,
    processor: JobProcessor,
    settings: WorkerSettings,
    log: Logger,
  ): Promise<OpenWorker> {
    const connection = await this.reached(this.worker());
    const worker = new QueueWorker(name, withSignal(processor), {
      connection,
      prefix: this.prefix,
      ...workerOptions(settings),
    });
    listen(worker, log);
    await readyOrClosed(worker, this.answerMs).catch((cause: unknown) => {
      throw new QueueUnavailableError({ cause });
    });
    return worker;
  }

  async close(): Promise<void> {
    if (this.producing) endForGood(this.producing);
    this.working?.end();
  }

  private async open(name: string, connection: RedisClient, log: Logger): Promise<Queue> {
    // No one reads BullMQ's event stream here; progress is kept in our own tables.
    const queue = new Queue(name, { connection, prefix: this.prefix, streams: { events: { maxLen: 100 } } });
    queue.on('error', (error) => log.warn({ queue: name, kind: error.name }, 'queue'));
    await readyOrClosed(queue, this.answerMs);
    return queue;
  }

  /** @throws QueueUnavailableError when there is no connection, no answer in time, or an error. */
  private async asked<T>(use: (client: RedisClient) => Promise<T>, answerMs = this.answerMs): Promise<T> {
    const client = await this.reached(this.producer());
    try {
      return await within(answerMs, use(client));
    } catch (cause) {
      throw new QueueUnavailableError({ cause });
    }
  }

  private async reached(client: RedisClient): Promise<RedisClient> {
    if (client.status === 'ready') return client;
    try {
      // ioredis tells of each failed try by an 'error' event, which must not end the wait.
      await ready(client, AbortSignal.timeout(this.patienceMs));
    } catch (cause) {
      throw new QueueUnavailableError({ cause });
    }
    return client;
  }

  private producer(): RedisClient {
    this.producing ??= producerClient(this.address, this.answerMs, this.log);
    return this.producing;
  }

  private worker(): RedisClient {
    this.working ??= workerClient(this.address, this.log);
    return this.working.client;
  }
}

const PING_MS = 2_000;
const PING_KEPT_MS = 10_000;

async function readyOrClosed(opening: Queue | Worker, ms: number): Promise<void> {
  try {
    await within(ms, opening.waitUntilReady());
  } catch (error) {
    await (opening instanceof Worker ? opening.close(true) : opening.close());
    throw error;
  }
}

function ready(client: RedisClient, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      client.off('ready', settle);
      signal.removeEventListener('abort', settle);
      if (client.status === 'ready') resolve();
      else reject(signal.reason);
    };
    client.on('ready', settle);
    signal.addEventListener('abort', settle);
  });
}

/** Commands have limits of their own; this one holds whatever they wait for, such as the nodes of a cluster. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

class QueueWorker extends Worker {
  protected override checkConnectionError<T>(fn: () => Promise<T>): Promise<T | undefined> {
    return waitingFreely(fn, (watched, delayMs) => super.checkConnectionError(watched, delayMs));
  }
}
