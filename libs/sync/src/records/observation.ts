import { createHash } from 'node:crypto';
import type { FetchedRecord, RejectedRecord, SourceRecord } from '#connectors';
import type { KeyHold } from './link.js';
import { contentHash, type MirroredIdentity, mirroredIdentitySchema } from './mirrored-identity.js';
import type { StreamMapping } from './stream-mapping.js';

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
  /** By a decision, `mirrored` has this key, whatever the record says. */
  readonly hold?: KeyHold;
}

/** The record is there, and cannot become an identity. */
export interface Unusable {
  readonly kind: 'unusable';
  readonly id: string;
  readonly code: string;
  readonly reason: string;
  readonly raw: unknown;
  /** Without an id of its own it cannot be asked for again. */
  readonly nameless: boolean;
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
  mapping: StreamMapping,
): Promise<Observation[]> {
  const observed: Observation[] = [];
  for (const record of newestOf(page.records)) observed.push(await observeRecord(record, mapping));
  return [...observed, ...page.rejected.map(unreadable)];
}

/** Observations of records that were asked for by id; a merge also speaks of the record that lives on. */
export async function observeFetched(
  fetched: ReadonlyMap<string, FetchedRecord>,
  mapping: StreamMapping,
): Promise<Observation[]> {
  const observed = new Map<string, Observation>();
  for (const [id, answer] of fetched) {
    const record = recordOf(answer);
    if (record && !observed.has(record.id)) observed.set(record.id, await observeRecord(record, mapping));
    const without = withoutRecord(id, answer);
    if (without) observed.set(id, without);
  }
  return [...observed.values()];
}

export async function observeRecord(record: SourceRecord, mapping: StreamMapping): Promise<Observation> {
  if (record.archived) return { kind: 'gone', id: record.id };
  const { id, raw, mergedIds = [] } = record;
  const unusable = { kind: 'unusable', id, raw, nameless: false } as const;
  const mapped = await mapping.map(raw);
  if (!mapped.ok) {
    const reason = mapped.errors.map((error) => `${error.field} ${error.reason}`).join('; ');
    return { ...unusable, code: mapped.errors[0]?.code ?? 'INVALID_RECORD', reason };
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
export function fingerprintOf(record: SourceRecord, { digest, volatile }: StreamMapping): Buffer | null {
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

function recordOf(answer: FetchedRecord): SourceRecord | null {
  return answer.status === 'found' || answer.status === 'merged' ? answer.record : null;
}

function withoutRecord(id: string, answer: FetchedRecord): Observation | null {
  if (answer.status === 'gone') return { kind: 'gone', id };
  if (answer.status === 'merged') return { kind: 'merged', id, into: answer.mergedInto };
  return answer.status === 'rejected' ? unreadable({ ...answer.rejected, id }) : null;
}

function unreadable({ id, code, reason, raw }: RejectedRecord): Unusable {
  const nameless = id === null;
  return { kind: 'unusable', id: id ?? `nameless-${digest(raw)}`, code, reason, raw, nameless };
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
