import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { obstacleTo } from './sweep.js';

const judge = (listed: number, candidates: number, bound: number, maxShare = 0.1, allowed = false) =>
  obstacleTo({ listed, candidates, bound }, { maxShare, allowed });

describe('a sweep', () => {
  it('may delete its share', () => expect(judge(900, 100, 1_000)).toBeNull());

  it('may not delete more than its share, and names both numbers', () =>
    expect(judge(899, 101, 1_000)).toMatchObject({
      code: 'SWEEP_LIMIT',
      message: expect.stringMatching(/^101 of 1000 .* delete 100 /),
    }));

  it('may delete more when an operator says so', () => expect(judge(1, 999, 1_000, 0.1, true)).toBeNull());

  it('may delete a few in a small account, whatever their share is', () => {
    expect(judge(1, 5, 6)).toBeNull();
    expect(judge(1, 6, 7)).toMatchObject({ code: 'SWEEP_LIMIT' });
  });

  it('deletes nothing at all with a share of 0', () =>
    expect(judge(999, 1, 1_000, 0)).toMatchObject({ code: 'SWEEP_LIMIT' }));

  it('takes nothing listed for a broken vendor, whatever is allowed', () =>
    expect(judge(0, 3, 3, 1, true)).toMatchObject({ code: 'EMPTY_LISTING' }));

  it('has nothing to say where nothing is missing', () => expect(judge(0, 0, 0)).toBeNull());

  it('never deletes more than the larger of its share and five', () => {
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.nat(10_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (gone, left, share) => {
          const bound = gone + left;
          fc.pre(judge(left, gone, bound, share) === null);
          expect(gone).toBeLessThanOrEqual(Math.max(5, bound * share));
          expect(gone === 0 || left > 0).toBe(true);
        },
      ),
    );
  });
});
