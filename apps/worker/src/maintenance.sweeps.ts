import type { Pool } from '#platform';
import type { Sweep } from './sweeper.js';

const HOUR = 3_600_000;

/** House-keeping that no request should pay for. */
export const maintenanceSweeps = (pool: Pool): Sweep[] => [
  {
    name: 'forget-old-idempotency-keys',
    everyMs: HOUR,
    run: async () => {
      await pool.query(`delete from es.commands where created_at < now() - interval '24 hours'`);
    },
  },
];
