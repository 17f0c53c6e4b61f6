import type { Portion } from '#queue';
import { type RecordBatch, rulesOf } from '../applying/record-batch.js';
import type { SealedConnection } from '../connections/connection.js';
import type { Observation } from '../records/observation.js';
import type { SameRecord } from '../records/same-records.js';
import type { CountedCalls } from './counted-calls.js';
import type { RunPage } from './page-reader.js';
import { isDryRun, isListing, type Run } from './run.js';

/** A page that waits to be applied, all of it or in parts. */
export interface ReadPage {
  readonly run: Run;
  readonly connection: SealedConnection;
  readonly page: RunPage;
  readonly askedAt: Date;
  readonly calls: CountedCalls;
}

export interface PagePart {
  readonly observations: readonly Observation[];
  readonly same: readonly SameRecord[];
  readonly isTrial: boolean;
}

export const batchOf = (
  { run, connection, page, askedAt }: ReadPage,
  { isTrial, ...found }: PagePart,
): RecordBatch => ({
  key: { connectionId: run.connectionId, stream: run.stream },
  source: { ...found, askedAt, fromListing: isListing(run.phase), observe: page.observe },
  rules: rulesOf(connection, page.mapping),
  run: { id: run.id, dryRun: isDryRun(run), isTrial },
});

/** What was found of one record. */
type Found =
  | { readonly id: string; readonly observation: Observation }
  | { readonly id: string; readonly same: SameRecord };

export const foundOn = ({ observations, same = [] }: RunPage): Found[] => [
  ...observations.map((observation) => ({ id: observation.id, observation })),
  ...same.map((one) => ({ id: one.id, same: one })),
];

/** `left` are those that were set aside. */
export const partOf = ({ items, isTrial }: Portion<Found>, left: readonly Observation[]): PagePart => ({
  observations: [...items.flatMap((item) => ('observation' in item ? [item.observation] : [])), ...left],
  same: items.flatMap((item) => ('same' in item ? [item.same] : [])),
  isTrial,
});
