import type { SourceRecord } from '#connectors';
import { type Pool, type PoolClient, uuidv7 } from '#platform';
import type { TableKey } from '../links/link.store.js';
import { type FieldPolicies, hashUnder } from './field-policies.js';
import { fingerprintOf, type Observation, observeRecords, RECORD_POISONED } from './observation.js';
import type { TableMapping } from './table-mapping.js';

/** A record that seems to say what it said when it was last applied. */
export interface SameRecord {
  readonly id: string;
  readonly fingerprint: Buffer;
  /** For the case that it has to be planned after all. */
  observe(): Promise<Observation>;
}

/** What is known of records before anything in them is looked at. */
export interface KnownRecords {
  /** Of those linked ones that need not be planned again as long as they say the same. */
  readonly fingerprints: ReadonlyMap<string, Buffer>;
  /** Those that took down whoever handled them, and why they are left alone. */
  readonly poisoned: ReadonlyMap<string, string>;
}

export async function knownRecords(
  pool: Pool,
  { connectionId, stream }: TableKey,
  externalIds: readonly string[],
): Promise<KnownRecords> {
  const { rows } = await pool.query<KnownRow>({
    name: 'records_known',
    text: `select l.external_id, l.fingerprint, null as reason from unnest($3::text[]) as r(id), lateral (select * from links
        where connection_id = $1 and stream = $2 and external_id = r.id offset 0) as l
      where ${settled('l')} and l.fingerprint is not null
      union all select external_id, null, reason from quarantined_records
        where connection_id = $1 and stream = $2 and external_id = any($3) and code = '${RECORD_POISONED}'`,
    values: [connectionId, stream, externalIds],
  });
  const fingerprints = rows.flatMap(({ external_id: id, fingerprint }) =>
    fingerprint ? [[id, fingerprint] as const] : [],
  );
  const poisoned = rows.flatMap(({ external_id: id, reason }) =>
    reason === null ? [] : [[id, reason] as const],
  );
  return { fingerprints: new Map(fingerprints), poisoned: new Map(poisoned) };
}

interface KnownRow {
  readonly external_id: string;
  readonly fingerprint: Buffer | null;
  readonly reason: string | null;
}

/** Answers null when the record says something else than before, or nobody knows what it said. */
export function sameRecord(
  record: SourceRecord,
  known: Buffer | undefined,
  mapping: TableMapping,
  policies: FieldPolicies | undefined,
): SameRecord | null {
  if (!known || record.archived) return null;
  const found = fingerprintOf(record, mapping);
  const fingerprint = found && hashUnder(policies, found);
  if (!fingerprint?.equals(known)) return null;
  return {
    id: record.id,
    fingerprint,
    observe: async () => (await observeRecords([record], mapping))[0] as Observation,
  };
}

/**
 * Marks those as seen that are unchanged beyond doubt, with their outcome; answers their ids. The others have to be
 * planned: a person deleted the identity, the record waits for something, or a newer state of it was seen meanwhile.
 * This is what a plan says of an unchanged record (`planPresent`), without looking at what the record says.
 */
export async function settleSame(
  client: PoolClient,
  { connectionId, stream }: TableKey,
  { runId, askedAt }: { readonly runId: string; readonly askedAt: Date },
  records: readonly SameRecord[],
): Promise<ReadonlySet<string>> {
  if (records.length === 0) return new Set();
  const { rows } = await client.query<{ external_id: string }>({
    name: 'links_settle_same',
    text: SETTLE,
    values: [
      connectionId,
      stream,
      runId,
      askedAt,
      records.map(({ id }) => id),
      records.map(({ fingerprint }) => fingerprint),
      records.map(() => uuidv7()),
    ],
  });
  return new Set(rows.map((row) => row.external_id));
}

/** Without a content hash it is to be looked at again; a resolution about its key may have lost its reason. */
const settled = (link: string): string =>
  ['tombstoned_at', 'merged_into', 'held_key'].map((column) => `${link}.${column} is null and `).join('') +
  `${link}.content_hash is not null`;

/** Each record's link is looked up by its key first, whatever the planner believes about a table that is new to it. */
const SETTLE = `
  with same as (
    update links l set last_seen_run = $3, seen_at = $4
    from unnest($5::text[], $6::bytea[], $7::uuid[]) as r(external_id, fingerprint, outcome_id),
      lateral (select k.ctid from links k where k.connection_id = $1 and k.stream = $2
        and k.external_id = r.external_id and k.fingerprint = r.fingerprint and ${settled('k')} and k.seen_at <= $4
        and exists (select 1 from identities i where i.id = k.identity_id)
        and not exists (select 1 from quarantined_records q
          where q.connection_id = $1 and q.stream = $2 and q.external_id = r.external_id)
        and not exists (select 1 from conflicts c
          where c.connection_id = $1 and c.stream = $2 and c.external_id = r.external_id and c.status = 'open')
        offset 0) as found
    where l.ctid = found.ctid
    returning l.external_id, l.identity_id, r.outcome_id),
  outcomes as (
    insert into record_outcomes (run_id, connection_id, stream, id, external_id, action, identity_id)
    select $3, $1, $2, outcome_id, external_id, 'unchanged', identity_id from same)
  select external_id from same`;
