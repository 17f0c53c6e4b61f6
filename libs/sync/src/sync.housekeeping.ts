import { knownConnectors } from '#connectors';
import { createLogger, inLongTransaction, type Pool } from '#platform';
import type { Queues } from '#queue';
import { DEFAULT_POLICIES } from './connections/connection-policies.js';
import type { CronRuns } from './cron-runs.js';
import { RunActiveError } from './runs/run.errors.js';
import { SILENT_RUN_SECONDS } from './runs/run.store.js';
import type { RunControl } from './runs/run-control.js';
import { canSweep } from './runs/sweep.js';
import { enqueueAbandoned, enqueueForgottenRecords, enqueuePage, enqueueRecords } from './sync.jobs.js';

const STUCK_SECONDS = 15;

/** Longer than any job takes to come to them, or to show what it has done of many. */
const FORGOTTEN_SECONDS = 60;

/** What PostgreSQL says is due, whatever became of the queue. */
export class SyncHousekeeping {
  private readonly log = createLogger('sync-housekeeping');

  constructor(
    private readonly parts: {
      readonly pool: Pool;
      readonly queues: Queues;
      readonly runs: RunControl;
      readonly cron: CronRuns;
    },
  ) {}

  /** Brings back the jobs of runs and deliveries that wait without one. */
  async bringBack(): Promise<void> {
    const { pool, queues } = this.parts;
    const runs = await pool.query<{ id: string; pages: number }>(STUCK_RUNS, [SILENT_RUN_SECONDS]);
    for (const { id, pages } of runs.rows) await enqueueAbandoned(queues, id, pages);
    const values = [STUCK_SECONDS, FORGOTTEN_SECONDS];
    const connections = await pool.query<{ id: string; forgotten: boolean }>(STUCK_DELIVERIES, values);
    for (const { id, forgotten } of connections.rows)
      await (forgotten ? enqueueForgottenRecords : enqueueRecords)(queues, id);
  }

  /** The same for one connection, at once. */
  async wake(connectionId: string): Promise<void> {
    const { pool, queues } = this.parts;
    const runs = await pool.query<{ id: string }>(
      `update sync_runs set not_before = null where connection_id = $1 and status in ('waiting', 'running') returning id`,
      [connectionId],
    );
    for (const { id } of runs.rows) await enqueuePage(queues, id);
    await enqueueRecords(queues, connectionId);
  }

  /** Starts the incremental runs whose time has come, and once a day a sweep. */
  async startDueRuns(): Promise<void> {
    await this.parts.cron.startDue();
    const { pool } = this.parts;
    const due = await pool.query<DueTable>(DUE_TABLES);
    for (const stream of due.rows) await this.startScheduled(stream, 'incremental');
    const kinds = knownConnectors()
      .filter(canSweep)
      .map(({ descriptor }) => descriptor.id);
    const unswept = await pool.query<DueTable>(DUE_SWEEPS, [kinds]);
    for (const stream of unswept.rows) await this.startScheduled(stream, 'sweep');
  }

  private async startScheduled({ id, stream }: DueTable, mode: 'incremental' | 'sweep'): Promise<void> {
    try {
      await this.parts.runs.start(id, { mode, stream, trigger: 'schedule' }, 'all');
    } catch (error) {
      // Another worker was faster, or the connection was paused just now: nothing is due any more.
      this.log[error instanceof RunActiveError ? 'debug' : 'warn'](
        { connection: id, stream, mode, code: (error as { code?: string }).code },
        'a scheduled run was not started',
      );
    }
  }

  /** Old work is forgotten: deliveries after a week, outcomes as each connection says, runs of webhooks after a month. */
  async forgetOldWork(): Promise<void> {
    for (const forget of [OLD_DELIVERIES, OLD_OUTCOMES, OLD_CONFLICTS, OLD_RECORD_RUNS])
      await inLongTransaction(this.parts.pool, (client) => client.query(forget));
  }
}

