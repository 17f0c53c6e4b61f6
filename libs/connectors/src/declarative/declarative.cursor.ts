import { z } from 'zod';
import { formatDate } from './date-format.js';
import type { ManifestTable } from './manifest.schema.js';
import { pageSchema } from './paging.js';
import type { Scope } from './template.js';

/**
 * Where a stream stands. `backfill` and `changes`: in the middle of a pass that began at `startedAt` by the vendor's
 * clock. `idle`: everything up to `since` was read. `listing`: in the middle of ids or of deletions.
 */
export const declarativeCursorSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('backfill'), startedAt: z.iso.datetime(), page: pageSchema }),
  z.strictObject({
    kind: z.literal('changes'),
    startedAt: z.iso.datetime(),
    from: z.iso.datetime(),
    page: pageSchema,
  }),
  z.strictObject({ kind: z.literal('idle'), since: z.iso.datetime() }),
  z.strictObject({ kind: z.literal('listing'), of: z.enum(['ids', 'deletions']), page: pageSchema }),
]);
export type DeclarativeCursor = z.output<typeof declarativeCursorSchema>;

type CursorRules = NonNullable<ManifestTable['cursor']>;

/** From when a pass has to know every change; the lookback is taken once, at its start. */
export function changesFrom(rules: CursorRules, since: string): string {
  return new Date(Date.parse(since) - rules.lookback).toISOString();
}

/** Where the next pass starts from, once this one is over. */
export function sinceOf(rules: CursorRules | undefined, startedAt: string): string {
  return new Date(Date.parse(startedAt) - (rules?.upper ?? 0)).toISOString();
}

/**
 * What the templates of a request see as `cursor`. A filter that cuts `>` to its granularity starts one unit later
 * than it says, and days are cut in a time zone that we do not know: both are asked for earlier.
 */
export function cursorScope(rules: CursorRules, from: string, startedAt: string | null): Scope {
  const unit = GRANULE_MS[rules.granularity];
  const early = (rules.op === 'gt' ? unit : 0) + (rules.granularity === 'day' ? unit : 0);
  return {
    from: formatDate(new Date(Date.parse(from) - early), rules.format),
    ...(rules.upper === undefined || startedAt === null
      ? {}
      : { to: formatDate(new Date(Date.parse(startedAt) - rules.upper + unit), rules.format) }),
  };
}

const GRANULE_MS = { ms: 1, second: 1_000, day: 24 * 60 * 60 * 1000 } as const;
