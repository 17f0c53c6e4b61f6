import type { Pool, PoolClient } from '#platform';
import type { TableKey } from './link.store.js';

interface RunOf extends TableKey {
  readonly id: string;
  readonly createdAt: Date;
}

/** Which linked records a run has seen, and which not. */
export class SweepStore {
  constructor(private readonly pool: Pool) {}

  async markSeen(
    client: PoolClient,
    { id, connectionId, stream }: RunOf,
    ids: readonly string[],
  ): Promise<void> {
    await client.query({
      name: 'links_seen',
      text: `update links set last_seen_run = $3
        where connection_id = $1 and stream = $2 and external_id = any($4) and last_seen_run is distinct from $3`,
      values: [connectionId, stream, id, ids],
    });
  }

  async count(run: RunOf): Promise<{ readonly bound: number; readonly candidates: number }> {
    const { rows } = await this.pool.query<{ bound: number; candidates: number }>(
      `select count(*)::int as bound, (count(*) filter (where ${UNSEEN}))::int as candidates ${BOUND}`,
      scope(run),
    );
    return rows[0] ?? { bound: 0, candidates: 0 };
  }

  /** In the order of their ids, those behind `after`. */
  async candidates(run: RunOf, after: string, limit: number): Promise<string[]> {
    const { rows } = await this.pool.query<{ external_id: string }>(
      `select l.external_id ${BOUND} and ${UNSEEN} and l.external_id > $5 order by l.external_id limit $6`,
      [...scope(run), after, limit],
    );
    return rows.map((row) => row.external_id);
  }
}

const scope = ({ connectionId, stream, id, createdAt }: RunOf) => [connectionId, stream, id, createdAt];

const BOUND = `from links l where l.connection_id = $1 and l.stream = $2
  and l.tombstoned_at is null and l.merged_into is null`;

/**
 * Neither listed nor read by this run, nor found alive by anybody (a webhook) since it began. What a run read and could
 * not take, or only planned, has an outcome.
 */
const UNSEEN = `(l.last_seen_run is distinct from $3 and l.seen_at < $4 and not exists (
  select 1 from record_outcomes o where o.connection_id = $1 and o.external_id = l.external_id and o.stream = $2
    and o.run_id = $3))`;
