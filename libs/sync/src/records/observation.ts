import { createHash } from 'node:crypto';
import type { FetchedRecord, FieldError, MappingResult, RejectedRecord, SourceRecord } from '#connectors';
import type { EvaluateOptions } from '#mapping';
import { Stretches } from '#platform';
import { allTogether, type Isolate } from '#queue';
import type { KeyHold } from '../links/link.js';
import { contentHash, type MirroredIdentity, mirroredIdentitySchema } from './mirrored-identity.js';
import type { TableMapping } from './table-mapping.js';

/** What the CRM says about one record, mapped and judged: all that a plan needs to know of the outside. */
export type Observation = Present | Unusable | Gone | Merged;

export interface Present {
  readonly kind: 'present';
  readonly id: string;
  readonly updatedAt: Date | null;
  readonly mirrored: MirroredIdentity;
  readonly hash: Buffer;
  readonly fingerprint: Buffer | null;
  /** Records that ended in this one. */
  readonly mergedIds: readonly string[];
  readonly raw: unknown;
  /** By a resolution, `mirrored` has this key, whatever the record says. */
  readonly hold?: KeyHold;
}

/** The record is there, and cannot become an identity. */
export interface Unusable {
  readonly kind: 'unusable';
  readonly id: string;
  readonly code: string;
  readonly reason: string;
  readonly raw: unknown;
  /** What the mapping found wrong, field by field; absent where it was not the mapping. */
  readonly errors?: readonly FieldError[];
  /** It is asked for again by itself: not without an id of its own, nor when handling it ended a process. */
  readonly retriable: boolean;
}

/** Archived or deleted. */
export interface Gone {
  readonly kind: 'gone';
  readonly id: string;
}

export interface Merged {
  readonly kind: 'merged';
  readonly id: string;
  readonly into: string;
}

/** Observations of a page, one for each record: of a record that comes twice the newer state counts. */
export async function observePage(
  page: { readonly records: readonly SourceRecord[]; readonly rejected: readonly RejectedRecord[] },
  mapping: TableMapping,
  options?: EvaluateOptions,
): Promise<Observation[]> {
  const observed = await observeRecords(newestOf(page.records), mapping, options);
  return [...observed, ...observeRejected(page.rejected)];
}

export const observeRejected = (rejected: readonly RejectedRecord[]): Observation[] =>
  rejected.map(unreadable);

/** Whoever handled it was taken down by it: nothing of it is looked at any more. */
export const poisonedRecord = (id: string, reason: string): Unusable => ({
  ...{ kind: 'unusable', id, code: RECORD_POISONED, reason },
  raw: null,
  retriable: false,
});

export const RECORD_POISONED = 'RECORD_POISONED';

/** Observations of records that were asked for by id; a merge also speaks of the record that lives on. */
export async function observeFetched(
  fetched: ReadonlyMap<string, FetchedRecord>,
  mapping: TableMapping,
  { isolate = allTogether, ...options }: EvaluateOptions & { readonly isolate?: Isolate } = {},
): Promise<Observation[]> {
  let observed = new Map<string, Observation>();
  await isolate({
    name: 'observe what was asked for',
    items: [...fetched],
    idOf: ([id]) => id,
    apply: async ({ items, poisoned }) => {
      observed = await observeAnswers(items, mapping, options);
      for (const { item, reason } of poisoned) observed.set(item[0], poisonedRecord(item[0], reason));
    },
  });
  return [...observed.values()];
}

async function observeAnswers(
  answers: readonly (readonly [string, FetchedRecord])[],
  mapping: TableMapping,
  options: EvaluateOptions,
): Promise<Map<string, Observation>> {
  const records = firstOfEach(answers.flatMap(([, answer]) => recordOf(answer) ?? []));
  const observed = new Map<string, Observation>();
  for (const observation of await observeRecords(records, mapping, options))
    observed.set(observation.id, observation);
  for (const [id, answer] of answers) {
    const without = withoutRecord(id, answer);
    if (without) observed.set(id, without);
  }
  return observed;
}

