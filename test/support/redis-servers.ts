import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { Redis } from 'ioredis';
import { until } from './queue-world.js';

/** Runs the suite where the program `redis-server` is; the run's last lines say so when it is not. */
export function describeWithRedisServers(name: string, suite: (servers: RedisServers) => void): void {
  const there = 'redis-server' in (JSON.parse(process.env.ROLLCALL_TEST_SERVICES ?? '{}').programs ?? {});
  (there ? describe : describe.skip)(name, () => {
    const servers = new RedisServers();
    beforeAll(() => servers.begin());
    suite(servers);
    afterAll(() => servers.end());
  });
}

/** Redis servers of a suite's own, which it may kill, stop and demote. They end with the process, however it ends. */
export class RedisServers {
  private readonly started: RedisServer[] = [];
  private folder = '';

  begin(): void {
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'rollcall-redis-'));
  }

  async server(settings: readonly string[] = [], password?: string): Promise<RedisServer> {
    const port = await freePort();
    const folder = path.join(this.folder, String(port));
    mkdirSync(folder);
    const login = password ? ['--requirepass', password, '--masterauth', password] : [];
    return this.run(new RedisServer(port, folder, [...OWN_SETTINGS, ...login, ...settings], password));
  }

  /** With its first sync behind it: before, no failover would choose it. */
  async replicaOf(master: RedisServer): Promise<RedisServer> {
    const replica = await this.server(['--replicaof', `127.0.0.1 ${master.port}`], master.password);
    await until(() => isSynced(replica));
    return replica;
  }

  /** Three that agree on `master` under the name `jobs`, and have a password of their own. */
  async sentinels(master: RedisServer, password: string): Promise<RedisServer[]> {
    const sentinels = await Promise.all([0, 1, 2].map(() => this.sentinel(master, password)));
    await until(async () => {
      const known = await Promise.all(sentinels.map((one) => one.ask('SENTINEL', 'master', 'jobs')));
      return known.every(
        (facts) => fact(facts, 'num-slaves') > 0 && fact(facts, 'num-other-sentinels') === 2,
      );
    });
    return sentinels;
  }

  /** Three masters with a replica each. */
  async cluster(): Promise<RedisServer[]> {
    const nodes: RedisServer[] = [];
    for (let n = 0; n < 6; n++) nodes.push(await this.server(CLUSTER_SETTINGS));
    await promisify(execFile)('redis-cli', [
      ...['--cluster', 'create', ...nodes.map(({ port }) => `127.0.0.1:${port}`)],
      ...['--cluster-replicas', '1', '--cluster-yes'],
    ]);
    await until(async () => (await Promise.all(nodes.map(isWholeCluster))).every(Boolean));
    return nodes;
  }

  /** The node of `key`, which tells its clients to come by `port`. A second one keeps a cluster of them up. */
  async clusterAt(port: number, key: string): Promise<RedisServer> {
    const announced = ['--cluster-announce-ip', '127.0.0.1', '--cluster-announce-port', String(port)];
    const node = await this.server([...CLUSTER_SETTINGS, ...announced]);
    const other = await this.server(CLUSTER_SETTINGS);
    const slot = Number(await node.ask('CLUSTER', 'KEYSLOT', key));
    const others = Array.from({ length: 16_384 }, (_, n) => n).filter((n) => n !== slot);
    await node.ask('CLUSTER', 'ADDSLOTS', slot);
    await other.ask('CLUSTER', 'ADDSLOTS', ...others);
    await node.ask('CLUSTER', 'MEET', '127.0.0.1', other.port);
    const isUp = async (one: RedisServer) =>
      String(await one.ask('CLUSTER', 'INFO')).includes('cluster_state:ok');
    await until(async () => (await isUp(node)) && (await isUp(other)));
    return node;
  }

  async end(): Promise<void> {
    await Promise.all(this.started.map((server) => server.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async sentinel(master: RedisServer, password: string): Promise<RedisServer> {
    const port = await freePort();
    const folder = path.join(this.folder, String(port));
    mkdirSync(folder);
    const file = path.join(folder, 'sentinel.conf');
    writeFileSync(file, sentinelFile(master, password));
    return this.run(new RedisServer(port, folder, [], password, file));
  }

  private async run(server: RedisServer): Promise<RedisServer> {
    this.started.push(server);
    await server.start();
    return server;
  }
}

export class RedisServer {
  private running: ChildProcess | undefined;

  constructor(
    readonly port: number,
    readonly folder: string,
    private readonly settings: readonly string[],
    readonly password?: string,
    private readonly sentinelFile?: string,
  ) {}

  get url(): string {
    return `redis://${this.password ? `:${this.password}@` : ''}127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const file = this.sentinelFile ? [this.sentinelFile, '--sentinel'] : [];
    const args = [...file, '--port', String(this.port), '--dir', this.folder, ...this.settings];
    const server = spawn('redis-server', args, { stdio: 'ignore' });
    await once(server, 'spawn');
    this.running = server;
    endWithThisProcess(server);
    await until(() => this.answers());
  }

  /** As a failing machine would: at once. */
  async kill(): Promise<void> {
    const { running } = this;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  }

  /** The machine takes what is sent and answers nothing. */
  freeze(): void {
    this.running?.kill('SIGSTOP');
  }

  thaw(): void {
    this.running?.kill('SIGCONT');
  }

  /** @returns the answer of one command on a connection of its own */
  async ask(command: string, ...args: (string | number)[]): Promise<unknown> {
    const redis = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null });
    redis.on('error', () => undefined); // The call rejects too.
    try {
      return await redis.call(command, ...args);
    } finally {
      redis.disconnect();
    }
  }

  async info(section: string): Promise<string> {
    return String(await this.ask('INFO', section));
  }

  private answers(): Promise<boolean> {
    return this.ask('PING').then(
      () => true,
      () => false,
    );
  }
}

/** Also when this process is killed: the guard's input closes then. Who ended otherwise has no guard any more. */
function endWithThisProcess(server: ChildProcess): void {
  const guard = spawn('sh', ['-c', 'cat >/dev/null; kill -9 "$1"', 'sh', String(server.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  server.once('exit', () => {
    guard.kill('SIGKILL'); // First the one that would kill, then what it waits for.
    guard.stdin.end();
  });
}

const OWN_SETTINGS = [
  ...['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
  ...['--repl-diskless-sync-delay', '0', '--loglevel', 'warning'],
];

const CLUSTER_SETTINGS = [
  ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-node-timeout', '2000'],
];

const sentinelFile = (master: RedisServer, password: string): string => `
bind 127.0.0.1
loglevel warning
requirepass ${password}
sentinel sentinel-pass ${password}
sentinel monitor jobs 127.0.0.1 ${master.port} 2
sentinel auth-pass jobs ${master.password}
sentinel down-after-milliseconds jobs 1000
sentinel failover-timeout jobs 4000
`;

/** Which node of a cluster takes writes to this key; undefined while none does. */
export async function masterOf(key: string, nodes: readonly RedisServer[]): Promise<RedisServer | undefined> {
  for (const node of nodes) {
    const wrote = await node.ask('SET', key, '1', 'PX', 1).then(
      () => true,
      () => false,
    );
    if (wrote) return node;
  }
  return undefined;
}

const isSynced = async (server: RedisServer) =>
  (await server.info('replication')).includes('master_link_status:up');

async function isWholeCluster(node: RedisServer): Promise<boolean> {
  const state = String(await node.ask('CLUSTER', 'INFO'));
  const replication = await node.info('replication');
  return (
    state.includes('cluster_state:ok') &&
    state.includes('cluster_known_nodes:6') &&
    (replication.includes('master_link_status:up') || replication.includes('connected_slaves:1'))
  );
}

function fact(facts: unknown, name: string): number {
  const list = facts as string[];
  return Number(list[list.indexOf(name) + 1]);
}

/** A cluster's nodes also talk on the port 10,000 above. Below the ports that a system hands out by itself. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 10_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
