/**
 * How long anything may take that waits for the database, in milliseconds. Each pair holds the server's own limit and,
 * a little later, ours: a server that is there says so itself, and one that fell silent is given up.
 * docs/database.md shows them as a table.
 */
export const databaseLimits = {
  /** For a free connection of a pool, and for making one. */
  connect: 10_000,
  /** One statement of a request, a job or a page of a sync. */
  statement: 20_000,
  /** The same, seen from here: the connection is cut, and with it every idle one of its pool. */
  answer: 25_000,
  /** The look-up of an API key, on which every request waits: longer, and there is no database for it. */
  keyLookUp: 3_000,
  /** For a lock that another transaction holds. */
  lock: 10_000,
  /** A transaction that does nothing: it holds locks and every subscription back. */
  idleInTransaction: 30_000,
  /** One statement of a rebuild, an index build, an export or the house-keeping. */
  longStatement: 3_600_000,
  /** For another process that migrates. */
  migrationLock: 600_000,
  /** Between two looks, on a second connection, at whether a long statement is still being worked on. */
  liveness: 10_000,
  /** For a connection that is closed to say good-bye. */
  close: 2_000,
} as const;
