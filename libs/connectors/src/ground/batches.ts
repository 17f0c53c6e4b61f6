import type { FetchedRecord } from '../port/records.js';

export function* batchesOf<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** Asks for each id once, as many at a time as the vendor takes. */
export async function fetchInBatches(
  ids: readonly string[],
  size: number,
  fetchBatch: (ids: readonly string[]) => Promise<ReadonlyMap<string, FetchedRecord>>,
): Promise<Map<string, FetchedRecord>> {
  const fetched = new Map<string, FetchedRecord>();
  for (const batch of batchesOf([...new Set(ids)], size))
    for (const [id, record] of await fetchBatch(batch)) fetched.set(id, record);
  return fetched;
}
