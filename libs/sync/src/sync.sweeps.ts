import { createLogger, type Pool } from '#platform';
import type { Queues } from '#queue';
import { RunActiveError } from './runs/run.errors.js';
import type { Runs } from './runs/runs.js';
import { enqueuePage, enqueueRecords } from './sync.jobs.js';

/** Progress older than this has lost its job: a page takes seconds. */
const STUCK_SECONDS = 15;

/** What PostgreSQL says is due, whatever became of the queue. */
export class SyncSweeps {
  private readonly log = createLogger('sync-sweeps');

  constructor(
    private readonly parts: { readonly pool: Pool; readonly queues: Queues; readonly runs: Runs },
  ) {}

  /** Brings back the jobs of runs and deliveries that wait without one. */
  async bringBack(): Promise<void> {
    const { pool, queues } = this.parts;
    const runs = await pool.query<{ id: string }>(STUCK_RUNS, [STUCK_SECONDS]);
    for (const { id } of runs.rows) await enqueuePage(queues, id);
    const connections = await pool.query<{ id: string }>(STUCK_DELIVERIES, [STUCK_SECONDS]);
    for (const { id } of connections.rows) await enqueueRecords(queues, id);
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

  /** Starts the incremental runs whose time has come. */
  async startDueRuns(): Promise<void> {
    const { rows } = await this.parts.pool.query<{ id: string; stream: string }>(DUE_STREAMS);
    for (const { id, stream } of rows) {
      try {
        await this.parts.runs.start(id, { mode: 'incremental', stream, trigger: 'schedule' }, 'all');
      } catch (error) {
        // Another worker's sweep was faster, or the connection was paused just now: nothing is due any more.
        this.log[error instanceof RunActiveError ? 'debug' : 'warn'](
          { connection: id, stream, code: (error as { code?: string }).code },
          'a scheduled run was not started',
        );
      }
    }
  }

  /** Old work is forgotten: deliveries after a week, outcomes and runs of webhooks after a month. */
  async forgetOldWork(): Promise<void> {
    const { pool } = this.parts;
    await pool.query(
      `delete from webhook_deliveries where status <> 'waiting' and received_at < now() - interval '7 days'`,
    );
    await pool.query(`delete from record_outcomes where created_at < now() - interval '30 days'`);
    await pool.query(
      `delete from sync_runs where mode = 'record' and finished_at < now() - interval '30 days'`,
    );
  }
}

const USABLE = `c.status = 'active' and (c.paused_until is null or c.paused_until <= now())`;

const STUCK_RUNS = `
  select r.id from sync_runs r join connections c on c.id = r.connection_id and ${USABLE}
  where r.status in ('waiting', 'running') and coalesce(r.not_before, r.updated_at) < now()
    and (r.not_before is not null or r.updated_at < now() - make_interval(secs => $1))`;

/** New ones have a job of their own; those that were put off may have lost it. */
const STUCK_DELIVERIES = `
  select c.id from connections c where ${USABLE} and exists (
    select 1 from webhook_deliveries d where d.connection_id = c.id and d.status = 'waiting'
      and d.due_at < now() and (d.attempts > 0 or d.received_at < now() - make_interval(secs => $1)))`;

/** Counted from the start of the last polling run, so that a long run does not move the rhythm. */
const DUE_STREAMS = `
  select c.id, s.stream from connections c, lateral jsonb_object_keys(c.mapping) as s(stream)
  where ${USABLE} and c.every_seconds is not null
    and not exists (select 1 from sync_runs r where r.connection_id = c.id and r.stream = s.stream
      and r.mode in ('full', 'incremental')
      and (r.status in ('waiting', 'running') or r.created_at > now() - make_interval(secs => c.every_seconds)))`;
