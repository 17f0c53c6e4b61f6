import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { matcherOf } from './fake/domain.js';
import {
  afterPage,
  changesDomain,
  odooCursorSchema,
  odooTime,
  type WriteWindow,
  windowOf,
} from './odoo.cursor.js';

const AT = '2026-09-01T10:00:00.900Z';

describe('Odoo cursor', () => {
  it('looks back once, at the start of a pass', () => {
    expect(windowOf({ kind: 'idle', since: AT }, 600)).toEqual({
      from: '2026-09-01T09:50:00.900Z',
      to: null,
      afterId: 0,
    });
    const middle = { kind: 'changes', from: AT, to: AT, afterId: 7 } as const;
    expect(windowOf(middle, 600)).toEqual({ from: AT, to: AT, afterId: 7 });
    expect(windowOf({ kind: 'listing', afterId: 7 }, 600)).toBeNull();
  });

  it('asks for whole seconds, behind an id, and for archived records too', () => {
    expect(changesDomain({ from: AT, to: null, afterId: 0 })).toEqual([
      ['write_date', '>=', '2026-09-01 10:00:00'],
      ['id', '>', 0],
      ['active', 'in', [true, false]],
    ]);
    expect(changesDomain({ from: AT, to: AT, afterId: 3 })).toContainEqual([
      'write_date',
      '<',
      '2026-09-01 10:00:01',
    ]);
    expect(odooTime('2026-12-31T23:59:59.000Z', 1)).toBe('2027-01-01 00:00:00');
  });

  it('does not go on when a full page brings nothing behind its id', () => {
    const window = { from: AT, to: AT, afterId: 9 };
    expect(afterPage(window, { ids: [], full: true, serverTime: AT })).toBeNull();
    expect(afterPage(window, { ids: [4, 9], full: true, serverTime: AT })).toBeNull();
    expect(afterPage(window, { ids: [], full: false, serverTime: AT })).toEqual({ kind: 'idle', since: AT });
  });

  it('refuses a stored cursor of another making', () => {
    expect(odooCursorSchema.safeParse({ kind: 'backfill', startedAt: AT, after: 'x' }).success).toBe(false);
  });

  it('reads every row of its window once, wherever the pages break and however the microseconds fall', () => {
    const micros = fc.integer({ min: 0, max: 4_999_999 });
    fc.assert(
      fc.property(fc.array(micros, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (times, limit) => {
        const rows = times.map((time, index) => ({
          id: index + 1,
          active: index % 3 > 0,
          write_date: `2026-09-01 10:00:0${(time / 1_000_000).toFixed(6)}`,
        }));
        const read = passOver(rows, limit, { from: '2026-09-01T10:00:02.400Z', to: null, afterId: 0 });
        const wanted = rows.filter(({ write_date }) => write_date >= '2026-09-01 10:00:02');
        expect(read).toEqual(wanted.map(({ id }) => id));
      }),
    );
  });
});

interface Row {
  readonly [field: string]: unknown;
  readonly id: number;
}

/** A pass over a table, as the reader makes it: the server says 10:00:04, which is the last second there is. */
function passOver(rows: readonly Row[], limit: number, first: WriteWindow): number[] {
  const read: number[] = [];
  for (let window: WriteWindow | null = first; window; ) {
    const page = rows.filter(matcherOf(changesDomain(window))).slice(0, limit);
    read.push(...page.map(({ id }) => id));
    const ids = page.map(({ id }) => id);
    const next = afterPage(window, {
      ids,
      full: page.length === limit,
      serverTime: '2026-09-01T10:00:04.000Z',
    });
    if (next === null) throw new Error('the cursor stood still');
    window = next.kind === 'changes' ? next : null;
  }
  return read;
}
