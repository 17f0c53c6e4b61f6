import { z } from 'zod';
import { salesforceIdSchema } from './salesforce.schema.js';

const afterSchema = z.strictObject({ at: z.iso.datetime(), id: salesforceIdSchema });

/**
 * Where a stream stands. `backfill`: behind a record id, with the server's time when it began. `changes`: in the
 * middle of [from, to), behind the record `after`. `idle`: everything before `since` was read. `deleted` and
 * `listing` are the places in the recycle bin and in a sweep.
 */
export const salesforceCursorSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('backfill'), startedAt: z.iso.datetime(), afterId: salesforceIdSchema }),
  z.strictObject({
    kind: z.literal('changes'),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    after: afterSchema,
  }),
  z.strictObject({ kind: z.literal('idle'), since: z.iso.datetime() }),
  z.strictObject({ kind: z.literal('deleted'), from: z.iso.datetime(), after: afterSchema.nullable() }),
  z.strictObject({ kind: z.literal('listing'), afterId: salesforceIdSchema.nullable() }),
]);

export type SalesforceCursor = z.output<typeof salesforceCursorSchema>;
export type KeysetPlace = z.output<typeof afterSchema>;

/** The part of a pass that is still to be read; `to` is not known before the first answer's date. */
export interface ChangeWindow {
  readonly from: string;
  readonly to: string | null;
  readonly after: KeysetPlace | null;
}

/** The lookback is taken once, at the start of a pass: a late commit is dated before the cursor. */
export function windowOf(cursor: SalesforceCursor, lookbackSeconds: number): ChangeWindow | null {
  if (cursor.kind === 'changes') return { from: cursor.from, to: cursor.to, after: cursor.after };
  if (cursor.kind !== 'idle') return null;
  const from = new Date(Date.parse(cursor.since) - lookbackSeconds * 1000);
  return { from: from.toISOString(), to: null, after: null };
}

/** Inclusive below and exclusive above; records of one second are told apart by their ids. */
export function windowClause({ from, to, after }: ChangeWindow): string {
  const lower = after
    ? `((SystemModstamp = ${after.at} AND Id > '${after.id}') OR SystemModstamp > ${after.at})`
    : `SystemModstamp >= ${from}`;
  return to === null ? lower : `${lower} AND SystemModstamp < ${to}`;
}

/** The server's time without its current second and the one before, which may still be filling. */
export function upperBound(serverTime: Date): string {
  return new Date(serverTime.getTime() - MARGIN_MS).toISOString();
}

const MARGIN_MS = 2_000;