/** One for each record, in order. */
export async function observeRecords(
  records: readonly SourceRecord[],
  mapping: TableMapping,
  options?: EvaluateOptions,
): Promise<Observation[]> {
  const living = records.filter(({ archived }) => !archived);
  const mapped = await mapping.map(
    living.map(({ raw }) => raw),
    options,
  );
  const results = new Map(living.map((record, place) => [record, mapped[place] as MappingResult]));
  const stretches = new Stretches();
  const observed: Observation[] = [];
  for (const record of records) {
    const result = results.get(record);
    observed.push(result ? judged(record, result, mapping) : { kind: 'gone', id: record.id });
    if (stretches.over) await stretches.giveTurn();
  }
  return observed;
}

function judged(record: SourceRecord, mapped: MappingResult, mapping: TableMapping): Observation {
  const { id, raw, mergedIds = [] } = record;
  const unusable = { kind: 'unusable', id, raw, retriable: true } as const;
  if (!mapped.ok) {
    const { errors } = mapped;
    const reason = errors.map((error) => `${error.field} ${error.reason}`).join('; ');
    return { ...unusable, code: errors[0]?.code ?? 'INVALID_RECORD', reason, errors };
  }
  const valid = mirroredIdentitySchema.safeParse(mapped.identity);
  if (!valid.success) return { ...unusable, code: 'NOT_ALLOWED', reason: issuesOf(valid.error) };
  const mirrored = valid.data;
  const hash = contentHash(mirrored);
  const fingerprint = fingerprintOf(record, mapping);
  return { kind: 'present', id, updatedAt: timeOf(record), mirrored, hash, fingerprint, mergedIds, raw };
}

/**
 * Of all that an observation is made from: the same one would be made again. Null where a mapping gives something
 * else each time, such as the time of day.
 */
export function fingerprintOf(record: SourceRecord, { digest, volatile }: TableMapping): Buffer | null {
  if (volatile) return null;
  return createHash('sha256').update(digest).update(JSON.stringify(record)).digest();
}

export function newestOf(records: readonly SourceRecord[]): SourceRecord[] {
  const newest = new Map<string, SourceRecord>();
  for (const record of records) {
    const other = newest.get(record.id);
    if (!other || (timeOf(record)?.getTime() ?? 0) >= (timeOf(other)?.getTime() ?? 0))
      newest.set(record.id, record);
  }
  return [...newest.values()];
}

function firstOfEach(records: readonly SourceRecord[]): SourceRecord[] {
  const first = new Map<string, SourceRecord>();
  for (const record of records) if (!first.has(record.id)) first.set(record.id, record);
  return [...first.values()];
}

function recordOf(answer: FetchedRecord): SourceRecord | null {
  return answer.status === 'found' || answer.status === 'merged' ? answer.record : null;
}

function withoutRecord(id: string, answer: FetchedRecord): Observation | null {
  if (answer.status === 'gone') return { kind: 'gone', id };
  if (answer.status === 'merged') return { kind: 'merged', id, into: answer.mergedInto };
  return answer.status === 'rejected' ? unreadable({ ...answer.rejected, id }) : null;
}

function unreadable({ id, code, reason, raw }: RejectedRecord): Unusable {
  const retriable = id !== null;
  return { kind: 'unusable', id: id ?? `nameless-${digest(raw)}`, code, reason, raw, retriable };
}

const digest = (raw: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(raw) ?? '')
    .digest('hex')
    .slice(0, 32);

function timeOf({ updatedAt }: SourceRecord): Date | null {
  const time = new Date(updatedAt ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? null : time;
}

/** Where and what was expected, never what was there. */
const issuesOf = ({ issues }: { issues: readonly { path: PropertyKey[]; message: string }[] }): string =>
  issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
