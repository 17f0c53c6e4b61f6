import { setTimeout } from 'node:timers/promises';
import type { PoolClient } from '#platform';
import type { IdentityShadow } from './identity-shadow.js';
import { recordDifferences } from './identity-shadow.rows.js';
import { swapTables } from './identity-shadow.tables.js';
import { RebuildBlockedError } from './rebuild.errors.js';

const MAX_TRIES = 100;
const PAUSE_MS = 100;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Swaps the new tables in. While the lock is waited for, every new reader waits behind us: so the wait is short and
 * tried again. It also stays below `deadlock_timeout`, so that nobody else is ever ended on our account.
 * @throws RebuildBlockedError
 */
export async function swapIn(client: PoolClient, shadow: IdentityShadow): Promise<void> {
  for (let tries = 1; ; tries++) {
    await shadow.settle('compare what changed');
    try {
      return await trySwap(client, shadow);
    } catch (error) {
      await client.query('rollback');
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
      if (tries === MAX_TRIES) throw new RebuildBlockedError({ cause: error });
    }
    await setTimeout(PAUSE_MS);
  }
}

/** One short transaction: everybody out, what came since the last look in, compare that, change places. */
async function trySwap(client: PoolClient, shadow: IdentityShadow): Promise<void> {
  await client.query(`begin; set local lock_timeout = '300ms'`);
  // In the order in which every other statement takes them (identity-filter.ts).
  await client.query('lock table public.identities, public.identity_properties in access exclusive mode');
  await recordDifferences(client, await shadow.takeRest());
  await swapTables(client);
  await client.query('commit');
}
