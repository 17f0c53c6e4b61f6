import { z } from 'zod';

/**
 * Where a stream stands. `backfill`: in the middle of everything, with the server's time when it began.
 * `changes`: in the middle of what was written in [from, to]. `idle`: everything up to `since` was read.
 * `listing`: a sweep. All go by the record's id.
 */
export const odooCursorSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('backfill'), startedAt: z.iso.datetime(), afterId: z.int().min(0) }),
  z.strictObject({
    kind: z.literal('changes'),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    afterId: z.int().min(0),
  }),
  z.strictObject({ kind: z.literal('idle'), since: z.iso.datetime() }),
  z.strictObject({ kind: z.literal('listing'), afterId: z.int().min(0) }),
]);

export type OdooCursor = z.output<typeof odooCursorSchema>;

/** The part of a pass that is still to be read; `to` is not known before the first answer's date. */
export interface WriteWindow {
  readonly from: string;
  readonly to: string | null;
  readonly afterId: number;
}

/** Odoo's domains: conditions that all have to hold. */
export type Domain = readonly (readonly [field: string, operator: string, value: unknown])[];

/** The lookback is taken once, at the start of a pass: late commits are older than the cursor. */
export function windowOf(cursor: OdooCursor, lookbackSeconds: number): WriteWindow | null {
  if (cursor.kind === 'changes') return { from: cursor.from, to: cursor.to, afterId: cursor.afterId };
  if (cursor.kind !== 'idle') return null;
  const from = new Date(Date.parse(cursor.since) - lookbackSeconds * 1000);
  return { from: from.toISOString(), to: null, afterId: 0 };
}

/**
 * Keyset on the id inside a window of write dates, and not on (write_date, id): Odoo shows write_date to the second
 * but sorts and compares it to the microsecond, so that a page edge inside a second cannot be named by what was shown.
 * The id can, and it is the primary key. Whole seconds at both ends: a server's date
 * has no fractions, and what was written later in its second belongs to this pass as well as to the next.
 * Archived records are asked for by name: Odoo leaves them out of every other search.
 */
export function changesDomain({ from, to, afterId }: WriteWindow): Domain {
  return [
    ['write_date', '>=', odooTime(from)],
    ...(to === null ? [] : [['write_date', '<', odooTime(to, 1)] as const]),
    ['id', '>', afterId],
    ['active', 'in', [true, false]],
  ];
}

export function liveDomain(afterId: number): Domain {
  return [
    ['id', '>', afterId],
    ['active', '=', true],
  ];
}

/**
 * Where a pass stands after one page. What is written behind `to` while the pass goes on belongs to the next one,
 * so a busy Odoo cannot keep a pass going for ever. Null: a full page, but nothing moved on.
 */
export function afterPage(
  window: WriteWindow,
  page: { readonly ids: readonly number[]; readonly full: boolean; readonly serverTime: string },
): OdooCursor | null {
  const to = window.to ?? page.serverTime;
  if (!page.full) return { kind: 'idle', since: to };
  const afterId = Math.max(window.afterId, ...page.ids);
  return afterId === window.afterId ? null : { kind: 'changes', from: window.from, to, afterId };
}

/** Odoo's times are UTC, without saying so, and rounded down to the second here. */
export function odooTime(time: string, plusSeconds = 0): string {
  return new Date(Date.parse(time) + plusSeconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
