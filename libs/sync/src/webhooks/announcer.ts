import { createLogger } from '#platform';
import type { Queues } from '#queue';
import { enqueueRecords } from '../sync.jobs.js';

/** What arrives within this time is fetched together: an edit in a CRM sends a webhook for each of its fields. */
const COLLECT_MS = 200;

/**
 * Tells the queue that a connection has deliveries, behind the back of whoever waits for an answer. The deliveries are
 * safe in PostgreSQL by then: when the queue cannot be told, housekeeping finds them.
 */
export class Announcer {
  private readonly log = createLogger('webhook-inbox');
  private readonly underWay = new Map<string, { again: boolean }>();

  constructor(private readonly queues: Queues) {}

  /** However often it is asked, one call for each connection is under way. */
  announce(connectionId: string): void {
    const current = this.underWay.get(connectionId);
    if (current) current.again = true;
    else void this.tell(connectionId);
  }

  private async tell(connectionId: string): Promise<void> {
    const state = { again: true };
    this.underWay.set(connectionId, state);
    while (state.again) {
      state.again = false;
      await enqueueRecords(this.queues, connectionId, COLLECT_MS).catch((error: unknown) => {
        const { code } = error as { code?: string };
        this.log.warn({ connection: connectionId, code }, 'webhook kept, but not announced');
      });
    }
    this.underWay.delete(connectionId);
  }
}
