import { z } from 'zod';

/**
 * Where a stream stands. `backfill`: in the middle of the list, with the server's time when it began.
 * `changes`: in the middle of a search over [from, to], behind the record `afterId`.
 * `idle`: everything up to `since` was read. The two listings are for sweeps and archived records.
 */
export const hubSpotCursorSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('backfill'), startedAt: z.iso.datetime(), after: z.string() }),
  z.strictObject({
    kind: z.literal('changes'),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    afterId: z.string().regex(/^\d+$/),
  }),
  z.strictObject({ kind: z.literal('idle'), since: z.iso.datetime() }),
  z.strictObject({ kind: z.literal('listing'), of: z.enum(['live', 'archived']), after: z.string() }),
]);

export type HubSpotCursor = z.output<typeof hubSpotCursorSchema>;

/** The part of a search that is still to be read; `to` is not known before the first answer's date. */
export interface SearchWindow {
  readonly from: string;
  readonly to: string | null;
  readonly afterId: string;
}

/** The lookback is taken once, at the start of a pass: late index entries are older than the cursor. */
export function windowOf(cursor: HubSpotCursor, lookbackSeconds: number): SearchWindow | null {
  if (cursor.kind === 'changes') return { from: cursor.from, to: cursor.to, afterId: cursor.afterId };
  if (cursor.kind !== 'idle') return null;
  const from = new Date(Date.parse(cursor.since) - lookbackSeconds * 1000);
  return { from: from.toISOString(), to: null, afterId: '0' };
}

/**
 * Keyset on the record id and never `after`: no page lies beyond the 10,000 results HubSpot pages through,
 * and records that share a timestamp are told apart by their ids.
 */
export function searchBody(dateProperty: string, window: SearchWindow, properties: readonly string[]) {
  const filters = [
    { propertyName: dateProperty, operator: 'GTE', value: String(Date.parse(window.from)) },
    { propertyName: 'hs_object_id', operator: 'GT', value: window.afterId },
  ];
  if (window.to !== null)
    filters.push({ propertyName: dateProperty, operator: 'LTE', value: String(Date.parse(window.to)) });
  return {
    filterGroups: [{ filters }],
    sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
    properties,
    limit: 200,
  };
}

/**
 * Where a pass stands after one page of its search. The date of the first answer becomes the end of the window,
 * so a busy account cannot keep a pass going for ever. Null: more was promised, but nothing moved on.
 */
export function afterSearch(
  window: SearchWindow,
  page: { readonly ids: readonly string[]; readonly more: boolean; readonly serverTime: string },
): HubSpotCursor | null {
  const to = window.to ?? page.serverTime;
  if (!page.more) return { kind: 'idle', since: to };
  const afterId = highestId(page.ids, window.afterId);
  return afterId === window.afterId ? null : { kind: 'changes', from: window.from, to, afterId };
}

/** Record ids are numbers beyond what a JavaScript number holds exactly. */
function highestId(ids: readonly string[], floor: string): string {
  return ids.reduce((highest, id) => (BigInt(id) > BigInt(highest) ? id : highest), floor);
}
