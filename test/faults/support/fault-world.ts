import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresBackend, type QueueBackend, Queues, redisBackend } from '#queue';
import { freshAdminKey, freshSecretKey, rollcall, soonLost } from '../../e2e/support/service-process.js';
import { OwnPostgres, type OwnPostgresOptions } from '../../support/own-postgres.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { sendFile } from './file-load.js';
import { JobLoad } from './job-load.js';
import { findFaults } from './judge.js';
import { Load, type LoadOptions } from './load.js';
import type { ImportState, LoggedEvent, SentFile } from './operation.js';
import type { Target } from './persistent-request.js';
import { SET_ASIDE } from './set-aside.js';
import { SupervisedService, SupervisedSubscriber, type UnwantedEnd } from './supervised.js';
import { sayVerdict, type Verdict } from './verdict.js';

export interface FaultWorldOptions extends OwnPostgresOptions {
  readonly apis?: number;
  readonly workers?: number;
  readonly load?: LoadOptions;
  /** Without it jobs are in PostgreSQL. */
  readonly redisUrl?: string;
  /** Of all service processes. */
  readonly env?: Record<string, string>;
  /** Settings of another way to the database than straight through the proxy, made once both are there. */
  readonly way?: (postgres: OwnPostgres, proxy: TcpProxy) => Promise<Record<string, string>>;
  /** What one process of a part may open of the database. */
  readonly connections?: Readonly<Record<'api' | 'worker', number>>;
  /** Run on the database before any process starts. */
  readonly prepare?: (postgres: OwnPostgres) => Promise<unknown>;
  /** Whom the service's processes are in the database. */
  readonly user?: string;
}

export const DATABASE = 'rollcall';
const SETTLES_WITHIN_MS = 120_000;

/**
 * The service as it runs in earnest: several processes on a database of the test's own, with clients that use it. All of
 * them get there through `proxy`; the judge goes directly.
 */
export class FaultWorld {
  readonly load: Load;
  readonly jobs: JobLoad;
  readonly subscriber: SupervisedSubscriber;
  readonly apis: SupervisedService[];
  readonly workers: SupervisedService[];
  readonly unwantedEnds: UnwantedEnd[] = [];
  private readonly faults = new Map<string, number>();
  private readonly files: SentFile[] = [];
  private readonly queues: Queues;
  private subscribed = false;

  private constructor(
    public postgres: OwnPostgres,
    readonly proxy: TcpProxy,
    private readonly backend: QueueBackend,
    readonly env: Record<string, string>,
    { apis = 2, workers = 1, connections, load }: FaultWorldOptions,
  ) {
    const onEnd = (end: UnwantedEnd) => void this.unwantedEnds.push(end);
    const processes = (part: 'api' | 'worker', count: number) => {
      const most = connections && { ROLLCALL_DATABASE_CONNECTIONS: String(connections[part]) };
      return Array.from({ length: count }, () => new SupervisedService(part, { ...env, ...most }, onEnd));
    };
    this.apis = processes('api', apis);
    this.workers = processes('worker', workers);
    this.load = new Load(() => this.targets, load);
    this.queues = new Queues(backend);
    this.jobs = new JobLoad(this.queues);
    const url = postgres.url(DATABASE, proxy.port);
    this.subscriber = new SupervisedSubscriber(
      { DATABASE_URL: url, SUBSCRIPTION: 'of-the-test', BATCH_SIZE: '50' },
      onEnd,
    );
  }

