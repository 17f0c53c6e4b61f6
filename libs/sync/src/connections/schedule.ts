import { CronExpressionParser } from 'cron-parser';
import { InvalidConnectionError } from './connection.errors.js';

/** When a connection's incremental runs start: at an interval, at the times of a cron expression, or when asked. */
export interface Schedule {
  readonly everySeconds: number | null;
  /** Minute, hour, day of month, month, day of week. */
  readonly cron: string | null;
  /** Of the cron expression: an IANA name. */
  readonly timeZone: string;
}

/** @throws InvalidConnectionError naming the field and what was expected */
export function requireSchedule(schedule: Schedule): Schedule {
  const { everySeconds, cron, timeZone } = schedule;
  if (cron !== null && everySeconds !== null)
    throw new InvalidConnectionError('cron: expected either cron or every_seconds, the other one null');
  if (!isTimeZone(timeZone))
    throw new InvalidConnectionError('time_zone: expected an IANA time zone such as Europe/Berlin or UTC');
  if (cron !== null) requireCron(cron);
  return schedule;
}

/** The first time after `now`; however many were missed, the next one is in the future. Null without cron. */
export function nextRunAt({ cron, timeZone }: Schedule, now: Date): Date | null {
  if (cron === null) return null;
  return CronExpressionParser.parse(cron, { currentDate: now, tz: timeZone }).next().toDate();
}

const EXPECTED =
  'expected five fields, minute hour day-of-month month day-of-week, such as "0 3 * * *" for every day at three';

function requireCron(cron: string): void {
  // The parser would fill up missing fields, and take a sixth one for seconds.
  if (cron.trim().split(/\s+/).length !== 5) throw new InvalidConnectionError(`cron: ${EXPECTED}`);
  try {
    CronExpressionParser.parse(cron).next();
  } catch (cause) {
    throw new InvalidConnectionError(`cron: ${EXPECTED}; ${(cause as Error).message}`, { cause });
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    // Intl has no question to ask, only a RangeError.
    return false;
  }
}
