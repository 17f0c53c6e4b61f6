/** The bundled PostgreSQL could not be made, started or stopped; the message ends with what it said itself. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly code = 'EMBEDDED_POSTGRES_FAILED';
}

export class DataDirInUseError extends Error {
  override readonly name = 'DataDirInUseError';
  readonly code = 'DATA_DIR_IN_USE';
  constructor(
    dataDir: string,
    readonly pid: number,
  ) {
    super(
      `The data directory ${dataDir} is in use by another Rollcall service (pid ${pid}). ` +
        'Stop that one, or give this one a directory of its own with ROLLCALL_DATA_DIR.',
    );
  }
}

/** The data directory cannot hold a database: it is read-only, full, not a folder, or on an unfit file system. */
export class DataDirUnusableError extends Error {
  override readonly name = 'DataDirUnusableError';
  readonly code = 'DATA_DIR_UNUSABLE';
  constructor(dataDir: string, reason: string, remedy: string, options?: ErrorOptions) {
    super(
      `ROLLCALL_DATA_DIR: the folder ${dataDir} cannot hold the embedded database: ${reason}. ` +
        `${remedy}, or set DATABASE_URL to a PostgreSQL of yours.`,
      options,
    );
  }
}
