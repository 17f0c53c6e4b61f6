import pg from 'pg';
import { boundedPool, type PoolOptions } from './bounded-pool.js';

export type { PoolOptions } from './bounded-pool.js';

/** Statements on whichever connection is free. To keep one for several, see `holdClient` and `inTransaction`. */
export type Pool = Pick<pg.Pool, 'query' | 'end'>;

/** pg knows this member, its types do not: how long this one statement may go without an answer, in milliseconds. */
export type QueryConfig = pg.QueryConfig & { readonly query_timeout?: number };

/** A connection that is held for a while. It is given back for its holder. */
export type PoolClient = Pick<pg.PoolClient, 'query'>;

const INT8 = 20;

/** int8 as a JavaScript number: positions stay below 2^44 (the watermark key holds no more), counts far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/**
 * A connection pool whose waits all end (`databaseLimits`).
 * @throws DatabaseUnavailableError from each of its statements when the database is not there for it
 */
export const createPool = (options: PoolOptions): Pool => boundedPool({ types, ...options });
