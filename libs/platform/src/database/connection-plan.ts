/** What one process runs, as far as its connections depend on it. */
export interface ConnectionNeeds {
  /** Queues whose jobs it takes; 0 in a process without a worker. */
  readonly workedQueues: number;
  /** Jobs are kept in PostgreSQL, too. */
  readonly queueInPostgres: boolean;
}

/** How many connections each pool of a process may open; together never more than the setting says. */
export interface ConnectionPlan {
  /** The event store, the read model, imports and syncs. */
  readonly requests: number;
  /** Reads and writes off the hot path, by Prisma. */
  readonly prisma: number;
  /** BullMQ's, of which each worked queue keeps one to be woken on. */
  readonly queue: number;
  /** Of the process in which a worker runs suspected jobs alone, while it does; with too few they are extra. */
  readonly alone: number;
}

export class TooFewConnectionsError extends Error {
  override readonly name = 'TooFewConnectionsError';
  readonly code = 'TOO_FEW_CONNECTIONS';
  constructor(total: number, least: number) {
    super(
      `ROLLCALL_DATABASE_CONNECTIONS: ${total} are too few for what this process runs; expected at least ${least}`,
    );
  }
}

const LEAST_REQUESTS = 3;
const MOST_PRISMA = 5;
const LEAST_QUEUE = 1;
const MOST_QUEUE = 5;
const ALONE = 3;

/** @returns the smallest setting that works for these needs */
export const leastConnections = (needs: ConnectionNeeds): number =>
  LEAST_REQUESTS + 1 + (needs.queueInPostgres ? needs.workedQueues + LEAST_QUEUE : 0);

/**
 * Shares a process's connections among its pools: the least to each, then a sixth of what is left to Prisma and to the
 * queue, and the rest to requests. Migrations and checks at the start use one or two before the pools open any.
 * @throws TooFewConnectionsError
 */
export function planConnections(total: number, needs: ConnectionNeeds): ConnectionPlan {
  const least = leastConnections(needs);
  if (total < least) throw new TooFewConnectionsError(total, least);
  const share = Math.floor((total - least) / 6);
  const prisma = 1 + Math.min(share, MOST_PRISMA - 1);
  const queue = needs.queueInPostgres
    ? needs.workedQueues + LEAST_QUEUE + Math.min(share, MOST_QUEUE - LEAST_QUEUE)
    : 0;
  const left = total - prisma - queue;
  const alone = needs.workedQueues > 0 && left >= LEAST_REQUESTS + ALONE ? ALONE : 0;
  return { requests: left - alone, prisma, queue, alone };
}
