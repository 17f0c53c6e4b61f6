import pg from 'pg';
import { createLogger } from '../logging/logger.js';

export type { Pool, PoolClient } from 'pg';

const INT8 = 20;

/** int8 as a JavaScript number: positions stay below 2^44 (the watermark key holds no more), counts far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

export interface PoolOptions {
  readonly url: string;
  readonly max?: number;
  readonly name?: string;
}

/**
 * A connection pool whose waits all end: pg has no time limit of its own for getting a connection, and an append
 * left idle in its transaction would hold back every subscription (the watermark), so the server ends it.
 */
export function createPool({ url, max = 20, name = 'rollcall' }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    types,
    application_name: name,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    statement_timeout: 60_000,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 30_000,
  });
  // An idle connection that breaks (the server restarts) has left the pool already, which opens another one when
  // asked. Unheard, the event would end the process.
  pool.on('error', ({ message }) =>
    createLogger('database').info({ reason: message }, 'idle connection lost'),
  );
  return pool;
}
