import { InvalidArgumentError } from 'commander';

export interface ScheduleOptions {
  readonly every?: number | 'never';
  readonly cron?: string;
  readonly timeZone?: string;
}

/** As the API takes it; what was not said is left out. */
export const scheduleBody = ({ every, cron, timeZone }: ScheduleOptions) => ({
  ...(every === undefined ? {} : { every_seconds: every === 'never' ? null : every }),
  ...(every === 'never' && cron === undefined ? { cron: null } : {}),
  ...(cron === undefined ? {} : { cron }),
  ...(timeZone === undefined ? {} : { time_zone: timeZone }),
});

export function interval(text: string): number | 'never' {
  if (text === 'never') return text;
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected seconds, or "never"');
  return Number(text);
}
