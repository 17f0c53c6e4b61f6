import { migrationsPending, type Pool } from '#platform';
import type { QueueBackend } from '#queue';

/** A thing the service cannot work without: throws when it is not there. */
export type ReadinessCheck = () => Promise<void>;

/** Ready means: migrated, and database and queue answer. */
export const readinessChecks = (pool: Pool, backend: QueueBackend): Record<string, ReadinessCheck> => ({
  database: async () => {
    await pool.query('select 1');
  },
  migrations: async () => {
    const pending = await migrationsPending(pool);
    if (pending.length > 0) throw new Error(`${pending.length} migration(s) not applied`);
  },
  queue: () => backend.ping(),
});
