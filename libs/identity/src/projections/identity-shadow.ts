import { type EventRow, toRecordedEvent } from '#event-sourcing';
import { type PoolClient, Stretches } from '#platform';
import { IDENTITY_CATEGORY, identityEvents } from '../identity.events.js';
import type { IdentityRow } from './identity.row.js';
import { IdentityRowFolding } from './identity-row.folding.js';
import { recordDifferences, replaceRows } from './identity-shadow.rows.js';
import { createTables, indexTables, SHADOW } from './identity-shadow.tables.js';

export interface IdentityDifferences {
  readonly count: number;
  /** The first hundred. */
  readonly identityIds: readonly string[];
}

export interface RebuildProgress {
  /** How far into the log the new tables are, and how far it goes. */
  readonly position: number;
  readonly end: number;
}

interface FillOptions {
  readonly batchSize?: number;
  readonly onProgress?: (progress: RebuildProgress) => void;
}

/** The identity tables as the log has them, in a schema of their own beside the live ones. */
export class IdentityShadow {
  /** Every event up to here is in. Later ones may be in, too: taking one twice changes nothing. */
  private position = 0;

  private constructor(private readonly client: PoolClient) {}

  /** Begins empty; what a killed run left is dropped. */
  static async create(client: PoolClient): Promise<IdentityShadow> {
    await client.query(`drop schema if exists ${SHADOW} cascade; create schema ${SHADOW}`);
    await createTables(client);
    return new IdentityShadow(client);
  }

  /** Takes in the log in steps, up to where it is complete. */
  async fill({ batchSize = 1_000, onProgress }: FillOptions): Promise<void> {
    for (let more = true; more; ) {
      const end = await this.safePosition();
      const events = await this.read({ upTo: end, limit: batchSize });
      await this.inTransaction('read committed', () => this.take(events));
      more = events.length === batchSize;
      this.position = (more && events.at(-1)?.global_position) || end;
      onProgress?.({ position: this.position, end });
    }
  }

  /** After the fill, since a key may pass between identities within it in an order that only commits explain. */
  async addIndexes(): Promise<void> {
    await indexTables(this.client);
  }

  /**
   * Takes in everything that one snapshot of the database sees, and compares with the live tables in that snapshot:
   * rows and events were committed together. A snapshot is no prefix of the log, so the position stays behind it.
   */
  async settle(comparing: 'compare everything' | 'compare what changed'): Promise<void> {
    const safe = await this.safePosition();
    await this.inTransaction('repeatable read', async () => {
      const touched = await this.takeRest();
      await recordDifferences(this.client, comparing === 'compare everything' ? undefined : touched);
    });
    this.position = safe;
  }

  /** Takes in everything that is committed and answers the identities it touched. */
  async takeRest(): Promise<string[]> {
    return this.take(await this.read({ upTo: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER }));
  }

  async differences(): Promise<IdentityDifferences> {
    const { rows } = await this.client.query<{ count: number; ids: string[] | null }>(
      `select count(*), (array_agg(id order by id))[1:100] as ids from ${SHADOW}.differences`,
    );
    return { count: rows[0]?.count ?? 0, identityIds: rows[0]?.ids ?? [] };
  }

  async drop(): Promise<void> {
    await this.client.query(`drop schema ${SHADOW} cascade`);
  }

  private async take(events: readonly EventRow[]): Promise<string[]> {
    const ids = [...new Set(events.map(({ stream_id }) => stream_id))];
    const { rows } = await this.client.query<IdentityRow>(
      `select * from ${SHADOW}.identities where id = any($1)`,
      [ids],
    );
    await replaceRows(this.client, ids, await foldRows(rows, events));
    return ids;
  }

  private async read({ upTo, limit }: { upTo: number; limit: number }): Promise<EventRow[]> {
    const { rows } = await this.client.query<EventRow>(
      `select e.* from es.events e join es.streams s on s.stream_id = e.stream_id
        where s.category = $1 and e.global_position > $2 and e.global_position <= $3
        order by e.global_position limit $4`,
      [IDENTITY_CATEGORY, this.position, upTo, limit],
    );
    return rows;
  }

  private async safePosition(): Promise<number> {
    const { rows } = await this.client.query<{ safe: number }>('select es.safe_position() as safe');
    return rows[0]?.safe ?? 0;
  }

  private async inTransaction(isolation: string, work: () => Promise<unknown>): Promise<void> {
    await this.client.query(`begin isolation level ${isolation}`);
    try {
      await work();
      await this.client.query('commit');
    } catch (error) {
      await this.client.query('rollback');
      throw error;
    }
  }
}

/** What these rows become by these events; an identity that is gone has no row. */
async function foldRows(
  rows: readonly IdentityRow[],
  events: readonly EventRow[],
): Promise<readonly IdentityRow[]> {
  const foldings = new Map(rows.map((row) => [row.id, new IdentityRowFolding(row)]));
  const stretches = new Stretches();
  for (const event of events) {
    if (stretches.over) await stretches.giveTurn();
    const folding = foldings.get(event.stream_id) ?? new IdentityRowFolding();
    foldings.set(event.stream_id, folding);
    if (event.version > folding.version) folding.take(identityEvents.upcast(toRecordedEvent(event)));
  }
  return [...foldings.values()].flatMap((folding) => folding.row() ?? []);
}
