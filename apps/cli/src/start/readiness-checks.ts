import { type ApiKeys, requireSchema } from '#platform';
import { proveDatabase, type ReadinessChecks } from '../../../api/src/index.js';
import type { Infrastructure } from './infrastructure.js';

/** Ready means: migrated, database and queue answer, and whoever started the service was told its key. */
export const readinessChecks = (
  { pool, backend, keys }: Pick<Infrastructure, 'pool' | 'backend'> & { readonly keys: ApiKeys },
  progress: { readonly announced: boolean },
): ReadinessChecks => ({
  start: async () => {
    if (!progress.announced) throw new Error('still starting');
  },
  database: () => proveDatabase(pool, keys),
  migrations: () => requireSchema(pool),
  queue: () => backend.ping(),
});
