import { type Pool, type PoolClient, uuidv7, valuesByName } from '#platform';
import { rowVersion } from '../connections/row-version.js';
import type { TableKey } from '../links/link.store.js';
import { failuresOf, type OutcomeCounts } from '../outcomes/outcome-counts.js';
import type { DeletionListing } from './deletion-listing.js';
import { IN_MS } from './in-ms.js';
import { RunActiveError } from './run.errors.js';
import type { Run, RunMode, RunPhase, RunStatus, RunTrigger } from './run.js';

export interface NewRun extends TableKey {
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
  readonly allowSweep?: boolean;
  readonly externalIds?: readonly string[];
}

export interface FoundRun {
  readonly run: Run;
  /** By the database's clock, which all workers share. */
  readonly now: Date;
  /** Another one after every change of its connection ({@link rowVersion}). */
  readonly connectionVersion: string;
}

/** Where a page leaves its run. */
export interface RunStep {
  readonly status: RunStatus;
  readonly phase: RunPhase;
  readonly cursor: unknown;
  readonly counts: OutcomeCounts;
  readonly errorCode?: string;
  readonly error?: string;
  /** What the vendor's listing showed on this page. */
  readonly rows: number;
  /** How many rows there are in all, where the vendor says so. */
  readonly total?: number;
  readonly calls: number;
  readonly deletionsEnd: boolean;
}

/** The tables `sync_runs` and `sync_cursors`. Progress is written with a fence: who has an old page number is too late. */
export class RunStore {
  constructor(private readonly pool: Pool) {}

  /** Without a cursor of its stream an incremental run has to be a full one. @throws RunActiveError */
  async start(run: NewRun, client: PoolClient): Promise<Run> {
    const { connectionId, stream, mode, trigger, allowSweep = false, externalIds = [] } = run;
    const phase = FIRST_PHASE[mode];
    const values = { id: uuidv7(), connectionId, stream, mode, trigger, phase, allowSweep, externalIds };
    try {
      const { rows } = await client.query<RunRow>(START(values));
      return toRun(rows[0] as RunRow);
    } catch (error) {
      const { constraint } = error as { constraint?: string };
      throw constraint === 'sync_runs_one_polling' ? new RunActiveError(stream) : error;
    }
  }

  async find(id: string): Promise<FoundRun | null> {
    const { rows } = await this.pool.query<RunRow & { now: Date; version: string | null }>({
      name: 'run_find',
      text: `select r.*, clock_timestamp() as now, ${rowVersion('c')} as version
        from sync_runs r left join connections c on c.id = r.connection_id where r.id = $1`,
      values: [id],
    });
    const [row] = rows;
    return row ? { run: toRun(row), now: row.now, connectionVersion: row.version ?? '' } : null;
  }

  async advance(client: PoolClient, run: Run, step: RunStep): Promise<boolean> {
    const { rowCount } = await client.query(
      ADVANCE({
        ...step,
        id: run.id,
        page: run.pages,
        cursor: step.cursor === null ? null : JSON.stringify(step.cursor),
        counts: JSON.stringify(step.counts),
        errorCode: step.errorCode ?? null,
        error: step.error ?? null,
        total: step.total ?? null,
      }),
    );
    return rowCount === 1;
  }

