import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { callSpacingMs, callWindows } from './call-windows.js';

const limits = [
  { requests: 5, perMs: 1_000, path: '/search' },
  { requests: 100, perMs: 10_000 },
];

describe('call windows', () => {
  it('counts a webhook’s call in the whole window', () =>
    expect(callWindows(limits, '/crm/contacts', null)).toEqual([{ name: '1', limit: 100, perMs: 10_250 }]));

  it('counts a polling call in its share as well', () =>
    expect(callWindows(limits, '/crm/contacts', 0.8)).toEqual([
      { name: '1', limit: 100, perMs: 10_250 },
      { name: '1-polling', limit: 80, perMs: 10_250 },
    ]));

  it('counts a call in every limit that its path is under', () =>
    expect(callWindows(limits, '/crm/contacts/search', null).map(({ name }) => name)).toEqual(['0', '1']));

  it('has no window without a limit', () => expect(callWindows([], '/', 0.8)).toEqual([]));

  it('always leaves polling a call, and never more than there are', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (n, share) => {
          const [whole, polling] = callWindows([{ requests: n, perMs: 1_000 }], '/', share);
          expect(polling?.limit).toBeGreaterThanOrEqual(1);
          expect(polling?.limit).toBeLessThanOrEqual(whole?.limit ?? 0);
        },
      ),
    ));
});

describe('the spacing of calls for webhooks', () => {
  const window = { name: '0', limit: 100, perMs: 10_000 };

  it('makes what is left last for a window', () => expect(callSpacingMs([window], [50], 0.2)).toBe(200));

  it('counts on the share that polling leaves, whatever is left at the moment', () =>
    expect(callSpacingMs([window], [3], 0.2)).toBe(500));

  it('counts on one call at least', () => expect(callSpacingMs([window], [0], 0)).toBe(10_000));

  it('is that of the scarcest window', () =>
    expect(callSpacingMs([window, { name: '1', limit: 10, perMs: 5_000 }], [100, 10], 0.2)).toBe(500));

  it('is nothing without a limit', () => expect(callSpacingMs([], [], 0.2)).toBe(0));
});
