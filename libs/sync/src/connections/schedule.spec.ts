import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextRunAt, requireSchedule, type Schedule } from './schedule.js';

const daily: Schedule = { everySeconds: null, cron: '0 3 * * *', timeZone: 'Europe/Berlin' };
const at = (time: string) => new Date(time);

describe('a schedule', () => {
  it.each([
    ['an interval', { ...daily, cron: null, everySeconds: 900 }],
    ['a cron expression', daily],
    ['neither', { ...daily, cron: null }],
  ])('may be %s', (_, schedule) => expect(requireSchedule(schedule)).toBe(schedule));

  it.each([
    ['both', { ...daily, everySeconds: 900 }, /^cron: expected either cron or every_seconds/],
    ['four fields', { ...daily, cron: '0 3 * *' }, /^cron: expected five fields/],
    ['seconds', { ...daily, cron: '0 0 3 * * *' }, /^cron: expected five fields/],
    ['a nickname', { ...daily, cron: '@daily' }, /^cron: expected five fields/],
    ['nothing', { ...daily, cron: ' ' }, /^cron: expected five fields/],
    ['an hour that does not exist', { ...daily, cron: '0 25 * * *' }, /^cron: .*0-23/],
    ['a day that never comes', { ...daily, cron: '0 0 31 2 *' }, /^cron: .*day of month/],
    ['a place nobody knows', { ...daily, timeZone: 'Mars/Olympus' }, /^time_zone: expected an IANA/],
  ])('is refused with %s', (_, schedule, message) =>
    expect(() => requireSchedule(schedule)).toThrow(message),
  );
});

describe('the next run', () => {
  it.each([
    ['in summer', '2026-07-01T12:00:00Z', '2026-07-02T01:00:00Z'],
    ['in winter', '2026-11-24T12:00:00Z', '2026-11-25T02:00:00Z'],
    ['at the very time', '2026-11-25T02:00:00Z', '2026-11-26T02:00:00Z'],
  ])('is at that hour of its place %s', (_, now, next) =>
    expect(nextRunAt(daily, at(now))).toEqual(at(next)),
  );

  it('is none without a cron expression', () =>
    expect(nextRunAt({ ...daily, cron: null, everySeconds: 60 }, new Date())).toBeNull());

  it('is always in the future, however much was missed', () =>
    fc.assert(
      fc.property(
        fc.date({ min: at('2020-01-01'), max: at('2040-01-01'), noInvalidDate: true }),
        fc.constantFrom('*/5 * * * *', '0 3 * * 1-5', '30 2 29 2 *', '0 0 1 1 *'),
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Apia'),
        (now, cron, timeZone) => {
          const next = nextRunAt({ everySeconds: null, cron, timeZone }, now);
          expect(next?.getTime()).toBeGreaterThan(now.getTime());
        },
      ),
    ));
});
