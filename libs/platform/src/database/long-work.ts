import { setTimeout as sleep } from 'node:timers/promises';
import type { BoundedClient } from './bounded-client.js';
import { databaseLimits } from './database-limits.js';
import { holdClient } from './hold-client.js';
import type { Pool, PoolClient } from './pool.js';

/**
 * Holds a connection for statements that may take up to an hour (`databaseLimits.longStatement`): a rebuild, an index
 * build. Nothing says from here how long is too long, so a second connection looks whether the server still works on
 * them. For a direct connection only: what is set here stays with the session, which is not used again.
 */
export function holdForLong<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return watched(pool, async (client) => {
    await client.query(`set statement_timeout = ${databaseLimits.longStatement}`);
    return work(client);
  });
}

/** The same in one transaction, which a pooler may carry: house-keeping that touches many rows. */
export function inLongTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return watched(pool, async (client) => {
    await client.query('begin');
    await client.query(`set local statement_timeout = ${databaseLimits.longStatement}`);
    const result = await work(client);
    await client.query('commit');
    return result;
  });
}

/** The connection is closed afterwards, so that a transaction that failed needs no rollback. */
function watched<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return holdClient(pool, async (client, discard) => {
    discard(new Error('its limits are not those of other connections'));
    return whileWatched(client as BoundedClient & PoolClient, pool, work);
  });
}

/** Waits for this connection's answers without a limit of ours, and cuts it when `onlooker` finds it is not worked on. */
export async function whileWatched<T>(
  client: BoundedClient & PoolClient,
  onlooker: Pick<Pool, 'query'>,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  client.waitWithoutLimit();
  const watch = new Watch(onlooker, client);
  watch.start(await sessionOf(client));
  return work(watch.counting).finally(() => watch.stop());
}

interface Session {
  readonly pid: number;
  readonly since: string;
}

async function sessionOf(client: PoolClient): Promise<Session> {
  const { rows } = await client.query<Session>(
    'select pid, backend_start::text as since from pg_stat_activity where pid = pg_backend_pid()',
  );
  return rows[0] as Session;
}

/** So many looks in a row that find nothing good, and the connection is cut. */
const BAD_LOOKS = 3;

class Watch {
  private readonly stopped = new AbortController();
  private waiting = 0;
  private badLooks = 0;

  constructor(
    private readonly onlooker: Pick<Pool, 'query'>,
    private readonly client: BoundedClient & PoolClient,
  ) {}

  /** The client, with a count of the statements that wait for an answer. */
  get counting(): PoolClient {
    const query = async (...args: unknown[]) => {
      this.waiting += 1;
      try {
        return await (this.client.query as (...all: unknown[]) => Promise<unknown>)(...args);
      } finally {
        this.waiting -= 1;
      }
    };
    return { query: query as PoolClient['query'] };
  }

  start(session: Session): void {
    void this.look(session);
  }

  stop(): void {
    this.stopped.abort();
  }

  private async look(session: Session): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      await sleep(databaseLimits.liveness, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      this.badLooks = (await this.isWorkedOn(session)) ? 0 : this.badLooks + 1;
      if (this.badLooks >= BAD_LOOKS) return this.client.cut();
    }
  }

  /** Bad: the session is gone, or has nothing to do while we wait for its answer, or nobody can be asked. */
  private async isWorkedOn({ pid, since }: Session): Promise<boolean> {
    const waiting = this.waiting > 0;
    const asked = this.onlooker.query<{ state: string | null }>(
      'select state from pg_stat_activity where pid = $1 and backend_start = $2::timestamptz',
      [pid, since],
    );
    const answer = await asked.catch(() => undefined);
    const state = answer?.rows[0]?.state;
    return state !== undefined && (!waiting || state === 'active' || state === null);
  }
}
