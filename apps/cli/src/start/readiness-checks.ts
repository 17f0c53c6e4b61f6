import { migrationsPending } from '#platform';
import type { ReadinessChecks } from '../../../api/src/index.js';
import type { Infrastructure } from './infrastructure.js';

/** Ready means: migrated, database and queue answer, and whoever started the service was told its key. */
export const readinessChecks = (
  { pool, backend }: Pick<Infrastructure, 'pool' | 'backend'>,
  progress: { readonly announced: boolean },
): ReadinessChecks => ({
  start: async () => {
    if (!progress.announced) throw new Error('still starting');
  },
  database: async () => {
    await pool.query('select 1');
  },
  migrations: async () => {
    const pending = await migrationsPending(pool);
    if (pending.length > 0) throw new Error(`${pending.length} migration(s) are not applied`);
  },
  queue: () => backend.ping(),
});
