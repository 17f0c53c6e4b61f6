/** A pooler in transaction mode hands each transaction to another session: what was set in one is not there in the next. */
export class PoolerUnannouncedError extends Error {
  override readonly name = 'PoolerUnannouncedError';
  readonly code = 'POOLER_UNANNOUNCED';
  constructor(different: readonly string[] = []) {
    super(
      'DATABASE_URL: a connection pooler (such as PgBouncer) stands between Rollcall and PostgreSQL' +
        (different.length > 0 ? `, and drops what a session needs (${different.join('; ')})` : '') +
        '. Set ROLLCALL_DATABASE_POOLED=1, and ROLLCALL_DATABASE_DIRECT_URL to a URL that leads to PostgreSQL itself.',
    );
  }
}

export class SessionUnreliableError extends Error {
  override readonly name = 'SessionUnreliableError';
  readonly code = 'SESSION_UNRELIABLE';
  constructor(different: readonly string[], pooled: boolean) {
    super(
      `DATABASE_URL: sessions begin with other settings than Rollcall relies on: ${different.join('; ')}. ` +
        (pooled
          ? 'They were set for the role just now; the pooler still has older sessions: run RECONNECT in its console, or start again when they are gone.'
          : 'Something on the way, such as a connection pooler, drops them: see ROLLCALL_DATABASE_POOLED.'),
    );
  }
}

/** The log is written on the primary alone. */
export class StandbyError extends Error {
  override readonly name = 'StandbyError';
  readonly code = 'DATABASE_IS_STANDBY';
  constructor() {
    super('DATABASE_URL: this PostgreSQL is a standby and takes no writes; name the primary');
  }
}
