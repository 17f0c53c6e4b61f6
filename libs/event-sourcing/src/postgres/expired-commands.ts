import type { Pool } from '#platform';
import { COMMAND_LIFETIME_HOURS } from '../event-store.js';

/** Deletes the commands that are no longer recognised, in small batches, and answers how many there were. */
export async function deleteExpiredCommands(pool: Pool, batchSize = 1_000): Promise<number> {
  let total = 0;
  for (let deleted = batchSize; deleted === batchSize; total += deleted) {
    const { rowCount } = await pool.query(
      `delete from es.commands where idempotency_key in (
        select idempotency_key from es.commands
        where created_at <= now() - make_interval(hours => $1) order by created_at limit $2)`,
      [COMMAND_LIFETIME_HOURS, batchSize],
    );
    deleted = rowCount ?? 0;
  }
  return total;
}
