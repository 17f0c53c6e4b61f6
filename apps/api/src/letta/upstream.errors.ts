/** The Letta server could not be reached, or answered something that is no answer. */
export class UpstreamFailedError extends Error {
  override readonly name = 'UpstreamFailedError';
  readonly code = 'UPSTREAM_FAILED';
  constructor(what: string, options?: ErrorOptions) {
    super(`The Letta server at LETTA_UPSTREAM_URL ${what}`, options);
  }
}

/** The Letta server took too long. */
export class UpstreamTimeoutError extends Error {
  override readonly name = 'UpstreamTimeoutError';
  readonly code = 'UPSTREAM_TIMEOUT';
  constructor(milliseconds: number, options?: ErrorOptions) {
    super(`The Letta server at LETTA_UPSTREAM_URL did not answer within ${milliseconds} ms`, options);
  }
}
