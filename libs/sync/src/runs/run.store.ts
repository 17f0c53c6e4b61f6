import { type Pool, type PoolClient, uuidv7 } from '#platform';
import type { OutcomeCounts } from '../records/apply-records.js';
import type { StreamKey } from '../records/link.store.js';
import { RunActiveError } from './run.errors.js';
import type { Run, RunMode, RunPhase, RunStatus, RunTrigger } from './run.js';

export interface NewRun extends StreamKey {
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
}

/** Where a page leaves its run. */
export interface RunStep {
  readonly status: RunStatus;
  readonly phase: RunPhase;
  readonly cursor: unknown;
  readonly counts: OutcomeCounts;
  readonly errorCode?: string;
  readonly error?: string;
}

/** The tables `sync_runs` and `sync_cursors`. Progress is written with a fence: who has an old page number is too late. */
export class RunStore {
  constructor(private readonly pool: Pool) {}

  /** Without a cursor of its stream an incremental run has to be a full one. @throws RunActiveError */
  async start({ connectionId, stream, mode, trigger }: NewRun, client: PoolClient): Promise<Run> {
    try {
      const { rows } = await client.query<RunRow>(START, [uuidv7(), connectionId, stream, mode, trigger]);
      return toRun(rows[0] as RunRow);
    } catch (error) {
      const { constraint } = error as { constraint?: string };
      throw constraint === 'sync_runs_one_polling' ? new RunActiveError(stream) : error;
    }
  }

  /** The run, and the time by the database's clock, which all workers share. */
  async find(id: string): Promise<{ readonly run: Run; readonly now: Date } | null> {
    const { rows } = await this.pool.query<RunRow & { now: Date }>(
      'select *, clock_timestamp() as now from sync_runs where id = $1',
      [id],
    );
    const [row] = rows;
    return row ? { run: toRun(row), now: row.now } : null;
  }

  async advance(client: PoolClient, run: Run, step: RunStep): Promise<boolean> {
    const { rowCount } = await client.query(
      `update sync_runs set status = $3, phase = $4, cursor = $5, counts = $6, error_code = $7, error = $8,
         pages = pages + 1, attempts = 0, not_before = null, updated_at = now(),
         finished_at = case when $3 in ('waiting', 'running') then null else now() end
       where id = $1 and pages = $2 and status in ('waiting', 'running')`,
      [
        run.id,
        run.pages,
        step.status,
        step.phase,
        step.cursor === null ? null : JSON.stringify(step.cursor),
        JSON.stringify(step.counts),
        step.errorCode ?? null,
        step.error ?? null,
      ],
    );
    return rowCount === 1;
  }

  /** A run of webhook deliveries is over with each batch, and may get another one. */
  async saveRecordRun(client: PoolClient, id: string, key: StreamKey, counts: OutcomeCounts): Promise<void> {
    await client.query(
      `insert into sync_runs (id, connection_id, stream, mode, trigger, status, counts, pages, finished_at)
       values ($1, $2, $3, 'record', 'webhook', $4, $5, 1, now())
       on conflict (id) do update set status = excluded.status, counts = excluded.counts,
         pages = sync_runs.pages + 1, updated_at = now(), finished_at = now()`,
      [
        id,
        key.connectionId,
        key.stream,
        counts.invalid || counts.conflict ? 'completed_with_errors' : 'completed',
        JSON.stringify(counts),
      ],
    );
  }

  /** Where a run begins to read its stream; null: at the beginning. */
  async startCursor({ connectionId, stream, mode }: Run): Promise<unknown> {
    if (mode !== 'incremental') return null;
    const { rows } = await this.pool.query<{ cursor: unknown }>(
      'select cursor from sync_cursors where connection_id = $1 and stream = $2',
      [connectionId, stream],
    );
    return rows[0]?.cursor ?? null;
  }

  /** Where the next incremental run of the stream starts. */
  async saveCursor(client: PoolClient, { connectionId, stream }: StreamKey, cursor: unknown): Promise<void> {
    await client.query(
      `insert into sync_cursors (connection_id, stream, cursor) values ($1, $2, $3)
       on conflict (connection_id, stream) do update set cursor = excluded.cursor, updated_at = now()`,
      [connectionId, stream, JSON.stringify(cursor)],
    );
  }

  async postpone(run: Run, until: Date, reason: { code: string; message: string }, counts: boolean) {
    await this.pool.query(
      `update sync_runs set not_before = $3, error_code = $4, error = $5, attempts = attempts + $6, updated_at = now()
       where id = $1 and pages = $2 and status in ('waiting', 'running')`,
      [run.id, run.pages, until, reason.code, reason.message, counts ? 1 : 0],
    );
  }

  /** Ends a run; one that is over stays as it ended. */
  async end(id: string, status: 'cancelled' | 'failed', reason?: { code: string; message: string }) {
    await this.pool.query(
      `update sync_runs set status = $2, error_code = $3, error = $4, updated_at = now(), finished_at = now()
       where id = $1 and status in ('waiting', 'running')`,
      [id, status, reason?.code ?? null, reason?.message ?? null],
    );
  }

  async pauseConnection(connectionId: string, until: Date, reason: string): Promise<void> {
    await this.pool.query(
      `update connections set paused_until = $2, status_reason = $3, updated_at = now() where id = $1`,
      [connectionId, until, reason],
    );
  }
}

const START = `
  insert into sync_runs (id, connection_id, stream, mode, trigger, status, phase)
  select $1, $2, $3, case when $4 = 'incremental' and c.cursor is null then 'full' else $4 end, $5,
    'waiting', 'deletions'
  from (select 1) as one left join sync_cursors c on c.connection_id = $2 and c.stream = $3
  returning *`;

export interface RunRow {
  readonly id: string;
  readonly connection_id: string;
  readonly stream: string;
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
  readonly status: RunStatus;
  readonly phase: RunPhase;
  readonly cursor: unknown;
  readonly pages: number;
  readonly counts: OutcomeCounts;
  readonly attempts: number;
  readonly error_code: string | null;
  readonly error: string | null;
  readonly not_before: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly finished_at: Date | null;
}

const toRun = (row: RunRow): Run => ({
  id: row.id,
  connectionId: row.connection_id,
  stream: row.stream,
  mode: row.mode,
  trigger: row.trigger,
  status: row.status,
  phase: row.phase,
  cursor: row.cursor,
  pages: row.pages,
  counts: row.counts,
  attempts: row.attempts,
  errorCode: row.error_code,
  error: row.error,
  notBefore: row.not_before,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  finishedAt: row.finished_at,
});
