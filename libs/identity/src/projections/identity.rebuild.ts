import { holdForLong, type Pool, type PoolClient } from '#platform';
import { type IdentityDifferences, IdentityShadow, type RebuildProgress } from './identity-shadow.js';
import { swapIn } from './identity-shadow.swap.js';
import { RebuildRunningError } from './rebuild.errors.js';

export type { IdentityDifferences, RebuildProgress } from './identity-shadow.js';

export interface RebuildOptions {
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Events per step; what a step touches is held in memory. */
  readonly batchSize?: number;
  /** Builds and compares, and leaves the live tables as they are. */
  readonly checkOnly?: boolean;
}

export interface RebuildReport {
  /** Identities whose live rows were not what the log says. */
  readonly differences: IdentityDifferences;
  readonly swapped: boolean;
}

/**
 * Builds `identities` and `identity_properties` anew from the log in tables beside the live ones, compares them row by
 * row, and puts them in their place. Reads and writes go on meanwhile; at the swap both wait for some milliseconds.
 * A run that was killed leaves nothing that the next one would mind.
 * @throws RebuildRunningError, RebuildBlockedError
 */
export async function rebuildIdentities(pool: Pool, options: RebuildOptions = {}): Promise<RebuildReport> {
  return alone(pool, async (client) => {
    const shadow = await IdentityShadow.create(client);
    await shadow.fill(options);
    await shadow.addIndexes();
    await shadow.settle('compare everything');
    if (!options.checkOnly) await swapIn(client, shadow);
    const differences = await shadow.differences();
    await shadow.drop();
    return { differences, swapped: !options.checkOnly };
  });
}

/** Runs on a connection of its own, which holds a lock that tells other rebuilds off and ends with it. */
const alone = <T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> =>
  holdForLong(pool, async (client) => {
    // Two numbers are another key space than the one number of the watermark.
    const { rows } = await client.query(
      `select pg_try_advisory_lock(7744, hashtext('rebuild identities')) as mine`,
    );
    if (!rows[0].mine) throw new RebuildRunningError();
    return work(client);
  });
