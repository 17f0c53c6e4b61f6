import { deleteExpiredCommands } from '#event-sourcing';
import { databaseNow, type Pool } from '#platform';
import type { DeadLetterStore } from '#queue';
import type { Chore } from './housekeeper.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How long a dead letter that was retried or discarded can still be looked up. */
const RESOLVED_LETTERS_KEPT_MS = 30 * DAY;

/** Forgetting that no request should pay for. */
export const retentionChores = (pool: Pool, deadLetters: Pick<DeadLetterStore, 'purge'>): Chore[] => [
  {
    name: 'forget-old-idempotency-keys',
    everyMs: HOUR,
    run: async () => {
      await deleteExpiredCommands(pool);
    },
  },
  {
    name: 'purge-resolved-dead-letters',
    everyMs: HOUR,
    run: async () => {
      const now = await databaseNow(pool);
      await deadLetters.purge(new Date(now.getTime() - RESOLVED_LETTERS_KEPT_MS));
    },
  },
];
