/**
 * The database could not be reached, went away, fell silent or is full. Whether what was asked has been done is not
 * known; it may be asked again, with an idempotency key where doing it twice would matter.
 */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
  readonly code = 'DATABASE_UNAVAILABLE';
  readonly retryable = true;
  constructor(options?: ErrorOptions) {
    super('The database is temporarily unavailable; try again in a moment', options);
  }
}

/** PostgreSQL answered COMMIT with a rollback: something inside had failed and been passed over. */
export class TransactionRolledBackError extends Error {
  override readonly name = 'TransactionRolledBackError';
  readonly code = 'TRANSACTION_ROLLED_BACK';
  constructor() {
    super('The transaction was rolled back at its end, since a statement in it had failed');
  }
}

/** The database that a setting names cannot be used as it is; the message says why and what to do. */
export class DatabaseUnusableError extends Error {
  override readonly name = 'DatabaseUnusableError';
  readonly code = 'DATABASE_UNUSABLE';
}
