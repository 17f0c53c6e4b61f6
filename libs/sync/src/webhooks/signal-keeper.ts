import type { Signal } from '#connectors';
import { writeIsolating } from '#platform';
import type { DeliveryStore } from './delivery.store.js';
import { REJECTED_BY_DATABASE, sortOut } from './unstorable-signal.js';

/** The connection that signals were judged by, and the version of its row. */
export interface JudgedBy {
  readonly id: string;
  readonly rowVersion: string;
}

export interface KeptSignals {
  /** How many were new. */
  readonly stored: number;
  /** How many could not be stored: they are kept as failed deliveries, each with its reason. */
  readonly unstorable: number;
}

/** What one statement stores. */
const BATCH = 500;

/** Keeps each signal once. One that cannot be stored is set aside alone; null when the connection has changed since. */
export async function keepSignals(
  store: DeliveryStore,
  { id, rowVersion }: JudgedBy,
  signals: readonly Signal[],
): Promise<KeptSignals | null> {
  const { storable, unstorable } = await sortOut(signals);
  let stored = 0;
  for (let start = 0; start < storable.length; start += BATCH) {
    const batch = storable.slice(start, start + BATCH);
    const kept = await writeIsolating(batch, (some) => store.insert(id, rowVersion, some));
    if (kept.written.includes(null)) return null;
    stored += kept.written.reduce<number>((sum, count) => sum + (count ?? 0), 0);
    unstorable.push(...kept.rejected.map((signal) => ({ signal, reason: REJECTED_BY_DATABASE })));
  }
  for (let start = 0; start < unstorable.length; start += BATCH)
    await store.addFailed(id, unstorable.slice(start, start + BATCH));
  return { stored, unstorable: unstorable.length };
}
