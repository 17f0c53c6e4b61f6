import type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterPayload,
  NewDeadLetter,
} from './dead-letter.js';

/** Where dead letters are kept: with the facts, not with the queue, so that losing the queue loses none. */
export interface DeadLetterStore {
  /**
   * One letter for each job key: a job that fails again after a retry waits in the same letter again. A discarded
   * one stays discarded.
   */
  record(letter: NewDeadLetter): Promise<void>;
  /** The job was done after all (another worker had it too): nothing waits any more. */
  settle(jobKey: string): Promise<void>;
  list(filter: DeadLetterFilter, page: { limit: number; after?: string }): Promise<DeadLetterPage>;
  find(id: string): Promise<DeadLetter | undefined>;
  /** @throws DeadLetterNotFoundError, DeadLetterDiscardedError */
  payload(id: string): Promise<DeadLetterPayload>;
  /**
   * Hands the letter to `send` and marks it retried once that returned. The letter is locked meanwhile: a second
   * caller waits and then finds it retried, and a job that fails again at once is recorded after the mark.
   * A letter that is retried already is left as it is.
   *
   * @throws DeadLetterNotFoundError, DeadLetterDiscardedError
   */
  retry(id: string, send: SendAgain): Promise<DeadLetter>;
  /** The same for up to `limit` waiting letters past `after` in id order, leaving out those another caller holds. */
  retryBatch(
    filter: DeadLetterFilter,
    page: { limit: number; after?: string },
    send: SendAgain,
  ): Promise<RetriedBatch>;
  /** Erases the payload. @throws DeadLetterNotFoundError */
  discard(id: string): Promise<DeadLetter>;
  /** Discards those that wait. @returns how many */
  discardWhere(filter: DeadLetterFilter): Promise<number>;
  /** Forgets letters resolved before that time. @returns how many */
  purge(resolvedBefore: Date): Promise<number>;
}

export type SendAgain = (
  letters: readonly (DeadLetter & { readonly payload: DeadLetterPayload })[],
) => Promise<void>;

export interface RetriedBatch {
  readonly retried: number;
  /** Sealed with a key that is gone; these stay waiting. */
  readonly unreadable: number;
  /** Where the next batch begins; null: there is none. */
  readonly next: string | null;
}
