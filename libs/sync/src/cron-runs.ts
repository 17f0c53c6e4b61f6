import { createLogger, type Pool } from '#platform';
import { nextRunAt } from './connections/schedule.js';
import { RunActiveError } from './runs/run.errors.js';
import type { RunControl } from './runs/run-control.js';

/**
 * Starts the incremental runs of connections with a cron expression. The time that is due stands in the connection
 * until its runs were started, so that one that was missed is made up, and several that were missed are made up once.
 * All times are by the database's clock: one worker's own may be an hour off. A time that lies beyond the expression's
 * next one was written by a clock that was ahead, and is set right.
 */
export class CronRuns {
  private readonly log = createLogger('cron-runs');
  private readonly foundRight = new Map<string, string>();
  private lookedAt = new Date(0);

  constructor(private readonly parts: { readonly pool: Pool; readonly runs: RunControl }) {}

  async startDue(): Promise<void> {
    const { rows } = await this.parts.pool.query<ScheduledConnection>(SCHEDULED);
    this.forgetWhenSetBack(rows[0]?.now);
    for (const scheduled of rows) {
      if (isDue(scheduled)) await this.startAll(scheduled);
      else if (this.isRight(scheduled)) continue;
      else this.log.warn({ connection: scheduled.id }, 'a schedule lay too far ahead and is set right');
      await this.moveOn(scheduled);
    }
  }

  /** Asking the expression takes up to milliseconds: what was found right stays so while time goes forward. */
  private isRight(scheduled: ScheduledConnection): boolean {
    const { id, cron, time_zone: timeZone, next_run_at: stored } = scheduled;
    const asked = [cron, timeZone, stored?.getTime()].join();
    if (this.foundRight.get(id) === asked) return true;
    const next = nextOf(scheduled);
    const right = stored !== null && next !== null && stored <= next;
    if (right) this.foundRight.set(id, asked);
    return right;
  }

  private forgetWhenSetBack(now = this.lookedAt): void {
    if (now < this.lookedAt) this.foundRight.clear();
    this.lookedAt = now;
  }

  private async startAll({ id, streams }: ScheduledConnection): Promise<void> {
    for (const stream of streams) await this.start(id, stream);
  }

  /** Only from the time that was read, and as long as that is the schedule: by now it may be another one. */
  private async moveOn(scheduled: ScheduledConnection): Promise<void> {
    await this.parts.pool.query(
      `update connections set next_run_at = $5
       where id = $1 and next_run_at is not distinct from $2 and cron = $3 and time_zone = $4`,
      [scheduled.id, scheduled.next_run_at, scheduled.cron, scheduled.time_zone, nextOf(scheduled)],
    );
  }

  private async start(connectionId: string, stream: string): Promise<void> {
    try {
      await this.parts.runs.start(connectionId, { mode: 'incremental', stream, trigger: 'schedule' }, 'all');
    } catch (error) {
      // A run of the stream is under way (another worker was faster, or the last one takes long), or the
      // connection was paused just now: the next time is soon enough.
      this.log[error instanceof RunActiveError ? 'debug' : 'warn'](
        { connection: connectionId, stream, code: (error as { code?: string }).code },
        'a scheduled run was not started',
      );
    }
  }
}

interface ScheduledConnection {
  readonly id: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly next_run_at: Date | null;
  readonly streams: readonly string[];
  readonly now: Date;
}

const isDue = ({ next_run_at: stored, now }: ScheduledConnection): boolean =>
  stored !== null && stored <= now;

const nextOf = ({ cron, time_zone: timeZone, now }: ScheduledConnection): Date | null =>
  nextRunAt({ everySeconds: null, cron, timeZone }, now);

const SCHEDULED = `
  select id, cron, time_zone, next_run_at, array(select jsonb_object_keys(mapping)) as streams, now() as now
  from connections
  where status = 'active' and (paused_until is null or paused_until <= now()) and cron is not null
  order by next_run_at`;
