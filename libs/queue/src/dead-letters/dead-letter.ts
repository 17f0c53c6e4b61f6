/** A job that was not done and will not be tried again by itself. */
export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly jobName: string;
  readonly jobId: string;
  readonly jobKey: string;
  readonly code: string;
  readonly reason: string;
  readonly attempts: number;
  readonly status: DeadLetterStatus;
  readonly failedAt: Date;
  readonly resolvedAt: Date | null;
}

/** waiting: someone has to decide; retried: back on its queue, or done after all; discarded: data erased. */
export type DeadLetterStatus = 'waiting' | 'retried' | 'discarded';

/** What it takes to run the job again. */
export interface DeadLetterPayload {
  readonly data: unknown;
  readonly priority: number;
}

export interface NewDeadLetter extends Omit<DeadLetter, 'id' | 'status' | 'failedAt' | 'resolvedAt'> {
  readonly payload: DeadLetterPayload;
}

export interface DeadLetterFilter {
  readonly queue?: string;
  readonly jobName?: string;
  readonly code?: string;
  readonly status?: DeadLetterStatus;
  /** Inclusive. */
  readonly failedFrom?: Date;
  /** Exclusive. */
  readonly failedBefore?: Date;
}

export interface DeadLetterPage {
  /** Newest first. */
  readonly letters: readonly DeadLetter[];
  /** Hand this in as `after` for the next page; null: there is none. */
  readonly next: string | null;
}
