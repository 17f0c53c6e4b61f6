import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { postgresBackend, type QueueBackend, Queues, redisBackend } from '#queue';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  ServiceProcess,
  soonLost,
} from '../../e2e/support/service-process.js';
import { createTestDatabase, type SuiteRedis, type TestDatabase } from '../../support/databases.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { SET_ASIDE } from './set-aside.js';
import { SupervisedService } from './supervised.js';

/** What names do to the process that handles them; see poison.mjs. */
export type Poison = Readonly<Record<string, 'abort' | 'spin' | 'exhaust' | 'dawdle'>>;

export interface Letter {
  readonly id: string;
  readonly job: string;
  readonly job_id: string;
  readonly code: string;
  readonly reason: string;
  readonly status: string;
}

/** For a machine that is busy with other tests: a first death is noticed when the job's lock is over. */
export const WITHIN_MS = 240_000;
/** Of a worker; work that runs alone has a third of it. */
export const STALLED_AFTER_S = 9;
const QUEUE = 'identity-commands';
const PRELOADED = pathToFileURL(path.resolve('test/faults/support/poison.mjs')).href;

export interface PoisonedOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Without it jobs are in PostgreSQL. */
  readonly redis?: SuiteRedis;
}

/** An API and a worker that some names take down; the worker is started again each time, as a container would be. */
export class PoisonedService {
  worker: SupervisedService;

  private constructor(
    private readonly database: TestDatabase,
    readonly proxy: TcpProxy,
    readonly api: ServiceProcess,
    private readonly env: Readonly<Record<string, string>>,
    private readonly names: Poison,
    private readonly backend: QueueBackend,
    private readonly queues: Queues,
  ) {
    this.worker = this.poisoned();
  }

  static async open(names: Poison, { env: more, redis }: PoisonedOptions = {}): Promise<PoisonedService> {
    const database = await createTestDatabase();
    const url = new URL(database.url);
    const proxy = await TcpProxy.to(Number(url.port), url.hostname);
    const env = {
      DATABASE_URL: database.url,
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ALLOW_PRIVATE_NETWORK: '1',
      ROLLCALL_LOG_LEVEL: 'warn',
      ...soonLost,
      ROLLCALL_STALLED_AFTER: String(STALLED_AFTER_S),
      ...(redis && { REDIS_URL: redis.url, ROLLCALL_QUEUE_PREFIX: redis.prefix.replaceAll(/[{}]/g, '') }),
      ...more,
    };
    const api = await ServiceProcess.start({ env, args: ['--only', 'api'] });
    const backend = redis ? redisBackend(redis.url, { prefix: redis.prefix }) : postgresBackend(database.url);
    const service = new PoisonedService(database, proxy, api, env, names, backend, new Queues(backend));
    await service.worker.start();
    return service;
  }

  /** The fault is mended: the same work, by a worker that survives it. */
  async cure(): Promise<void> {
    await this.worker.stop();
    this.worker = await new SupervisedService('worker', this.workerEnv, ignored).start();
  }

  async poison(): Promise<void> {
    await this.worker.stop();
    this.worker = await this.poisoned().start();
  }

  /** @returns the id of the job */
  async add(name: string, data: object): Promise<string> {
    const jobId = `test-${randomUUID()}`;
    await this.queues.addRaw(QUEUE, [{ queue: QUEUE, name, jobId, data, priority: 1 }]);
    return jobId;
  }

  async letters(): Promise<Letter[]> {
    return (await this.api.send('GET', '/v1/dead-letters')).body;
  }

  letterOf(jobId: string, status = 'waiting'): Promise<Letter> {
    const asked = async () =>
      (await this.letters()).find((one) => one.job_id === jobId && one.status === status);
    return eventually(asked, (letter) => letter !== undefined, WITHIN_MS) as Promise<Letter>;
  }

  async has(key: string): Promise<boolean> {
    return (await this.sql('select 1 from identities where identifier_key = $1', [key])).length === 1;
  }

  async comesIn(key: string): Promise<void> {
    await eventually(
      () => this.has(key),
      (is) => is,
      WITHIN_MS,
    );
  }

  async setAside(): Promise<number> {
    const [row] = await this.sql<{ count: string }>(SET_ASIDE);
    return Number(row?.count);
  }

  async sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.database.url });
    await client.connect();
    try {
      return (await client.query(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    await this.worker.stop();
    await this.api.stop();
    await this.queues.close();
    await this.backend.close();
    await this.proxy.close();
    await this.database.drop();
  }

  private poisoned(): SupervisedService {
    const env = {
      ...this.workerEnv,
      POISON: JSON.stringify(this.names),
      NODE_OPTIONS: `--import=${PRELOADED} --max-old-space-size=220`,
    };
    return new SupervisedService('worker', env, ignored);
  }

  /** The worker alone goes to the database through the proxy. */
  private get workerEnv(): Record<string, string> {
    const url = new URL(this.database.url);
    url.hostname = '127.0.0.1';
    url.port = String(this.proxy.port);
    return { ...this.env, DATABASE_URL: url.href };
  }
}

/** These ends are wanted. */
const ignored = (): void => undefined;

export const person = (name: string) => ({ identifier_key: randomUUID(), name, identity_type: 'user' });
