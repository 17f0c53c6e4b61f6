import { migrationsPending, type Pool } from '#platform';
import type { QueueBackend } from '#queue';
import type { ReadinessChecks } from '../../../api/src/index.js';

/** Ready means: migrated, and database and queue answer. */
export const readinessChecks = (pool: Pool, backend: QueueBackend): ReadinessChecks => ({
  database: async () => {
    await pool.query('select 1');
  },
  migrations: async () => {
    const pending = await migrationsPending(pool);
    if (pending.length > 0) throw new Error(`${pending.length} migration(s) are not applied`);
  },
  queue: () => backend.ping(),
});
