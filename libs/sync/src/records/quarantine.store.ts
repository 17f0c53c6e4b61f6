import type { Pool, PoolClient, SecretBox } from '#platform';
import type { StreamKey } from './link.store.js';
import type { PlannedRecord } from './plan-page.js';

/** Keeps the records that could not be taken, sealed, and lets go of those that could. */
export class QuarantineStore {
  constructor(private readonly secretBox: SecretBox) {}

  /** `seen` are the ids of all records of the page, also of those that there was nothing to plan for. */
  async settle(
    client: PoolClient,
    key: StreamKey,
    seen: readonly string[],
    records: readonly PlannedRecord[],
  ): Promise<void> {
    const held = records.filter(isHeld);
    const heldIds = new Set(held.map(({ observation }) => observation.id));
    const taken = seen.filter((id) => !heldIds.has(id));
    if (taken.length > 0)
      await client.query({
        name: 'quarantine_release',
        text: RELEASE,
        values: [key.connectionId, key.stream, taken],
      });
    if (held.length > 0) await this.keep(client, key, held);
  }

  /** Records of a stream whose next try is due. */
  async due(
    executor: Pool | PoolClient,
    { connectionId, stream }: StreamKey,
    dueBy: Date,
    limit: number,
  ): Promise<string[]> {
    const { rows } = await executor.query<{ external_id: string }>(
      `select external_id from quarantined_records
       where connection_id = $1 and stream = $2 and next_retry_at <= $3 order by next_retry_at limit $4`,
      [connectionId, stream, dueBy, limit],
    );
    return rows.map((row) => row.external_id);
  }

  private async keep(client: PoolClient, key: StreamKey, held: readonly PlannedRecord[]): Promise<void> {
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
        held.map(({ observation }) => observation.kind !== 'unusable' || !observation.nameless),
      ],
    });
  }

  private sealed({ connectionId, stream }: StreamKey, { observation }: PlannedRecord): Buffer {
    const raw = 'raw' in observation ? observation.raw : null;
    return this.secretBox.seal(
      JSON.stringify(raw ?? null),
      `quarantine:${connectionId}:${stream}:${observation.id}`,
    );
  }
}

const isHeld = ({ plan }: PlannedRecord): boolean => plan.action === 'invalid' || plan.action === 'conflict';

const RELEASE = `delete from quarantined_records
  where connection_id = $1 and stream = $2 and external_id = any($3)`;

/** A minute after the first try, then twice as long each time, up to a day. */
const KEEP = `
  insert into quarantined_records as q (connection_id, stream, external_id, payload, code, reason, next_retry_at)
  select $1, $2, r.external_id, r.payload, r.code, r.reason,
    case when r.retriable then now() + interval '1 minute' end
  from unnest($3::text[], $4::bytea[], $5::text[], $6::text[], $7::boolean[])
    as r(external_id, payload, code, reason, retriable)
  on conflict (connection_id, stream, external_id) do update set
    payload = excluded.payload, code = excluded.code, reason = excluded.reason, attempts = q.attempts + 1,
    next_retry_at = case when excluded.next_retry_at is not null
      then now() + least(interval '1 minute' * power(2, least(q.attempts, 20)), interval '1 day') end,
    updated_at = now()`;
