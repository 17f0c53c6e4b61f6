import { COMMAND_LIFETIME_HOURS } from '#event-sourcing';
import type { Pool } from '#platform';
import type { DeadLetterStore } from '#queue';
import type { Sweep } from './sweeper.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How long a dead letter that was retried or discarded can still be looked up. */
const RESOLVED_LETTERS_KEPT_MS = 30 * DAY;

/** Small enough to hold no lock for long, beside the requests that write the same table. */
const BATCH = 5_000;

/** House-keeping that no request should pay for. */
export const maintenanceSweeps = (pool: Pool, deadLetters: Pick<DeadLetterStore, 'purge'>): Sweep[] => [
  {
    name: 'forget-old-idempotency-keys',
    everyMs: HOUR,
    run: async () => {
      while ((await forgetExpiredCommands(pool)) === BATCH);
    },
  },
  {
    name: 'purge-resolved-dead-letters',
    everyMs: HOUR,
    run: async () => {
      await deadLetters.purge(new Date(Date.now() - RESOLVED_LETTERS_KEPT_MS));
    },
  },
];

async function forgetExpiredCommands(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from es.commands where idempotency_key in (
       select idempotency_key from es.commands where created_at <= now() - make_interval(hours => $1)
        order by created_at limit $2 for update skip locked)`,
    [COMMAND_LIFETIME_HOURS, BATCH],
  );
  return rowCount ?? 0;
}
