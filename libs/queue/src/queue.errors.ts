/** The queue's store (Redis or PostgreSQL) did not answer; nothing is known to have been added. */
export class QueueUnavailableError extends Error {
  override readonly name = 'QueueUnavailableError';
  readonly code = 'QUEUE_UNAVAILABLE';
  constructor(options?: ErrorOptions) {
    super('The job queue cannot be reached; try again in a moment', options);
  }
}

/** The job itself cannot be put on a queue: its id or its data has no place there. */
export class JobNotStorableError extends Error {
  override readonly name = 'JobNotStorableError';
  readonly code = 'JOB_NOT_STORABLE';
  readonly retryable = false;
}

export class DeadLetterNotFoundError extends Error {
  override readonly name = 'DeadLetterNotFoundError';
  readonly code = 'DEAD_LETTER_NOT_FOUND';
  constructor(id: string) {
    super(`No dead letter ${id}`);
  }
}

export class DeadLetterDiscardedError extends Error {
  override readonly name = 'DeadLetterDiscardedError';
  readonly code = 'DEAD_LETTER_DISCARDED';
  constructor(id: string) {
    super(`Dead letter ${id} was discarded and its data erased; add the job again`);
  }
}

/** A job had to become a dead letter and that could not be written down, so the queue keeps the job for later. */
export class DeadLetterUnrecordedError extends Error {
  override readonly name = 'DeadLetterUnrecordedError';
  readonly code = 'DEAD_LETTER_UNRECORDED';
  constructor(options?: ErrorOptions) {
    super('A dead letter could not be recorded; the job stays on its queue', options);
  }
}

/** Why a job failed, in words that hold none of its data. */
export class JobFailedError extends Error {
  override readonly name = 'JobFailedError';
  readonly code = 'JOB_FAILED';
}

/** The data of a job is not of its shape; the message says where, and never what was there. */
export class JobInvalidError extends Error {
  override readonly name = 'JobInvalidError';
  readonly code = 'JOB_INVALID';
  readonly retryable = false;
}
