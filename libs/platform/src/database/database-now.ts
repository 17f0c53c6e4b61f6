import type { Pool, PoolClient } from './pool.js';

/**
 * The time by the clock that all processes share: what is stored, or compared with what is stored, is by this one. That
 * of a process may be an hour off, and stepped back.
 */
export async function databaseNow(on: Pool | PoolClient): Promise<Date> {
  const { rows } = await on.query<{ now: Date }>('select clock_timestamp() as now');
  const [row] = rows;
  if (!row) throw new TypeError('clock_timestamp() always has a row');
  return row.now;
}
