import type { Scope } from '#platform';

/** No key, or none that lives. */
export class UnauthorizedError extends Error {
  override readonly name = 'UnauthorizedError';
  readonly code = 'UNAUTHORIZED';
  constructor() {
    super('Unauthorized');
  }
}

/** A key that may do less than this endpoint asks for. */
export class ScopeMissingError extends Error {
  override readonly name = 'ScopeMissingError';
  readonly code = 'SCOPE_MISSING';
  constructor(needed: Scope) {
    super(`This API key lacks the scope "${needed}"; use one that has it`);
  }
}

/** More requests in this minute than one caller has. */
export class TooManyRequestsError extends Error {
  override readonly name = 'TooManyRequestsError';
  readonly code = 'TOO_MANY_REQUESTS';
  constructor(
    limit: number,
    readonly retryAfterSeconds: number,
  ) {
    super(`More than ${limit} requests in a minute; go on in ${retryAfterSeconds} s`);
  }
}
