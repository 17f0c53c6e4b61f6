import { describe, expect, it } from '@jest/globals';
import { collectMs } from './collecting.js';

const NOW = new Date('2026-09-01T10:00:00Z');

/** `records` deliveries, of which the oldest came `waitedMs` ago. */
const collected = (records: number, waitedMs: number, spacingMs: number) => ({
  deliveries: Array.from({ length: records }, (_, n) => ({
    externalId: `${n}`,
    receivedAt: new Date(NOW.getTime() - (n === 0 ? waitedMs : 0)),
  })),
  now: NOW,
  spacingMs,
  batchRead: 100,
});

describe('collecting deliveries', () => {
  it('is over at once when no budget has to last', () => expect(collectMs(collected(1, 1, 0))).toBe(0));

  it('is over at once when there are none', () => expect(collectMs(collected(0, 1, 500))).toBe(0));

  it('goes on until two calls have had their time', () =>
    expect(collectMs(collected(1, 200, 500))).toBe(800));

  it('is over when the oldest has waited for as long', () =>
    expect(collectMs(collected(1, 950, 500))).toBe(0));

  it('never takes longer than two seconds', () => expect(collectMs(collected(1, 200, 60_000))).toBe(1_800));

  it('ends when a batch will be full', () => expect(collectMs(collected(40, 200, 500))).toBe(300));

  it('is over when a batch is full', () => expect(collectMs(collected(100, 200, 500))).toBe(0));

  it('counts records, however many deliveries speak of them', () => {
    const { deliveries, ...rest } = collected(1, 200, 500);
    const often = Array.from({ length: 300 }, () => deliveries).flat();
    expect(collectMs({ deliveries: often, ...rest })).toBe(800);
  });
});
