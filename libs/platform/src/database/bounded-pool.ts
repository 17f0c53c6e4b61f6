import pg from 'pg';
import { createLogger } from '../logging/logger.js';
import { BoundedClient, isPromise } from './bounded-client.js';
import { type ConnectionOptions, connectionConfig } from './connection-config.js';
import { translated } from './database-unavailable.js';
import { noteShortage } from './recent-shortage.js';

export interface PoolOptions extends ConnectionOptions {
  readonly max?: number;
  readonly types?: pg.CustomTypesConfig;
}

/**
 * The one way any pool of ours is made: the event store's, Prisma's and the queue's. Each of its connections has the
 * session that we rely on and a limit for every answer, and none can end the process: it is heard as long as it lives
 * (an `error` nobody listens to is fatal in Node), and said to be lost once.
 */
export function boundedPool({ max = 20, types, ...connection }: PoolOptions): pg.Pool {
  const config = {
    ...connectionConfig(connection),
    ...(types && { types }),
    unnamed: connection.pooled === true,
    max,
    Client: BoundedClient,
  };
  const pool = new TranslatingPool(config as unknown as pg.PoolConfig);
  const idle = idleAt(`${config.host}:${config.port}`);
  pool.on('connect', (client) => {
    const bounded = client as unknown as BoundedClient;
    sayOnceWhenLost(bounded, connection.name);
    bounded.onError = (error) => noteShortage(pool, error);
    // What made one connection silent has most likely made the others so: better found out here than by their users.
    bounded.onSilent = () => {
      for (const other of idle) other.cut();
    };
  });
  pool.on('acquire', (client) => idle.delete(client as unknown as BoundedClient));
  pool.on('release', (error: unknown, client) => {
    if (!error) idle.add(client as unknown as BoundedClient);
  });
  pool.on('remove', (client) => idle.delete(client as unknown as BoundedClient));
  // An idle connection that broke has left the pool already and was logged as every lost one.
  pool.on('error', () => undefined);
  return pool;
}

const idleByServer = new Map<string, Set<BoundedClient>>();

/** The idle connections of all pools of this process to one server. */
function idleAt(server: string): Set<BoundedClient> {
  const idle = idleByServer.get(server) ?? new Set();
  idleByServer.set(server, idle);
  return idle;
}

/** pg's pool has errors of its own: no connection came free, or none could be made, in time. */
class TranslatingPool extends pg.Pool {
  // biome-ignore lint/suspicious/noExplicitAny: pg overloads `connect` and `query`; all are passed through
  override connect(callback?: any): any {
    return callback ? super.connect(callback) : super.connect().catch(rethrow);
  }

  // biome-ignore lint/suspicious/noExplicitAny: see connect
  override query(...args: any[]): any {
    const answer = (super.query as (...all: unknown[]) => unknown).apply(this, args);
    return isPromise(answer) ? answer.catch(rethrow) : answer;
  }
}

function rethrow(error: unknown): never {
  throw translated(error);
}

/** Keeps listening: a dying connection may emit more than one error. */
export function sayOnceWhenLost(client: pg.Client, name = 'rollcall'): void {
  let said = false;
  client.on('error', (error: Error & { code?: string }) => {
    if (!said) createLogger('database').warn({ pool: name, code: error.code, reason: error.message }, LOST);
    said = true;
  });
}

const LOST = 'a database connection was lost';
