import type pg from 'pg';
import { translated } from './database-unavailable.js';
import type { Pool, PoolClient } from './pool.js';

/** Keeps the held connection out of the pool afterwards: its state is not known, or not for others. */
export type Discard = (reason: Error) => void;

/**
 * Runs `work` on one connection, the only way to hold one. A connection that is lost meanwhile fails the statement
 * under way and every later one, never the process, and does not go back to the pool.
 * @throws DatabaseUnavailableError when there is no connection, or it does not last
 */
export async function holdClient<T>(
  pool: Pool,
  work: (client: PoolClient, discard: Discard) => Promise<T>,
): Promise<T> {
  const held = await checkOut(pool as pg.Pool);
  try {
    return await work(held.client, (reason) => {
      held.broken ??= reason;
    });
  } catch (error) {
    throw translated(error);
  } finally {
    held.giveBack();
  }
}

interface Held {
  readonly client: pg.PoolClient;
  broken: Error | undefined;
  giveBack(): void;
}

/** By callback, so that the connection is listened to in the very turn in which the pool stops listening. */
function checkOut(pool: pg.Pool): Promise<Held> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client, release) => {
      if (error || !client) return reject(translated(error));
      const lost = (reason: Error) => {
        held.broken ??= reason;
      };
      const held: Held = {
        client,
        broken: undefined,
        giveBack: () => {
          client.off('error', lost);
          release(held.broken);
        },
      };
      client.on('error', lost);
      resolve(held);
    });
  });
}
