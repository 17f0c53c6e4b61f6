import { type PoolClient, uuidv7 } from '#platform';
import type { TableKey } from '../links/link.store.js';
import type { PlannedRecord } from '../records/plan-page.js';
import type { Roster } from '../records/roster.js';

/** Keeps what records wait for whose identifier key another identity has. */
export class ConflictStore {
  /**
   * Opens, brings up to date and closes the conflicts of a page, with whatever else the page changes. `seen` are the
   * ids of all its records: of those that have got through, a conflict is gone.
   */
  async settle(
    client: PoolClient,
    key: TableKey,
    seen: readonly string[],
    records: readonly PlannedRecord[],
    roster: Roster,
  ): Promise<void> {
    const conflicts = records.filter(({ plan }) => plan.action === 'conflict');
    const decided = records.filter(({ plan }) => plan.resolution !== undefined);
    const stay = new Set(records.filter(staysOpen).map(({ observation }) => observation.id));
    const through = seen.filter((id) => !stay.has(id));
    await this.resolve(client, key, decided, roster);
    if (through.length > 0)
      await client.query({
        name: 'conflicts_gone',
        text: GONE,
        values: [key.connectionId, key.stream, through],
      });
    await this.open(client, key, conflicts, roster);
  }

  private async open(
    client: PoolClient,
    { connectionId, stream }: TableKey,
    records: readonly PlannedRecord[],
    roster: Roster,
  ): Promise<void> {
    for (const { observation, plan } of records) {
      if (!plan.conflict) continue;
      const { identifierKey, holderId } = plan.conflict;
      const record = roster.recordOf(holderId);
      await client.query({
        name: 'conflict_open',
        text: OPEN,
        values: [
          connectionId,
          stream,
          observation.id,
          uuidv7(),
          plan.identityId ?? null,
          identifierKey,
          holderId,
          record?.stream ?? null,
          record?.externalId ?? null,
        ],
      });
    }
  }

  /** What a policy decides was never open. */
  private async resolve(
    client: PoolClient,
    { connectionId, stream }: TableKey,
    records: readonly PlannedRecord[],
    roster: Roster,
  ): Promise<void> {
    for (const { observation, plan } of records) {
      if (!plan.resolution || observation.kind !== 'present') continue;
      const { action, by, about } = { about: plan.conflict, ...plan.resolution };
      const { rowCount } = await client.query({
        name: 'conflict_resolve',
        text: RESOLVE,
        values: [connectionId, stream, observation.id, action, by],
      });
      if (rowCount || !about) continue;
      const record = roster.recordOf(about.holderId);
      await client.query({
        name: 'conflict_decided',
        text: DECIDED,
        values: [
          connectionId,
          stream,
          observation.id,
          uuidv7(),
          plan.identityId ?? null,
          about.identifierKey,
          about.holderId,
          record?.stream ?? null,
          record?.externalId ?? null,
          action,
          by,
        ],
      });
    }
  }
}

/** A stale answer, and one that cannot be read, say nothing about the conflict. */
const staysOpen = ({ plan }: PlannedRecord): boolean =>
  plan.action === 'conflict' || plan.action === 'invalid' || plan.action === 'stale';

const RECORD = 'connection_id = $1 and stream = $2';

const GONE = `update conflicts set status = 'gone', resolved_at = now(), updated_at = now()
  where ${RECORD} and external_id = any($3) and status = 'open'`;

const RESOLVE = `update conflicts
  set status = 'resolved', resolution = $4, resolved_by = $5, resolved_at = now(), updated_at = now()
  where ${RECORD} and external_id = $3 and status = 'open'`;

const COLUMNS = `connection_id, stream, external_id, id, identity_id, identifier_key, holder_identity_id,
  holder_stream, holder_external_id`;

const OPEN = `insert into conflicts as c (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  on conflict (connection_id, stream, external_id) where status = 'open' do update set
    identity_id = excluded.identity_id, identifier_key = excluded.identifier_key,
    holder_identity_id = excluded.holder_identity_id, holder_stream = excluded.holder_stream,
    holder_external_id = excluded.holder_external_id, updated_at = now()
  where (c.identity_id, c.identifier_key, c.holder_identity_id, c.holder_stream, c.holder_external_id)
    is distinct from (excluded.identity_id, excluded.identifier_key, excluded.holder_identity_id,
      excluded.holder_stream, excluded.holder_external_id)`;

const DECIDED = `insert into conflicts (${COLUMNS}, status, resolution, resolved_by, resolved_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'resolved', $10, $11, now())`;
