import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../database/connection.js';
import { longWork } from '../database/connection-config.js';
import { whileWatched } from '../database/long-work.js';
import { createPool, type PoolClient } from '../database/pool.js';
import { createLogger } from '../logging/logger.js';
import { type LockHolder, MigrationLockHeldError } from './migration.errors.js';

/** Two numbers: these keys never meet the one-number keys by which the event store's writers are seen. */
const [CLASS, KEY] = [7744, 1];

const NAME = 'rollcall-migrations';

/** The server finds within a minute that the machine which holds the lock is gone; by default after two hours. */
const noticeLostPeer = {
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
};

export interface LockOptions {
  readonly url: string;
  /** How long to wait for another process, in milliseconds. */
  readonly within: number;
}

/**
 * Runs `work` on a connection that holds the lock of migrations: what holds the lock is what does the work, so that none
 * goes on without it, and both end with this process whatever happens to it.
 * @throws MigrationLockHeldError naming who holds it
 */
export function whileMigrationsLocked<T>(
  { url, within }: LockOptions,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const settings = { ...longWork.settings, ...noticeLostPeer };
  return withConnection({ url, name: NAME, settings }, async (client) => {
    await stopWithUs(client);
    await takeTurn(client, within);
    // Connects when a statement takes long enough to be looked at.
    const onlooker = createPool({ url, name: `${NAME}-liveness`, max: 1 });
    return whileWatched(client, onlooker, work).finally(() => onlooker.end());
  });
}

/** A statement whose client is gone ends soon and not when it is through. Some systems cannot see that. */
async function stopWithUs(client: PoolClient): Promise<void> {
  const asked = client.query(`set client_connection_check_interval = '5s'`);
  await asked.catch((error: Error & { code?: string }) => {
    if (error.code !== INVALID_VALUE) throw error;
  });
}

const INVALID_VALUE = '22023';
const BETWEEN_TRIES_MS = 250;

async function takeTurn(client: PoolClient, within: number): Promise<void> {
  const until = performance.now() + within;
  for (let waited = false; !(await tryLock(client)); waited = true) {
    if (!waited) sayWaiting(await lockHolder(client));
    if (performance.now() >= until) throw new MigrationLockHeldError(await lockHolder(client), within);
    await sleep(BETWEEN_TRIES_MS);
  }
}

async function tryLock(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query('select pg_try_advisory_lock($1, $2) as ours', [CLASS, KEY]);
  return rows[0].ours;
}

async function lockHolder(client: PoolClient): Promise<LockHolder | undefined> {
  const { rows } = await client.query<LockHolder>(
    `select a.pid, a.application_name as name, host(a.client_addr) as address
       from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and (l.classid, l.objid, l.objsubid) = ($1, $2, 2)
        and l.database = (select oid from pg_database where datname = current_database())`,
    [CLASS, KEY],
  );
  return rows[0];
}

function sayWaiting(holder: LockHolder | undefined): void {
  createLogger('migrations').info({ holder }, 'another process migrates this database; waiting for it');
}
