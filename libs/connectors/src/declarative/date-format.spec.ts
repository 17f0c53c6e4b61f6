import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DATE_FORMATS, type DateFormat, formatDate, parseDate, parseDuration } from './date-format.js';

const GRANULE_MS: Readonly<Record<DateFormat, number>> = {
  iso: 1,
  iso_s: 1_000,
  unix_s: 1_000,
  unix_ms: 1,
  'YYYY-MM-DD HH:mm:ss': 1_000,
  'YYYY-MM-DD': 86_400_000,
};
const dates = fc.date({ min: new Date('1970-01-02'), max: new Date('2100-01-01'), noInvalidDate: true });

describe('date formats', () => {
  it.each(DATE_FORMATS)('%s reads what it wrote, cut to what it holds and never later', (format) => {
    fc.assert(
      fc.property(dates, (date) => {
        const back = parseDate(formatDate(date, format), format)?.getTime() ?? Number.NaN;
        expect(back).toBe(Math.floor(date.getTime() / GRANULE_MS[format]) * GRANULE_MS[format]);
      }),
    );
  });

  it.each<[DateFormat, unknown]>([
    ['iso', '2026-09-01'],
    ['iso', '2026-09-01T10:00:00'],
    ['iso', 1_756_720_000],
    ['iso', '2026-13-01T10:00:00Z'],
    ['unix_s', 'yesterday'],
    ['unix_s', null],
    ['unix_ms', ''],
    ['unix_s', 1e300],
    ['YYYY-MM-DD HH:mm:ss', '2026-09-01T10:00:00Z'],
    ['YYYY-MM-DD HH:mm:ss', '2026-09-01 25:00:00'],
    ['YYYY-MM-DD', '1 Sep 2026'],
  ])('%s does not guess at %p', (format, value) => {
    expect(parseDate(value, format)).toBeNull();
  });

  it('read zones, fractions and numbers in texts', () => {
    const ten = new Date('2026-09-01T10:00:00Z');
    expect(parseDate('2026-09-01T12:00:00+02:00', 'iso')).toEqual(ten);
    expect(parseDate('2026-09-01T10:00:00.000+0000', 'iso')).toEqual(ten);
    expect(parseDate('2026-09-01 10:00:00.647042', 'YYYY-MM-DD HH:mm:ss')).toEqual(ten);
    expect(parseDate(String(ten.getTime() / 1000), 'unix_s')).toEqual(ten);
  });

  it('never throw', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...DATE_FORMATS), (value, format) => {
        const date = parseDate(value, format);
        expect(date === null || !Number.isNaN(date.getTime())).toBe(true);
      }),
    );
  });
});

describe('durations', () => {
  it.each([
    ['PT30S', 30_000],
    ['PT5M', 300_000],
    ['PT1H30M', 5_400_000],
    ['P2D', 172_800_000],
    ['P1DT1S', 86_401_000],
    ['PT0S', 0],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', 'P', 'PT', 'P1DT', '5 minutes', 'P1M', '-PT5M', 'pt5m', 'PT5M '])('%p is none', (text) =>
    expect(parseDuration(text)).toBeNull(),
  );
});
