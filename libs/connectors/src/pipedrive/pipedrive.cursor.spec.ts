import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { afterPage, changesQuery, passOf, pipedriveCursorSchema, wholeSeconds } from './pipedrive.cursor.js';

const AT = '2026-09-01T10:00:00.900Z';

describe('Pipedrive cursor', () => {
  it('looks back once, at the start of a pass', () => {
    expect(passOf({ kind: 'idle', since: AT }, 300)).toEqual({
      from: '2026-09-01T09:55:00.900Z',
      to: null,
      after: null,
    });
    const middle = { kind: 'changes', from: AT, to: AT, after: 'abc' } as const;
    expect(passOf(middle, 300)).toEqual({ from: AT, to: AT, after: 'abc' });
    expect(passOf({ kind: 'listing', after: '' }, 300)).toBeNull();
  });

  it('asks in whole seconds, rounded down, and in the order of update times', () => {
    expect(changesQuery({ from: AT })).toEqual({
      updated_since: '2026-09-01T10:00:00Z',
      sort_by: 'update_time',
      sort_direction: 'asc',
    });
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true }), (date) => {
        const text = wholeSeconds(date.toISOString());
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        const lost = date.getTime() - Date.parse(text);
        expect(lost >= 0 && lost < 1000).toBe(true);
      }),
    );
  });

  it('takes its end from the first answer, and goes on behind the page', () => {
    const pass = { from: AT, to: null, after: null };
    expect(afterPage(pass, { after: 'abc', lastUpdate: AT, serverTime: AT })).toEqual({
      kind: 'changes',
      from: AT,
      to: AT,
      after: 'abc',
    });
  });

  it('stops with the last page, or with the first record behind its end, and not at the end itself', () => {
    const pass = { from: AT, to: '2026-09-01T10:00:01.000Z', after: 'abc' };
    const page = (lastUpdate: string | null, after: string | null) =>
      afterPage(pass, { after, lastUpdate, serverTime: '2026-09-01T11:00:00.000Z' }).kind;
    expect(page('2026-09-01T10:00:00.000Z', null)).toBe('idle');
    expect(page('2026-09-01T10:00:02.000Z', 'more')).toBe('idle');
    expect(page('2026-09-01T10:00:01.000Z', 'more')).toBe('changes');
    expect(page(null, 'more')).toBe('changes');
  });

  it('refuses a stored cursor of another making', () => {
    expect(pipedriveCursorSchema.safeParse({ kind: 'changes', from: AT, to: AT, afterId: '7' }).success).toBe(
      false,
    );
  });
});
