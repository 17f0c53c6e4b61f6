import { z } from 'zod';

/**
 * Where a stream stands. `backfill`: in the middle of the list, with the server's time when it began.
 * `changes`: in the middle of what changed since `from`, to stop at `to`. `idle`: everything up to `since` was read.
 * `listing`: a sweep. `after` is Pipedrive's own cursor, which belongs to one set of filters.
 */
export const pipedriveCursorSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('backfill'), startedAt: z.iso.datetime(), after: z.string().min(1) }),
  z.strictObject({
    kind: z.literal('changes'),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    after: z.string().min(1),
  }),
  z.strictObject({ kind: z.literal('idle'), since: z.iso.datetime() }),
  z.strictObject({ kind: z.literal('listing'), after: z.string() }),
]);

export type PipedriveCursor = z.output<typeof pipedriveCursorSchema>;

/** A pass over changes; `to` is not known before the first answer's date. */
export interface Pass {
  readonly from: string;
  readonly to: string | null;
  readonly after: string | null;
}

/** The lookback is taken once, at the start of a pass: late records are older than the cursor. */
export function passOf(cursor: PipedriveCursor, lookbackSeconds: number): Pass | null {
  if (cursor.kind === 'changes') return { from: cursor.from, to: cursor.to, after: cursor.after };
  if (cursor.kind !== 'idle') return null;
  const from = new Date(Date.parse(cursor.since) - lookbackSeconds * 1000);
  return { from: from.toISOString(), to: null, after: null };
}

/**
 * The same filters on every page of a pass, because the cursor belongs to them; so the end of the pass, which only
 * the first answer's date can give, is no `updated_until` but a place to stop at.
 */
export function changesQuery({ from }: Pick<Pass, 'from'>): Record<string, string> {
  return { updated_since: wholeSeconds(from), sort_by: 'update_time', sort_direction: 'asc' };
}

/** Pages come in the order of their update times: behind `to` lies what the next pass reads anyway. */
export function afterPage(
  pass: Pass,
  page: { readonly after: string | null; readonly lastUpdate: string | null; readonly serverTime: string },
): PipedriveCursor {
  const to = pass.to ?? page.serverTime;
  const beyond = page.lastUpdate !== null && Date.parse(page.lastUpdate) > Date.parse(to);
  if (page.after === null || beyond) return { kind: 'idle', since: to };
  return { kind: 'changes', from: pass.from, to, after: page.after };
}

/** Fractions of a second are refused with 400; the filter is inclusive, so rounding down loses nothing. */
export function wholeSeconds(time: string): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