const OLD_DELIVERIES = `
  delete from webhook_deliveries where status <> 'waiting' and received_at < now() - interval '7 days'`;

const OLD_RECORD_RUNS = `
  delete from sync_runs where mode = 'record' and finished_at < now() - interval '30 days'`;

interface DueTable {
  readonly id: string;
  readonly stream: string;
}

const USABLE = `c.status = 'active' and (c.paused_until is null or c.paused_until <= now())`;

/** What is later was written before the database's clock was set back, and says nothing of now. */
const SOON = `now() + interval '1 minute'`;

const isRecent = (column: string) =>
  `(${column} >= now() - make_interval(secs => $1) and ${column} < ${SOON})`;

const STUCK_RUNS = `
  select r.id, r.pages from sync_runs r join connections c on c.id = r.connection_id and ${USABLE}
  where r.status in ('waiting', 'running') and (r.not_before is null or r.not_before < now())
    and not ${isRecent('r.updated_at')} and not coalesce(${isRecent('r.alive_at')}, false)`;

/** New ones have a job of their own; those that were put off may have lost it. */
const STUCK_DELIVERIES = `
  select c.id, exists (
      select 1 from webhook_deliveries d where d.connection_id = c.id and d.status = 'waiting'
        and d.due_at < now() - make_interval(secs => $2))
    and not exists (
      select 1 from (select * from sync_runs where connection_id = c.id order by id desc limit 50) r
      where r.mode = 'record' and r.updated_at > now() - make_interval(secs => $2)) as forgotten
  from connections c where ${USABLE} and exists (
    select 1 from webhook_deliveries d where d.connection_id = c.id and d.status = 'waiting'
      and d.due_at < now() and (d.attempts > 0 or d.received_at < now() - make_interval(secs => $1)))`;

/** Counted from the start of the last polling run, so that a long run does not move the rhythm. */
const DUE_TABLES = `
  select c.id, s.stream from connections c, lateral jsonb_object_keys(c.mapping) as s(stream)
  where ${USABLE} and c.every_seconds is not null
    and not exists (select 1 from sync_runs r where r.connection_id = c.id and r.stream = s.stream
      and r.mode in ('full', 'incremental', 'sweep') and (r.status in ('waiting', 'running')
        or r.mode <> 'sweep' and r.created_at > now() - make_interval(secs => c.every_seconds)
          and r.created_at < ${SOON}))`;

/** Of connections with a schedule, where something can be missing: a full run sweeps, too. One that failed swept nothing. */
const DUE_SWEEPS = `
  select c.id, s.stream from connections c, lateral jsonb_object_keys(c.mapping) as s(stream)
  where ${USABLE} and c.kind = any($1) and (c.every_seconds is not null or c.cron is not null)
    and exists (select 1 from sync_cursors k where k.connection_id = c.id and k.stream = s.stream)
    and not exists (select 1 from sync_runs r where r.connection_id = c.id and r.stream = s.stream
      and r.mode in ('full', 'incremental', 'sweep') and (r.status in ('waiting', 'running')
        or r.mode <> 'incremental' and r.created_at < ${SOON} and r.created_at > now()
          - case r.status when 'failed' then interval '1 hour' else interval '1 day' end))`;

/** A policy that says nothing: the default of connection-policies.ts. */
const OLD_OUTCOMES = `
  delete from record_outcomes o using connections c
  where c.id = o.connection_id and o.created_at < now() - make_interval(days =>
    coalesce((c.policies->>'retention_days')::int, ${DEFAULT_POLICIES.retention_days}))`;

/** Conflicts that are over, by the same rule. */
const OLD_CONFLICTS = `
  delete from conflicts o using connections c
  where c.id = o.connection_id and o.status <> 'open' and o.updated_at < now() - make_interval(days =>
    coalesce((c.policies->>'retention_days')::int, ${DEFAULT_POLICIES.retention_days}))`;
