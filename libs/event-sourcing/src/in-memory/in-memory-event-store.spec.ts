import { describe } from '@jest/globals';
import { eventStoreContract } from '../testing/event-store.contract.js';
import { InMemoryEventStore } from './in-memory-event-store.js';

describe('InMemoryEventStore', () => {
  eventStoreContract(() => {
    let now = new Date('2026-11-23T12:00:00Z');
    return {
      store: new InMemoryEventStore({ now: () => now }),
      aDayPasses: async () => {
        now = new Date(now.getTime() + 24 * 3_600_000);
      },
      aMomentPasses: async () => {
        now = new Date(now.getTime() + 2);
      },
    };
  });
});
