import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { Logger, RedisAddress } from '#platform';

export type RedisClient = Redis | Cluster;

/**
 * A producer answers to someone: each of its commands ends soon, well or badly. None is sent again by itself, since
 * one whose answer was lost may have been done, and a job added twice is two jobs.
 */
export const producerClient = (address: RedisAddress, answerMs: number, log: Logger): RedisClient =>
  connect(
    address,
    {
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      commandTimeout: answerMs,
      socketTimeout: answerMs,
      reconnectOnError: reconnecting(LEAVE, log),
    },
    { retryDelayOnFailover: 0 },
  );

/** Ends `client` for good: BullMQ may turn to a connection that it had given up, and connect it anew. */
export function endForGood(client: RedisClient): void {
  client.on('connecting', () => client.disconnect());
  client.disconnect();
}

/**
 * A worker has all the time in the world: its commands wait out any outage. Two runs of one command do no harm, as
 * every job's effect is had once.
 */
export function workerClient(address: RedisAddress, log: Logger): WorkerClient {
  const client = connect(
    address,
    {
      maxRetriesPerRequest: null,
      socketTimeout: SILENCE_MS,
      reconnectOnError: reconnecting(SEND_AGAIN, log),
    },
    { maxRedirections: Number.MAX_SAFE_INTEGER, retryDelayOnMoved: RETRY_MS },
  );
  const all = [client];
  // The type of `duplicate` differs between a server and a cluster, and is kept by handing all of it through.
  const duplicate: (...args: never[]) => RedisClient = client.duplicate.bind(client);
  client.duplicate = ((...args: never[]) => {
    const copy = duplicate(...args);
    all.push(copy);
    return copy;
  }) as Redis['duplicate'] & Cluster['duplicate'];
  return { client, end: () => all.forEach(endForGood) };
}

export interface WorkerClient {
  readonly client: RedisClient;
  /** Together with the copies that BullMQ makes of it to block on. */
  end(): void;
}

/**
 * The server is there and takes no writes now: it became a replica, is loading, lost its master or its replicas, has
 * no room, cannot save, or does not let this user. Redis 6 has the code of a script's error in the midst of the text.
 */
export const takesNoWrites = (error: unknown): boolean =>
  error instanceof Error && NO_WRITES.test(error.message);

const NO_WRITES = /(?:^|: -)(READONLY|LOADING|MASTERDOWN|NOREPLICAS|MISCONF|OOM|UNBLOCKED|NOPERM|NOAUTH)\s/;

/** The longest that BullMQ blocks is 10 s; who is silent for longer is not there, whatever the socket says. */
const SILENCE_MS = 13_000;
const CONNECT_MS = 5_000;
const RETRY_MS = 250;
const LONGEST_RETRY_MS = 2_000;
/** Also without a word from a node: of one that is cut off nobody hears that its slots have moved. */
const TOPOLOGY_MS = 5_000;

type ForClusters = Pick<ClusterOptions, 'retryDelayOnFailover' | 'retryDelayOnMoved' | 'maxRedirections'>;

function connect(address: RedisAddress, options: RedisOptions, forClusters: ForClusters): RedisClient {
  const shared: RedisOptions = {
    connectTimeout: CONNECT_MS,
    retryStrategy: (times) => Math.min(times * RETRY_MS, LONGEST_RETRY_MS),
    ...options,
  };
  const client = open(address, shared, forClusters);
  if (client instanceof Cluster) client.on('+node', manyMayEndIt);
  else manyMayEndIt(client);
  // Without a listener ioredis prints to the console; who uses the connection is told by its own failing call.
  return client.on('error', () => undefined);
}

function open(address: RedisAddress, options: RedisOptions, forClusters: ForClusters): RedisClient {
  switch (address.kind) {
    case 'server':
      return new Redis(address.url, options);
    case 'cluster':
      return new Cluster([...address.urls], {
        // A node's connection is made at its first command, which has to wait for it.
        enableOfflineQueue: true,
        slotsRefreshInterval: TOPOLOGY_MS,
        redisOptions: { ...options, ...credentials(address.urls[0]) },
        ...forClusters,
      });
    case 'sentinel':
      return new Redis({ ...options, ...sentinelOptions(address) });
  }
}

function credentials(url: string): RedisOptions {
  const { protocol, username, password } = new URL(url);
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function sentinelOptions(address: Extract<RedisAddress, { kind: 'sentinel' }>): RedisOptions {
  const { username, password } = address.sentinelLogin;
  return {
    sentinels: [...address.sentinels],
    name: address.master,
    db: address.db,
    ...address.login,
    ...(username ? { sentinelUsername: username } : {}),
    ...(password ? { sentinelPassword: password } : {}),
    ...(address.tls ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
    sentinelCommandTimeout: 2_000,
    // Its word comes before the old master falls silent or says READONLY.
    failoverDetector: true,
  };
}

const LEAVE = 1;
const SEND_AGAIN = 2;
const SAY_AGAIN_MS = 30_000;
/** Nobody mends these by promoting a server, so a worker's command had better fail than wait for it. */
const NOT_ALLOWED = new Set(['NOPERM', 'NOAUTH']);

/** A new connection may find the new master (by name, Sentinel or cluster), and spares the old one a busy loop. */
function reconnecting(then: typeof LEAVE | typeof SEND_AGAIN, log: Logger): (error: Error) => false | 1 | 2 {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    const code = NO_WRITES.exec(error.message)?.[1];
    if (code === undefined) return false;
    if (performance.now() - saidAt > SAY_AGAIN_MS) {
      saidAt = performance.now();
      log.warn({ code }, 'Redis takes no writes; connecting anew until it does');
    }
    return NOT_ALLOWED.has(code) ? LEAVE : then;
  };
}

/** Each refused command of a batch ends the connection anew and listens for its end; Node warns from the 11th on. */
function manyMayEndIt(connection: Redis): void {
  connection.on('connect', () => connection.stream.setMaxListeners(0));
}
