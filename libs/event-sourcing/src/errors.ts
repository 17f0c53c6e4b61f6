import { inWords, type Precondition } from './precondition.js';

/** The stream moved on (or was archived) since it was read. Reload, decide again. */
export class WrongExpectedVersionError extends Error {
  override readonly name = 'WrongExpectedVersionError';
  readonly code = 'WRONG_EXPECTED_VERSION';
  constructor(options?: ErrorOptions) {
    super('A stream is not at the version this write expected', options);
  }
}

/** Writers kept getting in each other's way for all our tries; asking again later is safe. */
export class WriteConflictError extends Error {
  override readonly name = 'WriteConflictError';
  readonly code = 'WRITE_CONFLICT';
  constructor(streamId: string, tries: number, options?: ErrorOptions) {
    super(`Stream ${streamId} was changed by others during all ${tries} tries; retry the request`, options);
  }
}

/** This command's idempotency key is on record: its effect exists already. */
export class CommandAlreadyRecordedError extends Error {
  override readonly name = 'CommandAlreadyRecordedError';
  readonly code = 'COMMAND_ALREADY_RECORDED';
}

/** One idempotency key, two different requests. */
export class IdempotencyKeyReusedError extends Error {
  override readonly name = 'IdempotencyKeyReusedError';
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  constructor() {
    super('This Idempotency-Key was used before with a different request; use a new key for a new request');
  }
}

/** An event id that is in the log already. */
export class DuplicateEventError extends Error {
  override readonly name = 'DuplicateEventError';
  readonly code = 'DUPLICATE_EVENT';
}

/** The stream is not at a version that the caller's precondition allows. */
export class VersionMismatchError extends Error {
  override readonly name = 'VersionMismatchError';
  readonly code = 'VERSION_MISMATCH';
  constructor(wanted: Precondition, actual: number) {
    const current = actual === 0 ? 'there is none yet' : `the current version is ${actual}`;
    super(`Expected ${inWords(wanted)} but ${current}; read it again and repeat the request`);
  }
}
