import type { Signal } from '#connectors';
import { type Pool, type PoolClient, uuidv7 } from '#platform';

/** A signal that waits to be worked off. */
export interface WaitingDelivery {
  readonly id: string;
  readonly stream: string;
  readonly externalId: string;
  readonly kind: Signal['kind'];
  readonly mergedInto: string | null;
  readonly attempts: number;
}

/** The table `webhook_deliveries`, where each signal is kept once. */
export class DeliveryStore {
  constructor(private readonly pool: Pool) {}

  /** Stores what is new in one statement, and answers how many that were. */
  async insert(connectionId: string, signals: readonly Signal[]): Promise<number> {
    const { rowCount } = await this.pool.query({
      name: 'webhook_deliveries_insert',
      text: INSERT,
      values: [
        connectionId,
        signals.map(() => uuidv7()),
        signals.map(({ dedupKey }) => dedupKey),
        signals.map(({ stream }) => stream),
        signals.map(({ id }) => id),
        signals.map(({ kind }) => kind),
        signals.map(({ mergedInto }) => mergedInto ?? null),
        signals.map(({ occurredAt }) => occurredAt),
      ],
    });
    return rowCount ?? 0;
  }

  /** The oldest deliveries that are due, with the time by the database's clock. */
  async waiting(connectionId: string, limit: number): Promise<{ deliveries: WaitingDelivery[]; now: Date }> {
    const { rows } = await this.pool.query<{ now: Date } & DeliveryRow>({
      name: 'webhook_deliveries_due',
      text: `select d.id, d.stream, d.external_id, d.kind, d.merged_into, d.attempts, clock.now
        from (select clock_timestamp() as now) clock
        left join lateral (select * from webhook_deliveries where connection_id = $1 and status = 'waiting'
          and due_at <= clock.now order by id limit $2) d on true`,
      values: [connectionId, limit],
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

  async postpone(ids: readonly string[], dueAt: Date, error: string, counted: boolean): Promise<void> {
    await this.pool.query(
      `update webhook_deliveries set due_at = $2, error = $3, attempts = attempts + $4
       where id = any($1::uuid[]) and status = 'waiting'`,
      [ids, dueAt, error, counted ? 1 : 0],
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
  insert into webhook_deliveries (connection_id, id, dedup_key, stream, external_id, kind, merged_into, occurred_at)
  select $1, d.* from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]) as d
  on conflict (connection_id, dedup_key) do nothing`;

interface DeliveryRow {
  readonly id: string;
  readonly stream: string;
  readonly external_id: string;
  readonly kind: Signal['kind'];
  readonly merged_into: string | null;
  readonly attempts: number;
}

const toDelivery = (row: DeliveryRow): WaitingDelivery => ({
  id: row.id,
  stream: row.stream,
  externalId: row.external_id,
  kind: row.kind,
  mergedInto: row.merged_into,
  attempts: row.attempts,
});
