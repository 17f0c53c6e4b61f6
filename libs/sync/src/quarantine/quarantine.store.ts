import { createHash } from 'node:crypto';
import { type Pool, type PoolClient, type SecretBox, uuidv7 } from '#platform';
import type { TableKey } from '../links/link.store.js';
import { DISCARDED_CODE } from '../records/key-resolution.js';
import { type Observation, RECORD_POISONED } from '../records/observation.js';
import type { PlannedRecord } from '../records/plan-page.js';

/** Keeps the records that could not be taken, sealed, and lets go of those that could. */
export class QuarantineStore {
  constructor(private readonly secretBox: SecretBox) {}

  /** A record that was discarded and has not changed since is no failure any more: there is nothing to do for it. */
  async withoutDiscarded(
    client: PoolClient,
    key: TableKey,
    records: readonly PlannedRecord[],
  ): Promise<readonly PlannedRecord[]> {
    const held = records.filter(isHeld);
    if (held.length === 0) return records;
    const { rows } = await client.query<{ external_id: string; content_hash: Buffer | null }>({
      name: 'quarantine_discarded',
      text: DISCARDED,
      values: [key.connectionId, key.stream, held.map(({ observation }) => observation.id)],
    });
    const discarded = new Map(rows.map((row) => [row.external_id, row.content_hash]));
    return records.map((record) => {
      const hash = isHeld(record) ? discarded.get(record.observation.id) : undefined;
      return hash?.equals(payloadHash(record)) ? spared(record) : record;
    });
  }

  /** `seen` are the ids of all records of the page, also of those that there was nothing to plan for. */
  async settle(
    client: PoolClient,
    key: TableKey,
    seen: readonly string[],
    records: readonly PlannedRecord[],
  ): Promise<void> {
    const held = records.filter(isHeld);
    const discarded = records.filter(isSpared).map(({ observation }) => observation.id);
    const stay = new Set([...held.map(({ observation }) => observation.id), ...discarded]);
    const taken = seen.filter((id) => !stay.has(id));
    if (taken.length > 0)
      await client.query({
        name: 'quarantine_release',
        text: RELEASE,
        values: [key.connectionId, key.stream, taken],
      });
    if (discarded.length > 0)
      await client.query({
        name: 'quarantine_seen_again',
        text: SEEN_AGAIN,
        values: [key.connectionId, key.stream, discarded],
      });
    if (held.length > 0) await this.keep(client, key, held);
    const keptOut = records.filter((record) => isSpared(record) && record.plan.resolution);
    if (keptOut.length > 0) await this.keepOut(client, key, keptOut);
  }

  /** Records of a stream whose next try is due. */
  async due(
    executor: Pool | PoolClient,
    { connectionId, stream }: TableKey,
    dueBy: Date,
    limit: number,
  ): Promise<string[]> {
    const { rows } = await executor.query<{ external_id: string }>(
      `select external_id from quarantined_records
       where connection_id = $1 and stream = $2 and next_retry_at <= $3 and code <> $5
       order by next_retry_at limit $4`,
      [connectionId, stream, dueBy, limit, RECORD_POISONED],
    );
    return rows.map((row) => row.external_id);
  }

  /** Of those records the ones that took down whoever handled them: only a person has them tried again. */
  async poisoned(
    executor: Pool | PoolClient,
    { connectionId, stream }: TableKey,
    externalIds: readonly string[],
  ): Promise<ReadonlyMap<string, string>> {
    const { rows } = await executor.query<{ external_id: string; reason: string }>({
      name: 'quarantine_poisoned',
      text: `select external_id, reason from quarantined_records
        where connection_id = $1 and stream = $2 and external_id = any($3) and code = $4`,
      values: [connectionId, stream, externalIds, RECORD_POISONED],
    });
    return new Map(rows.map((row) => [row.external_id, row.reason]));
  }

  /** Records that a person has decided to leave out are discarded as they are now. */
  private async keepOut(client: PoolClient, key: TableKey, records: readonly PlannedRecord[]): Promise<void> {
    await this.keep(client, key, records);
    await client.query(KEEP_OUT, [
      key.connectionId,
      key.stream,
      records.map(({ observation }) => observation.id),
    ]);
  }

