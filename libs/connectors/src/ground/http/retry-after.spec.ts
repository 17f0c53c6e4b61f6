import { describe, expect, it } from '@jest/globals';
import { retryAfter } from './retry-after.js';

const NOW = new Date('2026-09-01T10:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['seconds', '7', 7_000],
    ['fractions', '0.5', 500],
    ['zero', '0', 0],
    ['a date', 'Tue, 01 Sep 2026 10:00:30 GMT', 30_000],
    ['a date that has passed', 'Tue, 01 Sep 2026 09:00:00 GMT', 0],
    ['more than a day', '999999999', 86_400_000],
  ])('reads %s', (_name, value, delayMs) => {
    expect(retryAfter(value, null, NOW)).toEqual(new Date(NOW.getTime() + delayMs));
  });

  it.each([undefined, '', 'later', '-5'])('finds nothing in %p', (value) => {
    expect(retryAfter(value, null, NOW)).toBeNull();
  });

  it('measures a date by the server that named it', () => {
    const server = new Date('2026-09-01T10:10:00Z');
    expect(retryAfter('Tue, 01 Sep 2026 10:10:05 GMT', server, NOW)).toEqual(new Date(NOW.getTime() + 5_000));
  });
});
