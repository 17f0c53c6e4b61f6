import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fakeClock } from '../testing/fake-clock.js';
import { searchObjects, searchRequestSchema } from './fake/object-search.js';
import { ObjectTable } from './fake/object-table.js';
import {
  afterSearch,
  type HubSpotCursor,
  hubSpotCursorSchema,
  searchBody,
  windowOf,
} from './hubspot.cursor.js';

const LOOKBACK_SECONDS = 3;

describe('HubSpot cursor', () => {
  it('reads every version that stays, whatever changes while it reads and however late the index is', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 30 }),
        fc.array(step, { maxLength: 40 }),
        (pageSize, initial, steps) => {
          const world = startWorld(pageSize);
          for (const ageMs of initial) world.create(ageMs);
          for (const { advanceMs, touch, lagMs, same } of steps) {
            world.advance(advanceMs);
            world.touch(touch, same, lagMs);
            world.readPage();
          }
          world.advance(5_000);
          world.readToEnd();
          expect(world.missed()).toEqual([]);
        },
      ),
      { numRuns: 300 },
    ));

  it('never pages beyond the first page of a search', () => {
    const window = { from: T0.toISOString(), to: null, afterId: '7' };
    const body = searchBody('lastmodifieddate', window, ['email']);
    expect(body).not.toHaveProperty('after');
    expect(body.filterGroups[0]?.filters).toEqual([
      { propertyName: 'lastmodifieddate', operator: 'GTE', value: String(T0.getTime()) },
      { propertyName: 'hs_object_id', operator: 'GT', value: '7' },
    ]);
  });

  it('compares ids as whole numbers, also beyond 2^53 and across lengths', () => {
    const window = { from: T0.toISOString(), to: null, afterId: '999' };
    const page = { more: true, serverTime: T0.toISOString() };
    expect(afterSearch(window, { ...page, ids: ['1000'] })).toMatchObject({ afterId: '1000' });
    const long = ['9007199254740993', '9007199254740992'];
    expect(afterSearch(window, { ...page, ids: long })).toMatchObject({ afterId: '9007199254740993' });
  });

  it('notices a search that promises more without moving on', () => {
    const window = { from: T0.toISOString(), to: null, afterId: '9' };
    expect(afterSearch(window, { ids: ['9'], more: true, serverTime: T0.toISOString() })).toBeNull();
  });

  it('takes the lookback once for each pass', () => {
    const idle: HubSpotCursor = { kind: 'idle', since: '2026-09-01T10:05:00.000Z' };
    const first = windowOf(idle, 300);
    expect(first).toEqual({ from: '2026-09-01T10:00:00.000Z', to: null, afterId: '0' });
    const next: HubSpotCursor = { kind: 'changes', from: idle.since, to: idle.since, afterId: '5' };
    expect(windowOf(next, 300)?.from).toBe(idle.since);
  });

  it('refuses a stored cursor that another version wrote', () => {
    expect(hubSpotCursorSchema.safeParse({ kind: 'page', number: 3 }).success).toBe(false);
  });
});

const T0 = new Date('2026-09-01T10:00:00.400Z');

const step = fc.record({
  advanceMs: fc.integer({ min: 0, max: 1_500 }),
  touch: fc.nat(),
  /** The index may be late by as much as the lookback covers, less the second that `Date` is truncated by. */
  lagMs: fc.integer({ min: 0, max: (LOOKBACK_SECONDS - 1) * 1000 }),
  same: fc.boolean(),
});

/** The fake's table and search, read by the cursor's rules without HTTP between them. */
function startWorld(pageSize: number) {
  const clock = fakeClock(T0);
  let lastId = 95;
  const nextId = () => String(++lastId);
  const table = new ObjectTable({ type: 'contacts', clock, nextId, emit: () => undefined, searchLagMs: 0 });
  const seen = new Map<string, string>();
  let cursor: HubSpotCursor = { kind: 'idle', since: new Date(T0.getTime() - 10_000).toISOString() };

  const readPage = () => {
    const window = windowOf(cursor, LOOKBACK_SECONDS);
    if (!window) throw new Error('the cursor left the search');
    const body = { ...searchBody('lastmodifieddate', window, []), limit: pageSize };
    const matches = searchObjects(table.searchable(), searchRequestSchema.parse(body));
    const page = matches.slice(0, pageSize);
    for (const { id, properties } of page) seen.set(id, properties.lastmodifieddate ?? '');
    const serverTime = new Date(Math.floor(clock.now() / 1000) * 1000).toISOString();
    const next = afterSearch(window, {
      ids: page.map(({ id }) => id),
      more: matches.length > pageSize,
      serverTime,
    });
    if (!next) throw new Error('the cursor stands still');
    cursor = next;
  };

  return {
    readPage,
    advance: (ms: number) => clock.advance(ms),
    create: (ageMs: number) => table.create({}, { at: new Date(T0.getTime() - ageMs) }),
    /** Changes one record, or all of them in the same millisecond. */
    touch: (which: number, all: boolean, visibleAfterMs: number) => {
      const live = table.listed(false);
      const chosen = all ? live : live.slice(which % live.length, (which % live.length) + 1);
      for (const { id } of chosen) table.update(id, { firstname: String(clock.now()) }, { visibleAfterMs });
    },
    /** The pass under way, and one whole pass after it. */
    readToEnd: () => {
      while (cursor.kind === 'changes') readPage();
      do readPage();
      while (cursor.kind !== 'idle');
    },
    missed: () =>
      table.listed(false).filter(({ id, properties }) => seen.get(id) !== properties.lastmodifieddate),
  };
}