  private async keep(client: PoolClient, key: TableKey, held: readonly PlannedRecord[]): Promise<void> {
    await client.query({
      name: 'quarantine_keep',
      text: KEEP,
      values: [
        key.connectionId,
        key.stream,
        held.map(({ observation }) => observation.id),
        held.map((record) => this.sealed(key, record)),
        held.map(({ plan }) => plan.code ?? 'INVALID_RECORD'),
        held.map(({ plan }) => plan.reason ?? ''),
        held.map(({ observation }) => observation.kind !== 'unusable' || observation.retriable),
        held.map(() => uuidv7()),
        held.map(payloadHash),
      ],
    });
  }

  /** What was kept of a record; null when it was discarded, or nothing could be read of it. */
  open({ connectionId, stream, externalId, payload }: SealedRecord): unknown {
    if (payload.length === 0) return null;
    return JSON.parse(
      this.secretBox.open(payload, placeOf({ connectionId, stream }, externalId)).toString('utf8'),
    );
  }

  private sealed(key: TableKey, { observation }: PlannedRecord): Buffer {
    return this.secretBox.seal(JSON.stringify(rawOf(observation)), placeOf(key, observation.id));
  }
}

export interface SealedRecord extends TableKey {
  readonly externalId: string;
  readonly payload: Uint8Array;
}

const placeOf = ({ connectionId, stream }: TableKey, externalId: string): string =>
  `quarantine:${connectionId}:${stream}:${externalId}`;

const rawOf = (observation: Observation): unknown => ('raw' in observation ? observation.raw : null) ?? null;

/** Of a record that nobody could read, the reason is all there is to compare. */
const payloadHash = ({ observation, plan }: PlannedRecord): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(rawOf(observation) ?? plan.reason ?? null))
    .digest();

const spared = ({ observation, plan }: PlannedRecord): PlannedRecord => ({
  observation,
  diff: null,
  plan: {
    ...plan,
    action: 'unchanged',
    code: DISCARDED_CODE,
    reason: `discarded by hand until it changes (${plan.code})`,
  },
});

const isSpared = ({ plan }: PlannedRecord): boolean => plan.code === DISCARDED_CODE;

const isHeld = ({ plan }: PlannedRecord): boolean => plan.action === 'invalid' || plan.action === 'conflict';

const RELEASE = `delete from quarantined_records
  where connection_id = $1 and stream = $2 and external_id = any($3)`;

const DISCARDED = `select external_id, content_hash from quarantined_records
  where connection_id = $1 and stream = $2 and external_id = any($3) and status = 'discarded'`;

const SEEN_AGAIN = `update quarantined_records set attempts = attempts + 1, updated_at = now()
  where connection_id = $1 and stream = $2 and external_id = any($3)`;

const KEEP_OUT = `update quarantined_records
  set status = 'discarded', discarded_at = now(), next_retry_at = null, payload = ''
  where connection_id = $1 and stream = $2 and external_id = any($3)`;

/** A minute after the first try, then twice as long each time, up to a day; a discarded one that changed starts anew. */
const KEEP = `
  insert into quarantined_records as q (connection_id, stream, id, external_id, payload, content_hash, code, reason,
    next_retry_at)
  select $1, $2, r.id, r.external_id, r.payload, r.content_hash, r.code, r.reason,
    case when r.retriable then now() + interval '1 minute' end
  from unnest($3::text[], $4::bytea[], $5::text[], $6::text[], $7::boolean[], $8::uuid[], $9::bytea[])
    as r(external_id, payload, code, reason, retriable, id, content_hash)
  on conflict (connection_id, stream, external_id) do update set
    payload = excluded.payload, content_hash = excluded.content_hash, code = excluded.code, reason = excluded.reason,
    attempts = case q.status when 'discarded' then 1 else q.attempts + 1 end,
    next_retry_at = case when excluded.next_retry_at is not null
      then now() + least(interval '1 minute' *
        case q.status when 'discarded' then 1 else power(2, least(q.attempts, 20)) end, interval '1 day') end,
    status = 'waiting', discarded_at = null, updated_at = now()`;
