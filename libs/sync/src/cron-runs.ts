import { type Clock, createLogger, type Pool } from '#platform';
import { nextRunAt } from './connections/schedule.js';
import { RunActiveError } from './runs/run.errors.js';
import type { Runs } from './runs/runs.js';

/**
 * Starts the incremental runs of connections with a cron expression. The time that is due stands in the connection
 * until its runs were started, so that one that was missed is made up, and several that were missed are made up once.
 */
export class CronRuns {
  private readonly log = createLogger('cron-runs');

  constructor(private readonly parts: { readonly pool: Pool; readonly runs: Runs; readonly clock: Clock }) {}

  async startDue(): Promise<void> {
    const { pool, clock } = this.parts;
    const now = clock.now();
    const { rows } = await pool.query<DueConnection>(DUE, [now]);
    for (const due of rows) {
      for (const stream of due.streams) await this.start(due.id, stream);
      const schedule = { everySeconds: null, cron: due.cron, timeZone: due.time_zone };
      // Only from the time that was due: by now the schedule may be another one.
      await pool.query('update connections set next_run_at = $3 where id = $1 and next_run_at = $2', [
        due.id,
        due.next_run_at,
        nextRunAt(schedule, now),
      ]);
    }
  }

  private async start(connectionId: string, stream: string): Promise<void> {
    try {
      await this.parts.runs.start(connectionId, { mode: 'incremental', stream, trigger: 'schedule' }, 'all');
    } catch (error) {
      // A run of the stream is under way (another worker's sweep was faster, or the last one takes long), or the
      // connection was paused just now: the next time is soon enough.
      this.log[error instanceof RunActiveError ? 'debug' : 'warn'](
        { connection: connectionId, stream, code: (error as { code?: string }).code },
        'a scheduled run was not started',
      );
    }
  }
}

interface DueConnection {
  readonly id: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly next_run_at: Date;
  readonly streams: readonly string[];
}

const DUE = `
  select id, cron, time_zone, next_run_at, array(select jsonb_object_keys(mapping)) as streams
  from connections
  where status = 'active' and (paused_until is null or paused_until <= now())
    and cron is not null and next_run_at <= $1
  order by next_run_at`;
