/** One rebuild at a time: two would build in the same place. */
export class RebuildRunningError extends Error {
  override readonly name = 'RebuildRunningError';
  readonly code = 'REBUILD_RUNNING';
  constructor() {
    super('A rebuild of the identities is running already; wait for it to end');
  }
}

/** The tables could not be locked for the swap, because some session never let go of them. */
export class RebuildBlockedError extends Error {
  override readonly name = 'RebuildBlockedError';
  readonly code = 'REBUILD_BLOCKED';
  constructor(options?: ErrorOptions) {
    super(
      'The rebuilt identities could not be swapped in: a long transaction holds the tables. End it (see pg_stat_activity) and run the rebuild again',
      options,
    );
  }
}
