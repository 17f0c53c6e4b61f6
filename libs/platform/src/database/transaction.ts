import { TransactionRolledBackError } from './database.errors.js';
import { holdClient } from './hold-client.js';
import type { Pool, PoolClient } from './pool.js';

/**
 * Runs `work` in one READ COMMITTED transaction; whatever it throws rolls back and goes on to the caller.
 * @throws DatabaseUnavailableError when the connection does not last: what became of a COMMIT that was sent is unknown
 */
export function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return holdClient(pool, async (client, discard) => {
    try {
      await client.query('begin');
      const result = await work(client);
      const { command } = await client.query('commit');
      if (command !== 'COMMIT') throw new TransactionRolledBackError();
      return result;
    } catch (error) {
      // A connection that cannot even roll back is not handed to the next caller.
      await client.query('rollback').catch(discard);
      throw error;
    }
  });
}
