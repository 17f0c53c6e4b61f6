import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach } from '@jest/globals';
import { createPostgresBackend, Queue, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import { createPool, newSecretKey, type Pool, SecretBox } from '#platform';
import { PostgresDeadLetterStore, postgresBackend, type QueueBackend, redisBackend } from '#queue';
import { describeEachQueueBackend, type QueueBackend as TestHome } from './databases.js';

/** One queue store and one database of a test's own, and the ways to hurt them. */
export interface QueueWorld {
  readonly kind: QueueBackend['kind'];
  readonly store: PostgresDeadLetterStore;
  readonly pool: Pool;
  readonly backend: QueueBackend;
  /** Adds a job as a producer does that knows BullMQ and nothing of ours. */
  addPlainly(queue: string, name: string, data: unknown): Promise<string>;
  /** What BullMQ still holds of jobs that ended. */
  leftovers(queue: string): Promise<Record<string, number>>;
  loseEverything(): Promise<void>;
  /** @returns how many connections were cut */
  cutConnections(): Promise<number>;
  /** Source of a module that takes a job with plain BullMQ, says so on standard output and never ends it. */
  readonly hangingWorker: (queue: string) => string;
  drop(): Promise<void>;
}

export function describeEachBackend(name: string, suite: (world: () => QueueWorld) => void): void {
  describeEachQueueBackend(name, (home) => {
    let current: QueueWorld;
    beforeEach(async () => {
      current = await createWorld(home);
    });
    suite(() => current);
    // After the suite's own, which close what still uses it: Jest runs these in the order they are named.
    afterEach(() => current.drop());
  });
}

/** Waits until it is so. */
export async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  const limit = Date.now() + 60_000;
  while (!(await so())) {
    if (Date.now() > limit) throw new Error(`Still not so after a minute: ${so}`);
    await sleep(10);
  }
}

async function createWorld(home: TestHome): Promise<QueueWorld> {
  const pool = createPool({ url: home.databaseUrl, max: 8 });
  const place = home.redisUrl
    ? redisPlace(home.redisUrl, home.prefix)
    : postgresPlace(home.databaseUrl, pool);
  await place.backend.prepare();
  return {
    kind: home.kind,
    pool,
    store: new PostgresDeadLetterStore(pool, new SecretBox(newSecretKey())),
    ...place,
    async drop() {
      await place.backend.close();
      await place.loseEverything();
      await place.drop();
      await pool.query('truncate dead_letters');
      await pool.end();
    },
  };
}

type Place = Omit<QueueWorld, 'kind' | 'pool' | 'store'>;

function redisPlace(url: string, prefix: string): Place {
  const admin = new Redis(url);
  const plain = <T>(queue: string, use: (queue: Queue) => Promise<T>) =>
    once(new Queue(queue, { connection: { url }, prefix }), use);
  const loseEverything = async () => {
    const keys = await admin.keys(`${prefix}*`);
    if (keys.length > 0) await admin.del(keys);
  };
  return {
    // The name is how the test finds its own connections among those of others.
    backend: redisBackend(`${url}?connectionName=${encodeURIComponent(prefix)}`, { prefix }),
    addPlainly: (queue, job, data) => plain(queue, async (open) => (await open.add(job, data)).id as string),
    leftovers: (queue) => plain(queue, (open) => open.getJobCounts('failed', 'completed')),
    loseEverything,
    async cutConnections() {
      const clients = String(await admin.client('LIST')).split('\n');
      const ids = clients
        .filter((line) => line.includes(prefix))
        .map((line) => /id=(\d+)/.exec(line)?.[1] as string);
      for (const id of ids) await admin.client('KILL', 'ID', id);
      return ids.length;
    },
    hangingWorker: (queue) =>
      hanging(queue, `{ connection: { url: '${url}' }, prefix: '${prefix}' }`, 'undefined'),
    drop: async () => admin.disconnect(),
  };
}

function postgresPlace(connectionString: string, pool: Pool): Place {
  const { Queue: PostgresQueue } = withBackend(createPostgresBackend);
  const open = (queue: string) => new PostgresQueue(queue, { connection: { connectionString } });
  return {
    backend: postgresBackend(connectionString),
    addPlainly: (queue, job, data) => once(open(queue), async (it) => (await it.add(job, data)).id as string),
    leftovers: (queue) => once(open(queue), (it) => it.getJobCounts('failed', 'completed')),
    async loseEverything() {
      await pool.query('truncate bullmq.job, bullmq.meta, bullmq.dedup, bullmq.event cascade');
    },
    async cutConnections() {
      const { rowCount } = await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name <> 'rollcall'`,
      );
      return rowCount ?? 0;
    },
    hangingWorker: (queue) =>
      hanging(queue, `{ connection: { connectionString: '${connectionString}' } }`, 'createPostgresBackend'),
    drop: async () => undefined,
  };
}

async function once<Q extends { close(): Promise<void> }, T>(
  queue: Q,
  use: (queue: Q) => Promise<T>,
): Promise<T> {
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}

const hanging = (queue: string, options: string, factory: string): string => `
  import { createPostgresBackend, Worker } from 'bullmq';
  const hang = (job) => { process.stdout.write(job.id); return new Promise(() => {}); };
  new Worker('${queue}', hang, { ...${options}, lockDuration: 500, stalledInterval: 100, maxStalledCount: 100 }, ${factory});`;
