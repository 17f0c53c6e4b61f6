import { isUnstorableData } from './unstorable-data.js';

export interface IsolatedWrite<Item, Result> {
  readonly written: readonly Result[];
  /** What the database takes in no company. */
  readonly rejected: readonly Item[];
}

/**
 * Writes items together. When the database rejects what one of them holds, they are halved until that one stands alone:
 * the others are written, and it is the caller's to say what becomes of it. Not for use within a transaction, which
 * ends at the first error.
 */
export async function writeIsolating<Item, Result>(
  items: readonly Item[],
  write: (items: readonly Item[]) => Promise<Result>,
): Promise<IsolatedWrite<Item, Result>> {
  try {
    return { written: [await write(items)], rejected: [] };
  } catch (error) {
    if (!isUnstorableData(error)) throw error;
    if (items.length === 1) return { written: [], rejected: items };
  }
  const middle = Math.ceil(items.length / 2);
  const first = await writeIsolating(items.slice(0, middle), write);
  const second = await writeIsolating(items.slice(middle), write);
  return {
    written: [...first.written, ...second.written],
    rejected: [...first.rejected, ...second.rejected],
  };
}