  /** A run of webhook deliveries is over with each batch, and may get another one. */
  async saveRecordRun(
    client: PoolClient,
    id: string,
    { connectionId, stream }: TableKey,
    counts: OutcomeCounts,
    trigger: RunTrigger = 'webhook',
  ): Promise<void> {
    const status = failuresOf(counts) > 0 ? 'completed_with_errors' : 'completed';
    await client.query(
      SAVE_RECORD_RUN({ id, connectionId, stream, trigger, status, counts: JSON.stringify(counts) }),
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

  /** Of runs that also acted on it. */
  async lastDeletionListing({ connectionId, stream }: TableKey): Promise<DeletionListing | null> {
    const { rows } = await this.pool.query<DeletionListing>(
      `select deletion_pages as pages, created_at as at from sync_runs
       where connection_id = $1 and stream = $2 and deletion_pages is not null and mode <> 'dry_run' order by id desc limit 1`,
      [connectionId, stream],
    );
    return rows[0] ?? null;
  }

  /** Where the next incremental run of the stream starts. */
  async saveCursor(client: PoolClient, { connectionId, stream }: TableKey, cursor: unknown): Promise<void> {
    await client.query(
      `insert into sync_cursors (connection_id, stream, cursor) values ($1, $2, $3)
       on conflict (connection_id, stream) do update set cursor = excluded.cursor, updated_at = now()`,
      [connectionId, stream, JSON.stringify(cursor)],
    );
  }

  async postpone(run: Run, waitMs: number, reason: { code: string; message: string }, counts: boolean) {
    await this.pool.query(
      `update sync_runs set not_before = ${IN_MS('$3')}, error_code = $4, error = $5, attempts = attempts + $6, updated_at = now()
       where id = $1 and pages = $2 and status in ('waiting', 'running')`,
      [run.id, run.pages, waitMs, reason.code, reason.message, counts ? 1 : 0],
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

  /** A worker is on it, however long the vendor takes to answer. */
  async showLife(id: string): Promise<void> {
    await this.pool.query('update sync_runs set alive_at = clock_timestamp() where id = $1', [id]);
  }

  /** Whether a run that could go on has given no sign for a while. */
  async isSilent(id: string): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `select 1 from sync_runs where id = $1 and status in ('waiting', 'running')
        and (not_before is null or not_before < now())
        and greatest(updated_at, alive_at) < now() - make_interval(secs => $2)`,
      [id, SILENT_RUN_SECONDS],
    );
    return rowCount === 1;
  }

  /** Requests of a try that failed. */
  async countCalls(id: string, calls: number): Promise<void> {
    await this.pool.query(
      'update sync_runs set api_calls = api_calls + $2, started_at = coalesce(started_at, now()) where id = $1',
      [id, calls],
    );
  }

  async pauseConnection(connectionId: string, forMs: number, reason: string): Promise<void> {
    await this.pool.query(
      `update connections set paused_until = ${IN_MS('$2')}, status_reason = $3, updated_at = now() where id = $1`,
      [connectionId, forMs, reason],
    );
  }
}

/** A run that shows no life for so long has lost its worker: who works on one says so every two seconds. */
export const SILENT_RUN_SECONDS = 5;

const FIRST_PHASE: Record<RunMode, RunPhase> = {
  full: 'deletions',
  incremental: 'deletions',
  dry_run: 'deletions',
  sweep: 'list',
  record: 'record',
};

/** Until the vendor says how long a listing is, it is taken to be as long as what is linked; changes may be any number. */
const START = valuesByName<Required<NewRun> & { readonly id: string; readonly phase: RunPhase }>(`
  insert into sync_runs (id, connection_id, stream, mode, trigger, status, phase, allow_sweep, external_ids, expected)
  select :id, :connectionId, :stream, m.mode, :trigger, 'waiting', :phase, :allowSweep, :externalIds::text[],
    nullif(case m.mode when 'incremental' then 0 when 'record' then cardinality(:externalIds::text[]) else (
      select count(*)::int from links l where l.connection_id = :connectionId and l.stream = :stream
        and l.tombstoned_at is null and l.merged_into is null) end, 0)
  from (select 1) as one left join sync_cursors c on c.connection_id = :connectionId and c.stream = :stream,
    lateral (select case when :mode::text = 'incremental' and c.cursor is null then 'full' else :mode end as mode) as m
  returning *`);

/** Three parts of what was before, one of this page. */
const ROW_RATE = `(
  select case when :rows::int = 0 then row_rate else coalesce(row_rate * 0.75 + page.rate * 0.25, page.rate) end
  from (select :rows::int / greatest(extract(epoch from clock_timestamp() - updated_at), 0.001) as rate) as page)`;

interface AdvanceValues extends Omit<RunStep, 'errorCode' | 'error' | 'total' | 'counts'> {
  readonly id: string;
  /** The page that the run has to be at. */
  readonly page: number;
  readonly counts: string;
  readonly errorCode: string | null;
  readonly error: string | null;
  readonly total: number | null;
}

const ADVANCE = valuesByName<AdvanceValues>(`
  update sync_runs set status = :status, phase = :phase, cursor = :cursor, counts = :counts, error_code = :errorCode,
    error = :error, pages = pages + 1, attempts = 0, not_before = null, row_rate = ${ROW_RATE},
    rows_read = rows_read + :rows, expected = coalesce(:total, expected), started_at = coalesce(started_at, now()),
    api_calls = api_calls + :calls, updated_at = clock_timestamp(),
    deletion_pages = case when :deletionsEnd then pages + 1 else deletion_pages end,
    finished_at = case when :status in ('waiting', 'running') then null else now() end
  where id = :id and pages = :page and status in ('waiting', 'running')`);

interface RecordRunValues extends TableKey {
  readonly id: string;
  readonly trigger: RunTrigger;
  readonly status: RunStatus;
  readonly counts: string;
}

const SAVE_RECORD_RUN = valuesByName<RecordRunValues>(`
  insert into sync_runs (id, connection_id, stream, mode, trigger, status, counts, pages, finished_at)
  values (:id, :connectionId, :stream, 'record', :trigger, :status, :counts, 1, now())
  on conflict (id) do update set status = excluded.status, counts = excluded.counts,
    pages = sync_runs.pages + 1, updated_at = now(), finished_at = now()`);

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
  readonly allow_sweep: boolean;
  readonly external_ids: readonly string[];
  readonly rows_read: number;
  readonly expected: number | null;
  readonly row_rate: number | null;
  readonly started_at: Date | null;
  readonly api_calls: number;
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
  allowSweep: row.allow_sweep,
  externalIds: row.external_ids,
  rowsRead: row.rows_read,
  expected: row.expected,
  rowRate: row.row_rate,
  startedAt: row.started_at,
  apiCalls: row.api_calls,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  finishedAt: row.finished_at,
});