  static async open(options: FaultWorldOptions = {}): Promise<FaultWorld> {
    const postgres = await OwnPostgres.start(options);
    const proxy = await TcpProxy.to(postgres.port);
    await postgres.sql(`create database ${DATABASE}`);
    await options.prepare?.(postgres);
    const url = new URL(postgres.url(DATABASE, proxy.port));
    url.username = options.user ?? 'postgres';
    const prefix = `fault-${randomBytes(4).toString('hex')}`;
    const backend = options.redisUrl
      ? redisBackend(options.redisUrl, { prefix: `{${prefix}}` })
      : postgresBackend(postgres.url(DATABASE, proxy.port));
    const env = {
      DATABASE_URL: url.href,
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_RATE_LIMIT: '0',
      ROLLCALL_LOG_LEVEL: 'warn',
      ...soonLost,
      ...(options.redisUrl && { REDIS_URL: options.redisUrl, ROLLCALL_QUEUE_PREFIX: prefix }),
      ...options.env,
      ...(await options.way?.(postgres, proxy)),
    };
    const world = new FaultWorld(postgres, proxy, backend, env, options);
    try {
      await Promise.all([...world.apis, ...world.workers].map((process) => process.start()));
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /** The API processes that are up. */
  get targets(): Target[] {
    return this.apis.map(({ target }) => target).filter((target) => target !== undefined);
  }

  /** Starts a subscriber of the test's own, whose every handled event is counted. */
  async subscribe(): Promise<void> {
    // No unique key: an event that is handled twice must show.
    await this.sql('create table handled (at bigserial, event_id uuid)');
    this.subscribed = true;
    this.subscriber.start();
  }

  /** Does harm, and counts it. */
  async hurt<T>(fault: string, harm: () => T | Promise<T>): Promise<T> {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    return harm();
  }

  /** Sends a file until some import of it has arrived whole. */
  async import(rows: number): Promise<void> {
    const file = await sendFile(() => this.targets, rows);
    this.files.push(file);
  }

  sql<Row extends object = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.postgres.sql<Row>(text, { database: DATABASE, values });
  }

  async readiness(): Promise<number[]> {
    return Promise.all(
      this.targets.map(async ({ url }) =>
        fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(30_000) }).then(
          ({ status }) => status,
          () => 0,
        ),
      ),
    );
  }

  /** From now on everybody finds another server where the database was. */
  async moveTo(postgres: OwnPostgres): Promise<void> {
    const former = this.postgres;
    this.postgres = postgres;
    this.proxy.redirect(postgres.port);
    await former.end();
  }

  /** Ends the load, waits until nothing is left to do, and judges what became of everything. */
  async judge(name: string, faults: Record<string, number> = {}): Promise<Verdict> {
    await this.load.stop();
    for (const [fault, count] of Object.entries(faults)) this.faults.set(fault, count);
    const files = await this.settled();
    const log = await this.log();
    const operations = [...this.load.operations, ...this.jobs.operations];
    const handled = this.subscribed ? await this.handled(log.length) : undefined;
    const check = await rollcall(['rebuild', 'identities', '--check'], {
      ...this.env,
      ...(!this.hasTwoRoles && { DATABASE_URL: this.postgres.url(DATABASE) }),
    });
    const verdict: Verdict = {
      name,
      operations: operations.length,
      acknowledged: operations.filter(({ outcome }) => outcome.is === 'acknowledged').length,
      unknown: operations.filter(({ outcome }) => outcome.is === 'unknown').length,
      rows: files.reduce((sum, { rows }) => sum + rows, 0),
      events: log.length,
      answers: Object.fromEntries(this.load.answers),
      faults: Object.fromEntries(this.faults),
      anomalies: findFaults({ operations, files, log, handled }),
      differingRows: check.code === 0 ? '' : `${check.stdout}${check.stderr}`,
      unwantedEnds: this.unwantedEnds,
      setAside: Number((await this.sql<{ count: string }>(SET_ASIDE))[0]?.count),
      longestMs: Math.round(Math.max(0, ...operations.map(({ longestMs }) => longestMs))),
    };
    sayVerdict(verdict);
    return verdict;
  }

  async close(): Promise<void> {
    await this.load.stop();
    await this.subscriber.kill();
    await Promise.all([...this.apis, ...this.workers].map((process) => process.stop()));
    await this.queues.close();
    await this.backend.close();
    await this.proxy.close();
    await this.postgres.end();
  }

  /** Each of which has its own URL: the owner would be taken for the one that serves. */
  private get hasTwoRoles(): boolean {
    return 'ROLLCALL_DATABASE_DIRECT_URL' in this.env;
  }

  /** Every import is over and every job is done. */
  private async settled(): Promise<SentFile[]> {
    const limit = Date.now() + SETTLES_WITHIN_MS;
    const counts = () => this.queues.counts('identity-commands').catch(() => undefined);
    for (;;) {
      const jobs = this.jobs.operations.length > 0 ? await counts() : { waiting: 0, delayed: 0, active: 0 };
      const files = await Promise.all(this.files.map((file) => this.looked(file)));
      const open = files.filter(({ imports }) => imports.some(isOpen));
      const idle = jobs !== undefined && jobs.waiting + jobs.delayed + jobs.active === 0;
      if ((idle && open.length === 0) || Date.now() > limit) return files;
      await sleep(200);
    }
  }

  private async looked(file: SentFile): Promise<SentFile> {
    const rows = await this.sql<ImportRow>(
      `select id, status, rows_read::int as read, rows_created::int as created, rows_updated::int as updated,
              rows_unchanged::int as unchanged, rows_rejected::int as rejected
         from imports where id = any($1) order by created_at`,
      [file.imports.map(({ id }) => id)],
    );
    return { ...file, imports: rows.map(({ id, status, ...counts }) => ({ id, status, rows: counts })) };
  }

  private async log(): Promise<LoggedEvent[]> {
    return this.sql<LoggedEvent & Record<string, unknown>>(
      `select event_id as id, stream_id as "streamId", version::int, global_position::int as position, type,
              meta->>'correlationId' as cause, data->>'identifierKey' as key
         from es.events order by global_position`,
    );
  }

  /** As long as the subscriber gets on it is behind, and has missed nothing yet. */
  private async handled(wanted: number): Promise<string[]> {
    let limit = Date.now() + SETTLES_WITHIN_MS;
    for (let before = 0; ; ) {
      const rows = await this.sql<{ event_id: string }>('select event_id from handled order by at');
      if (rows.length > before) limit = Date.now() + SETTLES_WITHIN_MS;
      before = rows.length;
      if (rows.length >= wanted || Date.now() > limit) return rows.map(({ event_id: id }) => id);
      await sleep(200);
    }
  }
}

interface ImportRow {
  readonly id: string;
  readonly status: string;
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
}

/** One that broke off while it was sent stays open until the house-keeping comes by, and has no work left. */
const isOpen = ({ status }: ImportState, at: number, all: readonly ImportState[]): boolean =>
  status === 'running' || (status === 'receiving' && at === all.length - 1);
