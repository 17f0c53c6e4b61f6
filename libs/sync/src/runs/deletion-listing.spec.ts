import { describe, expect, it } from '@jest/globals';
import { mayRest } from './deletion-listing.js';

const at = new Date('2026-09-01T10:00:00Z');
const after = (seconds: number) => new Date(at.getTime() + seconds * 1_000);

describe('a listing of deletions', () => {
  it.each([
    ['is read by each run while it is short', 5, 0, false],
    ['rests when it is long', 6, 11, true],
    ['is read again after a while', 6, 12, false],
    ['rests longer the longer it is', 450, 899, true],
    ['lets the usual rhythm of 15 minutes be up to 45,000 records', 450, 900, false],
    ['rests an hour at most', 100_000, 3_599, true],
    ['is read each hour however long it is', 100_000, 3_600, false],
  ])('%s', (_what, pages, seconds, rests) => {
    expect(mayRest({ pages, at }, after(seconds))).toBe(rests);
  });
});
