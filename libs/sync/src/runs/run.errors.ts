export class RunNotFoundError extends Error {
  override readonly name = 'RunNotFoundError';
  readonly code = 'RUN_NOT_FOUND';
  constructor(id: string) {
    super(`No run ${id}`);
  }
}

/** Two polling runs of one stream would read everything twice. */
export class RunActiveError extends Error {
  override readonly name = 'RunActiveError';
  readonly code = 'RUN_ACTIVE';
  constructor(stream: string) {
    super(`A run of ${stream} is under way; wait for it or cancel it first`);
  }
}

export class UnknownTableError extends Error {
  override readonly name = 'UnknownTableError';
  readonly code = 'UNKNOWN_STREAM';
  constructor(stream: string, known: readonly string[]) {
    super(`This connection does not sync ${stream}; it syncs ${known.join(', ')}`);
  }
}

/** Nothing is missed there: the vendor reports every deletion itself. */
export class SweepUnsupportedError extends Error {
  override readonly name = 'SweepUnsupportedError';
  readonly code = 'SWEEP_UNSUPPORTED';
  constructor(kind: string) {
    super(`The connector ${kind} needs no sweep: it reads deletions from the vendor, and lists no ids`);
  }
}

/** The connection may not fetch anything now. */
export class ConnectionUnavailableError extends Error {
  override readonly name = 'ConnectionUnavailableError';
  readonly code = 'CONNECTION_UNAVAILABLE';
  constructor(obstacle: string) {
    super(`The connection is ${obstacle.replaceAll('_', ' ')}; resume it or give it new secrets first`);
  }
}
