import { Queue, Worker } from 'bullmq';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '#platform';
import { RedisCallLimiter } from '../call-limits/redis-call-limiter.js';
import { QueueUnavailableError } from '../queue.errors.js';
import { listen, withSignal, workerOptions } from './bullmq-worker.js';
import type { JobProcessor, OpenQueue, OpenWorker, QueueBackend, WorkerSettings } from './queue-backend.js';

export interface RedisBackendOptions {
  /**
   * Before every key. The braces are a Redis Cluster hash tag: BullMQ's scripts touch several keys at once, which
   * must lie in one slot. One tag for all queues is enough, since a single slot takes tens of thousands of jobs a
   * second, and gives outside producers one name to know.
   */
  readonly prefix?: string;
  /** How long a caller waits for a connection that is not there before being told so. */
  readonly patienceMs?: number;
}

/**
 * Jobs in Redis. `url` is `redis://` or `rediss://` (TLS); several, comma separated, are nodes of one Redis Cluster
 * and share the first one's user, password and TLS.
 */
export const redisBackend = (url: string, options: RedisBackendOptions = {}): QueueBackend =>
  new RedisBackend(url, options);

type Client = Redis | Cluster;

class RedisBackend implements QueueBackend {
  readonly kind = 'redis';
  readonly calls: RedisCallLimiter;
  private readonly prefix: string;
  private readonly patienceMs: number;
  private producing: Client | undefined;
  private working: Client | undefined;

  constructor(
    private readonly url: string,
    { prefix = '{rollcall}', patienceMs = 2_000 }: RedisBackendOptions,
  ) {
    this.prefix = prefix;
    this.patienceMs = patienceMs;
    this.calls = new RedisCallLimiter(() => this.reached(this.producer()), prefix);
  }

  async prepare(): Promise<void> {
    await this.ping();
  }

  async ping(): Promise<void> {
    const client = await this.reached(this.producer());
    await client.ping().catch((cause: unknown) => {
      throw new QueueUnavailableError({ cause });
    });
  }

  async openQueue(name: string, log: Logger): Promise<OpenQueue> {
    const connection = await this.reached(this.producer());
    // No one reads BullMQ's event stream here; progress is kept in our own tables.
    const queue = new Queue(name, { connection, prefix: this.prefix, streams: { events: { maxLen: 100 } } });
    queue.on('error', (error) => log.warn({ queue: name, kind: error.name }, 'queue'));
    await queue.waitUntilReady();
    return {
      addBulk: async (jobs) => {
        await this.reached(connection);
        return queue.addBulk(jobs);
      },
      getJobCounts: async (...states) => {
        await this.reached(connection);
        return queue.getJobCounts(...states);
      },
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
    const worker = new Worker(name, withSignal(processor), {
      connection,
      prefix: this.prefix,
      ...workerOptions(settings),
    });
    listen(worker, log);
    await worker.waitUntilReady();
    return worker;
  }

  async close(): Promise<void> {
    for (const client of [this.producing, this.working]) client?.disconnect();
  }

  /** A producer answers to someone: its commands fail soon instead of waiting for Redis to come back. */
  private producer(): Client {
    this.producing ??= connect(this.url, {
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      commandTimeout: 10_000,
    });
    return this.producing;
  }

  /** A worker has all the time in the world: its commands wait out any outage. */
  private worker(): Client {
    this.working ??= connect(this.url, { maxRetriesPerRequest: null });
    return this.working;
  }

  private async reached(client: Client): Promise<Client> {
    if (client.status === 'ready') return client;
    try {
      // ioredis tells of each failed try by an 'error' event, which must not end the wait.
      await ready(client, AbortSignal.timeout(this.patienceMs));
    } catch (cause) {
      throw new QueueUnavailableError({ cause });
    }
    return client;
  }
}

function connect(url: string, options: RedisOptions): Client {
  const [first, ...others] = url.split(',').map((part) => part.trim());
  const shared = { ...options, retryStrategy: (times: number) => Math.min(times * 100, 2_000) };
  const client =
    first && others.length > 0
      ? new Cluster([first, ...others], {
          redisOptions: { ...shared, ...credentials(first) },
          enableOfflineQueue: options.enableOfflineQueue ?? true,
        })
      : new Redis(url, shared);
  // Without a listener ioredis prints to the console; who uses the connection is told by its own failing call.
  return client.on('error', () => undefined);
}

function credentials(url: string): RedisOptions {
  const { protocol, username, password } = new URL(url);
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function ready(client: Client, signal: AbortSignal): Promise<void> {
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
