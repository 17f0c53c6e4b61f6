import type { WaitingDelivery } from './delivery.store.js';

/** What decides whether waiting deliveries are worked off now. */
export interface Collected {
  /** Of one stream, the oldest one first. */
  readonly deliveries: readonly Pick<WaitingDelivery, 'externalId' | 'receivedAt'>[];
  readonly now: Date;
  /** How far apart calls have to be for the connection's budget to last. */
  readonly spacingMs: number;
  /** How many records one call fetches. */
  readonly batchRead: number;
}

/**
 * For how much longer deliveries are collected before they are fetched together; 0: no longer. The fewer calls the
 * budget has left the longer it is, so that a change waits a little, and not for the whole window to pass: without
 * this, webhooks that come while polling has its share spend theirs in three seconds and stand still for seven.
 */
export function collectMs({ deliveries, now, spacingMs, batchRead }: Collected): number {
  const [oldest] = deliveries;
  if (!oldest || spacingMs === 0) return 0;
  const waitedMs = Math.max(1, now.getTime() - oldest.receivedAt.getTime());
  const records = new Set(deliveries.map(({ externalId }) => externalId)).size;
  // A full batch gains nothing by waiting.
  const untilFullMs = ((batchRead - records) * waitedMs) / records;
  const leftMs = Math.min(CALLS_PER_FETCH * spacingMs, LONGEST_MS) - waitedMs;
  const waitMs = Math.ceil(Math.min(leftMs, untilFullMs));
  return waitMs > WORTH_A_JOB_MS ? waitMs : 0;
}

/** The records, and what they are associated with. */
const CALLS_PER_FETCH = 2;

/** A day's quota that is nearly used up would otherwise hold a change back for minutes. */
const LONGEST_MS = 2_000;

/** About what another way through the queue takes. */
const WORTH_A_JOB_MS = 100;
