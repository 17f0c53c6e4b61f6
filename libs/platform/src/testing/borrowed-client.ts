import type pg from 'pg';
import { holdClient } from '../database/hold-client.js';
import type { Pool } from '../database/pool.js';

/** A connection that a test keeps in its hands, to be in the middle of something while others go on. */
export type BorrowedClient = Omit<pg.PoolClient, 'release' | 'connect'> & {
  /** Gives it back; with `true` it is closed. */
  release(destroy?: boolean): void;
};

/** @throws DatabaseUnavailableError */
export function borrowClient(pool: Pool): Promise<BorrowedClient> {
  return new Promise((resolve, reject) => {
    const held = holdClient(
      pool,
      (client, discard) =>
        new Promise<void>((done) => {
          const release = (destroy?: boolean) => {
            if (destroy) discard(new Error('the test is through with it'));
            done();
          };
          resolve(Object.assign(client as pg.PoolClient, { release }));
        }),
    );
    held.catch(reject);
  });
}
