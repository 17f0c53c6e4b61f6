import { inTransaction, type Pool, type PoolClient } from '#platform';

/** What came of applying a batch once. */
export type Attempt =
  | { readonly kind: 'applied' }
  /** Somebody else has taken the batch, or it was only tried. */
  | { readonly kind: 'undone' }
  /** These records have to be asked for themselves before anything can be decided. */
  | { readonly kind: 'wanted'; readonly externalIds: readonly string[] };

/** Runs `work` in one transaction, which is rolled back unless it answers `applied`. */
export async function attemptIn(
  pool: Pool,
  work: (client: PoolClient) => Promise<Attempt>,
): Promise<Attempt> {
  try {
    return await inTransaction(pool, async (client) => {
      const attempt = await work(client);
      if (attempt.kind !== 'applied') throw new RollBack(attempt);
      return attempt;
    });
  } catch (error) {
    if (error instanceof RollBack) return error.attempt;
    throw error;
  }
}

class RollBack extends Error {
  override readonly name = 'RollBack';
  constructor(readonly attempt: Attempt) {
    super('the transaction is not to be committed');
  }
}
