import { createLogger, inTransaction, type Logger, type Pool, type PoolClient, uuidv4 } from '#platform';
import type { RecordedEvent } from './event.js';
import type { EventStore } from './event-store.js';
import { CheckpointMovedError, Checkpoints } from './postgres/checkpoints.js';

export interface SubscriptionOptions {
  /** Names the checkpoint. A new name begins anew: `deliveries@v2`. */
  readonly name: string;
  readonly pool: Pool;
  readonly store: Pick<EventStore, 'readAll'>;
  /** Runs in the transaction that moves the checkpoint: what it writes with `client` happens once for each event. */
  readonly handle: (events: readonly RecordedEvent[], client: PoolClient) => Promise<void>;
  /** Where a new subscription begins. */
  readonly startAt?: 'beginning' | 'end';
  readonly batchSize?: number;
  /** How long news may go unnoticed when nobody nudges. */
  readonly pollEveryMs?: number;
  readonly retry?: RetryPolicy;
}

/** Delays double from the first to the longest; from `stuckAfter` failures on the subscription calls itself stuck. */
export interface RetryPolicy {
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  readonly stuckAfter: number;
}

export type SubscriptionStatus =
  | { readonly state: 'stopped' | 'running' }
  | {
      /** Both go on trying. `stuck` wants somebody to look: nothing behind the event is handled meanwhile. */
      readonly state: 'retrying' | 'stuck';
      readonly tries: number;
      readonly error: unknown;
      readonly event: Pick<RecordedEvent, 'id' | 'type' | 'globalPosition'> | undefined;
    };

const RETRY: RetryPolicy = { firstDelayMs: 100, longestDelayMs: 30_000, stuckAfter: 5 };

/**
 * Follows the log past a checkpoint and hands every event to its handler, in order. The checkpoint moves in the
 * handler's transaction and only from where it was read: of two runners, or one that slept through a takeover, one
 * wins each page and the other's work is rolled back. Nothing is ever skipped: an event that cannot be handled holds
 * up this subscription, visibly, until a later try succeeds.
 */
export class Subscription {
  private readonly checkpoints: Checkpoints;
  private readonly log: Logger;
  private readonly bell = new Bell();
  private loop: Promise<void> | undefined;
  private stopping = false;
  private failure: Failure | undefined;
  /** Up to here events go one by one, since a page of them failed. */
  private carefulUntil = 0;

  constructor(private readonly options: SubscriptionOptions) {
    this.checkpoints = new Checkpoints(options.pool, options.name, uuidv4());
    this.log = createLogger(`subscription:${options.name}`);
  }

  start(): void {
    if (this.loop) return;
    this.stopping = false;
    this.loop = this.run();
  }

  /** Says that there may be news; hints may be lost, since the log is polled as well. No cure for a failure. */
  nudge(): void {
    if (!this.failure) this.bell.ring();
  }

  /** Lets the page that is being handled finish. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.bell.ring();
    await this.loop;
    this.loop = undefined;
  }

  get status(): SubscriptionStatus {
    if (!this.loop || this.stopping) return { state: 'stopped' };
    if (!this.failure) return { state: 'running' };
    const { stuckAfter } = this.options.retry ?? RETRY;
    return { state: this.failure.tries < stuckAfter ? 'retrying' : 'stuck', ...this.failure };
  }

  private async run(): Promise<void> {
    const { pollEveryMs = 1_000 } = this.options;
    while (!this.stopping) {
      const delay = await this.step().then(
        (found) => (found ? 0 : pollEveryMs),
        (error: unknown) => (error instanceof CheckpointMovedError ? pollEveryMs : this.failed(error)),
      );
      if (delay > 0 && !this.stopping) await this.bell.wait(delay);
    }
  }

  /** Handles the next page and answers whether there was one. */
  private async step(): Promise<boolean> {
    const { store, startAt = 'beginning', batchSize = 500 } = this.options;
    const position = await this.checkpoints.read(startAt);
    const page = await store.readAll(position, position < this.carefulUntil ? 1 : batchSize);
    if (page.safe > position) {
      await this.handlePage(page.events, position, page.safe);
      this.failure = undefined;
    }
    return page.events.length > 0;
  }

  private async handlePage(events: readonly RecordedEvent[], from: number, to: number): Promise<void> {
    try {
      await inTransaction(this.options.pool, async (client) => {
        // First, so that a runner who is late finds out before it does the work, and waits for who is not.
        await this.checkpoints.move(client, from, to);
        if (events.length > 0) await this.options.handle(events, client);
      });
    } catch (error) {
      if (error instanceof CheckpointMovedError || events.length === 0) throw error;
      this.carefulUntil = to;
      throw new PageFailedError(events, error);
    }
  }

  /** Remembers a failure and answers how long to wait. A page of many is tried again at once, event by event. */
  private failed(cause: unknown): number {
    const page = cause instanceof PageFailedError ? cause : undefined;
    if (page && page.events.length > 1) return 0;
    const { firstDelayMs, longestDelayMs, stuckAfter } = this.options.retry ?? RETRY;
    const error = page ? page.cause : cause;
    this.failure = { tries: (this.failure?.tries ?? 0) + 1, error, event: page?.events[0] };
    const { tries } = this.failure;
    const { code, message } = error as { code?: string; message?: string };
    const facts = { position: page?.events[0]?.globalPosition, tries, code, reason: message };
    if (tries === stuckAfter) this.log.error(facts, 'subscription is stuck');
    else this.log.warn(facts, 'subscription failed and will try again');
    return Math.min(longestDelayMs, firstDelayMs * 2 ** (tries - 1));
  }
}

interface Failure {
  readonly tries: number;
  readonly error: unknown;
  readonly event: RecordedEvent | undefined;
}

class PageFailedError extends Error {
  constructor(
    readonly events: readonly RecordedEvent[],
    override readonly cause: unknown,
  ) {
    super('A page could not be handled', { cause });
  }
}

/** Ends a wait early; a ring while nobody waits ends the next one. */
class Bell {
  private rung = false;
  private wake: (() => void) | undefined;

  ring(): void {
    this.rung = true;
    this.wake?.();
  }

  async wait(ms: number): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.rung = false;
    this.wake = undefined;
  }
}
