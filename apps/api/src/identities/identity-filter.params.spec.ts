import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { filterParams } from './identity-filter.params.js';

const { updated_after: updatedAfter } = filterParams;

describe('updated_after', () => {
  it.each([
    ['2026-11-23T12:00:00Z', '2026-11-23T12:00:00.000Z'],
    ['2026-11-23T13:00:00.25+01:00', '2026-11-23T12:00:00.250Z'],
    // Cut off, never rounded up: what changed in that millisecond must not be missed.
    ['2026-11-23T12:00:00.003999Z', '2026-11-23T12:00:00.003Z'],
  ])('takes a time with its zone: %s', (text, moment) =>
    expect(updatedAfter.parse(text)).toEqual(new Date(moment)),
  );

  it.each([
    'yesterday',
    '2026-11-23',
    '2026-11-23T12:00:00',
    '2026-11-23T12:00:00 01:00',
    '2026-02-30T12:00:00Z',
    '1764331200',
    '3',
    ['2026-11-23T12:00:00Z', '2026-11-24T12:00:00Z'],
  ])('refuses %j, and says what it expected', (given) =>
    expect(z.prettifyError(updatedAfter.safeParse(given).error ?? new z.ZodError([]))).toContain(
      'expected an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z',
    ),
  );
});
