import { type PoolClient, uuidv7 } from '#platform';
import type { TableKey } from '../links/link.store.js';
import type { PlannedRecord } from '../records/plan-page.js';

/** Keeps what a run did with each record, and why. */
export async function recordOutcomes(
  client: PoolClient,
  { connectionId, stream }: TableKey,
  runId: string,
  records: readonly PlannedRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const plans = records.map(({ plan }) => plan);
  await client.query({
    name: 'record_outcomes_insert',
    text: `insert into record_outcomes (run_id, connection_id, stream, id, external_id, action, identity_id, code, reason, diff)
      select $1, $2, $3, o.* from unnest($4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::text[], $9::text[],
        $10::jsonb[]) as o`,
    values: [
      runId,
      connectionId,
      stream,
      records.map(() => uuidv7()),
      records.map(({ observation }) => observation.id),
      plans.map(({ action }) => action),
      plans.map(({ identityId }) => identityId ?? null),
      plans.map(({ code }) => code ?? null),
      plans.map(({ reason }) => reason ?? null),
      records.map(({ diff }) => (diff ? JSON.stringify(diff) : null)),
    ],
  });
}
