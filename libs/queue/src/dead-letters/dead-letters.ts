import { retryJobId } from '../job-key.js';
import type { RawJob } from '../queues.js';
import { POISONED } from '../verdict.js';
import type { DeadLetter, DeadLetterFilter } from './dead-letter.js';
import type { DeadLetterStore, SendAgain } from './dead-letter.store.js';

export interface RetryTotals {
  readonly retried: number;
  /** Could not be opened with the keys of this service; still waiting. */
  readonly unreadable: number;
}

/** What a person does with dead letters: run the jobs again, or let them go. */
export class DeadLetters {
  constructor(
    private readonly store: DeadLetterStore,
    private readonly queues: Requeue,
  ) {}

  /**
   * Puts the job back on its queue. Calling it twice, at once or after a crash, has one effect: the job goes back
   * under an id that follows from its key, and its handler sees the key of the first run.
   *
   * @throws DeadLetterNotFoundError, DeadLetterDiscardedError, QueueUnavailableError
   */
  retry(id: string): Promise<DeadLetter> {
    return this.store.retry(id, this.send);
  }

  async retryWhere(filter: DeadLetterFilter): Promise<RetryTotals> {
    const totals = { retried: 0, unreadable: 0 };
    let after: string | undefined;
    for (;;) {
      // In id order and never back, so that a letter whose job fails again at once does not keep this going.
      const batch = await this.store.retryBatch(
        filter,
        { limit: BATCH, ...(after ? { after } : {}) },
        this.send,
      );
      totals.retried += batch.retried;
      totals.unreadable += batch.unreadable;
      if (batch.next === null) return totals;
      after = batch.next;
    }
  }

  /** Lets the job go and erases its data. @throws DeadLetterNotFoundError */
  discard(id: string): Promise<DeadLetter> {
    return this.store.discard(id);
  }

  discardWhere(filter: DeadLetterFilter): Promise<number> {
    return this.store.discardWhere(filter);
  }

  private readonly send: SendAgain = async (letters) => {
    for (const queue of new Set(letters.map((letter) => letter.queue))) {
      const jobs = letters.filter((letter) => letter.queue === queue);
      await this.queues.addRaw(
        queue,
        jobs.map(({ jobKey, jobName, failedAt, code, payload }) => ({
          ...payload,
          queue,
          name: jobName,
          jobId: retryJobId(jobKey, failedAt, code === POISONED ? 'alone' : 'retry'),
        })),
      );
    }
  };
}

const BATCH = 200;

interface Requeue {
  addRaw(queue: string, jobs: readonly RawJob[]): Promise<unknown>;
}
