import type { Signal } from '#connectors';
import { type Pool, type PoolClient, uuidv7 } from '#platform';
import { rowVersion } from '../connections/row-version.js';
import { RECORD_POISONED } from '../records/observation.js';
import { IN_MS } from '../runs/in-ms.js';
import { rowOf, type UnstorableSignal } from './unstorable-signal.js';

/** A signal that waits to be worked off. */
export interface WaitingDelivery {
  readonly id: string;
  readonly stream: string;
  readonly externalId: string;
  readonly kind: Signal['kind'];
  readonly mergedInto: string | null;
  readonly attempts: number;
  readonly receivedAt: Date;
  /** Somebody asks for it once more, or its record took down a process before. */
  readonly isSuspect: boolean;
}

/** The table `webhook_deliveries`, where each signal is kept once. */
export class DeliveryStore {
  constructor(private readonly pool: Pool) {}

  /**
   * Stores what is new in one statement, and answers how many that were; null, and nothing is stored, when the
   * connection's row is not of this version any more.
   */
  async insert(connectionId: string, rowVersion: string, signals: readonly Signal[]): Promise<number | null> {
    const { rows } = await this.pool.query<{ current: boolean; stored: number }>({
      name: 'webhook_deliveries_insert',
      text: INSERT,
      values: [
        connectionId,
        rowVersion,
        signals.map(() => uuidv7()),
        signals.map(({ dedupKey }) => dedupKey),
        signals.map(({ stream }) => stream),
        signals.map(({ id }) => id),
        signals.map(({ kind }) => kind),
        signals.map(({ mergedInto }) => mergedInto ?? null),
        signals.map(({ occurredAt }) => occurredAt),
      ],
    });
    const [row] = rows;
    return row?.current ? row.stored : null;
  }

  /** Keeps signals that cannot be stored as they are where people look for deliveries, as failed ones. */
  async addFailed(connectionId: string, unstorable: readonly UnstorableSignal[]): Promise<void> {
    const rows = unstorable.map(rowOf);
    await this.pool.query({
      name: 'webhook_deliveries_refuse',
      text: ADD_FAILED,
      values: [
        connectionId,
        rows.map(() => uuidv7()),
        rows.map(({ dedupKey }) => dedupKey),
        rows.map(({ stream }) => stream),
        rows.map(({ id }) => id),
        rows.map(({ kind }) => kind),
        rows.map(({ mergedInto }) => mergedInto),
        rows.map(({ error }) => error),
      ],
    });
  }

  /** The oldest deliveries that are due, with the time by the database's clock. */
  async waiting(connectionId: string, limit: number): Promise<{ deliveries: WaitingDelivery[]; now: Date }> {
    const { rows } = await this.pool.query<{ now: Date } & DeliveryRow>({
      name: 'webhook_deliveries_due',
      text: `select d.id, d.stream, d.external_id, d.kind, d.merged_into, d.attempts, d.received_at,
        d.replays > 0 or q.code is not null or d.origin = 'quarantine' as suspect, clock.now
        from (select clock_timestamp() as now) clock
        left join lateral (select * from webhook_deliveries where connection_id = $1 and status = 'waiting'
          and due_at <= clock.now order by id limit $2) d on true
        left join quarantined_records q on q.connection_id = d.connection_id and q.stream = d.stream
          and q.external_id = d.external_id and q.code = $3
        order by d.id`,
      values: [connectionId, limit, RECORD_POISONED],
    });
    const deliveries = rows.filter(({ id }) => id !== null).map(toDelivery);
    return { deliveries, now: rows[0]?.now ?? new Date() };
  }

  /** Answers how many there still were: none when somebody else has worked them off, or their connection is gone. */
  async done(client: PoolClient, ids: readonly string[]): Promise<number> {
    const { rowCount } = await client.query({
      name: 'webhook_deliveries_done',
      text: `update webhook_deliveries set status = 'done', processed_at = now(), error = null
        where id = any($1::uuid[]) and status = 'waiting'`,
      values: [ids],
    });
    return rowCount ?? 0;
  }

  /** Lets deliveries that are over be worked off again; answers how many those were. */
  async replay(connectionId: string, filter: ReplayFilter): Promise<number> {
    const { id, status, stream, externalId, since, until } = filter;
    const { rowCount } = await this.pool.query(REPLAY, [
      connectionId,
      id ?? null,
      status ?? null,
      stream ?? null,
      externalId ?? null,
      since ?? null,
      until ?? null,
    ]);
    return rowCount ?? 0;
  }

  async postpone(ids: readonly string[], waitMs: number, error: string, counted: boolean): Promise<void> {
    await this.pool.query(
      `update webhook_deliveries set due_at = ${IN_MS('$2')}, error = $3, attempts = attempts + $4
       where id = any($1::uuid[]) and status = 'waiting'`,
      [ids, waitMs, error, counted ? 1 : 0],
    );
  }

  async fail(ids: readonly string[], error: string): Promise<void> {
    await this.pool.query(
      `update webhook_deliveries set status = 'failed', error = $2, attempts = attempts + 1, processed_at = now()
       where id = any($1::uuid[]) and status = 'waiting'`,
      [ids, error],
    );
  }
}

const INSERT = `
  with judged_by as (select id from connections where id = $1 and ${rowVersion('connections')} = $2),
  stored as (
    insert into webhook_deliveries (connection_id, id, dedup_key, stream, external_id, kind, merged_into, occurred_at)
    select judged_by.id, d.* from judged_by, unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
      $8::text[], $9::timestamptz[]) as d
    on conflict (connection_id, dedup_key) do nothing returning 1)
  select exists (select 1 from judged_by) as current, (select count(*)::int from stored) as stored`;

const ADD_FAILED = `
  insert into webhook_deliveries (connection_id, id, dedup_key, stream, external_id, kind, merged_into, error, status,
    processed_at)
  select connections.id, d.*, 'failed', now() from connections, unnest($2::uuid[], $3::text[], $4::text[], $5::text[],
    $6::text[], $7::text[], $8::text[]) as d
  where connections.id = $1 on conflict (connection_id, dedup_key) do nothing`;

/** Which deliveries to work off again; what is absent does not matter. */
export interface ReplayFilter {
  readonly id?: string | undefined;
  readonly status?: 'done' | 'failed' | undefined;
  readonly stream?: string | undefined;
  readonly externalId?: string | undefined;
  /** Received at this time or later. */
  readonly since?: Date | undefined;
  /** Received before this time. */
  readonly until?: Date | undefined;
}

const REPLAY = `
  update webhook_deliveries set status = 'waiting', due_at = now(), attempts = 0, error = null, processed_at = null,
    replays = replays + 1
  where connection_id = $1 and status <> 'waiting' and ($2::uuid is null or id = $2)
    and ($3::text is null or status = $3) and ($4::text is null or stream = $4)
    and ($5::text is null or external_id = $5) and ($6::timestamptz is null or received_at >= $6)
    and ($7::timestamptz is null or received_at < $7)`;

interface DeliveryRow {
  readonly id: string;
  readonly stream: string;
  readonly external_id: string;
  readonly kind: Signal['kind'];
  readonly merged_into: string | null;
  readonly attempts: number;
  readonly received_at: Date;
  readonly suspect: boolean;
}

const toDelivery = (row: DeliveryRow): WaitingDelivery => ({
  id: row.id,
  stream: row.stream,
  externalId: row.external_id,
  kind: row.kind,
  mergedInto: row.merged_into,
  attempts: row.attempts,
  receivedAt: row.received_at,
  isSuspect: row.suspect,
});
