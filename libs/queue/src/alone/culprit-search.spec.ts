import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CulpritSearch, MOST_POISONED, STRIKES } from './culprit-search.js';

const HOW = 'ended by SIGABRT';
const named = (count: number) => Array.from({ length: count }, (_, n) => `item ${n}`);

describe('the search for what takes a process down', () => {
  it('does the work of the innocent in one go, and asks nothing of them', () => {
    const search = new CulpritSearch();
    expect(search.order('rows', named(1_000))).toEqual({ ids: null, isTrial: false, poisoned: [] });
  });

  it('finds every culprit and nobody else, however they lie among the others', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.nat(299), { maxLength: MOST_POISONED }),
        (count, at) => {
          const items = named(count);
          const culprits = new Set(at.map((place) => items[place % count] as string));
          const { done, poisoned, reason } = searched(items, (ids) => ids.some((id) => culprits.has(id)));
          expect(reason).toBeUndefined();
          expect(new Set(poisoned)).toEqual(culprits);
          expect(done).toEqual(items.filter((id) => !culprits.has(id)));
        },
      ),
    ));

  it('finds one among a thousand in a dozen deaths', () => {
    const { deaths } = searched(named(1_000), (ids) => ids.includes('item 617'));
    expect(deaths).toBeLessThanOrEqual(14);
  });

  it('spares an item that took a process down only once', () => {
    const search = new CulpritSearch();
    search.order('rows', ['a', 'b']);
    search.died(HOW);
    expect(search.order('rows', ['a', 'b'])).toMatchObject({ ids: ['a'], isTrial: true });
    search.died(HOW);
    expect(search.order('rows', ['a', 'b'])).toMatchObject({ ids: ['a'], isTrial: true });
    expect(search.order('rows', ['a', 'b'])).toMatchObject({ ids: ['b'], isTrial: true });
    expect(search.order('rows', ['a', 'b'])).toEqual({ ids: null, isTrial: false, poisoned: [] });
  });

  it('gives the job up when no item alone is to blame', () => {
    const { reason, deaths } = searched(named(8), (ids) => ids.length === 8);
    expect(reason).toContain(HOW);
    expect(deaths).toBe(STRIKES);
  });

  it('gives the job up that dies before it comes to its items', () => {
    const search = new CulpritSearch();
    expect(search.died(HOW)).toBeUndefined();
    expect(search.died(HOW)).toContain(HOW);
  });

  it('gives the job up that is poisoned all through', () => {
    expect(searched(named(100), (ids) => ids.length > 0).reason).toContain(String(MOST_POISONED));
  });

  it('takes other items of the same work for what they are', () => {
    const search = new CulpritSearch();
    search.order('page', ['a', 'b']);
    search.died(HOW);
    expect(search.order('page', ['b', 'c'])).toMatchObject({ ids: ['b'], isTrial: true });
    expect(search.order('page', ['b', 'c'])).toMatchObject({ ids: null, isTrial: false });
    // Done: what comes now is the next page.
    expect(search.order('page', ['d', 'e'])).toMatchObject({ ids: null, isTrial: false });
  });
});

/** Plays the processes that do the work, of which each ends where it is deadly. */
function searched(items: readonly string[], isDeadly: (ids: readonly string[]) => boolean) {
  const search = new CulpritSearch();
  for (let deaths = 0; ; ) {
    const { ids, isTrial, poisoned } = search.order('rows', items);
    const left = new Set(poisoned.map(({ id }) => id));
    const portion = ids ?? items.filter((id) => !left.has(id));
    if (isDeadly(portion)) {
      deaths += 1;
      const reason = search.died(HOW);
      if (reason !== undefined) return { deaths, reason, done: [], poisoned: [] };
    } else if (!isTrial) return { deaths, done: portion, poisoned: [...left], reason: undefined };
  }
}
