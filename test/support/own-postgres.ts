import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { prepareBinaries } from '../../libs/platform/src/embedded-postgres/binaries.js';
import {
  type ServerAccount,
  serverAccount,
} from '../../libs/platform/src/embedded-postgres/server-account.js';
import { copyCluster } from './cluster-template.js';

const run = promisify(execFile);
const INSTALLED = '/usr/lib/postgresql';
const OLDEST = 15;
const STARTS_WITHIN_MS = 30_000;

export interface OwnPostgresOptions {
  /** Lines of postgresql.conf beyond what every cluster of a test has. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** A PostgreSQL of the test's own, to be hurt: a cluster in a temporary folder, on a free port, gone with the test. */
export class OwnPostgres {
  private server: ChildProcess | undefined;
  private said = '';

  private constructor(
    readonly programs: string,
    readonly folder: string,
    readonly port: number,
    private readonly account: ServerAccount,
    private readonly guard: ChildProcess,
  ) {}

  static async start({ settings = {} }: OwnPostgresOptions = {}): Promise<OwnPostgres> {
    const account = serverAccount('/nowhere');
    const dir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-fault-'));
    if (account.uid !== undefined) chownSync(dir, account.uid, account.gid ?? account.uid);
    chmodSync(dir, 0o700);
    const programs = findPrograms(account);
    const cluster = path.join(dir, 'cluster');
    const postgres = new OwnPostgres(programs, dir, await freePort(), account, watchOver(dir));
    try {
      await copyCluster(cluster, programs, account);
      postgres.set({ ...BASE, port: postgres.port, ...settings });
      await postgres.start();
    } catch (error) {
      await postgres.end();
      throw error;
    }
    return postgres;
  }

  /** Of the role `postgres`, to this database. */
  url(database = 'postgres', port = this.port): string {
    return `postgres://postgres@127.0.0.1:${port}/${database}`;
  }

  /** Settings that the next start reads. */
  set(settings: Readonly<Record<string, string | number>>): void {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    appendFileSync(path.join(this.folder, 'cluster', 'postgresql.conf'), lines.join(''));
  }

  /** Waits for what a killed server left behind: its last backends hold the shared memory for a moment. */
  async start(): Promise<void> {
    const limit = Date.now() + STARTS_WITHIN_MS;
    while (!(await this.tryToStart())) {
      if (
        !/pre-existing shared memory|lock file "postmaster.pid" already exists/.test(this.said) ||
        Date.now() > limit
      )
        throw new Error(`PostgreSQL did not start:\n${this.said}`);
      await sleep(50);
    }
  }

  /** `fast` ends sessions and shuts down; `immediate` is a crash that the next start recovers from. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.signal(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  }

  /** The postmaster is gone at once; its backends notice and follow. */
  async kill9(): Promise<void> {
    await this.signal('SIGKILL');
  }

  async restart(mode: 'fast' | 'immediate' | 'kill -9' = 'fast'): Promise<void> {
    await (mode === 'kill -9' ? this.kill9() : this.stop(mode));
    await this.start();
  }

  /** Everything stands still, and every connection stays open: nobody gets an answer, nor an error. */
  async pause(): Promise<void> {
    for (const pid of await this.pids()) signalIfThere(pid, 'SIGSTOP');
  }

  async resume(): Promise<void> {
    for (const pid of await this.pids()) signalIfThere(pid, 'SIGCONT');
  }

  /** One statement, or several without values, on a connection of its own. */
  async sql<Row extends object = Record<string, unknown>>(
    text: string,
    { database = 'postgres', values }: { database?: string; values?: unknown[] } = {},
  ): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url(database), connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined); // Said by the statement as well.
    await client.connect();
    const { rows } = await client.query<Row>(text, values).finally(() => client.end());
    return rows;
  }

  /** Runs a program that came with the server, such as pg_dump. */
  async program(name: string, args: readonly string[]): Promise<string> {
    return (await run(path.join(this.programs, name), args, { maxBuffer: 1 << 30 })).stdout;
  }

  /** Ends it by the way that needs no answer, and removes the folder. */
  async end(): Promise<void> {
    if (this.isRunning) {
      await this.resume();
      await this.signal('SIGQUIT');
    }
    this.guard.stdin?.end(); // Removes what is left.
    if (this.guard.exitCode === null) await once(this.guard, 'exit');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  private get isRunning(): boolean {
    return this.server !== undefined && this.server.exitCode === null && this.server.signalCode === null;
  }

  private async tryToStart(): Promise<boolean> {
    const server = spawn(path.join(this.programs, 'postgres'), ['-D', path.join(this.folder, 'cluster')], {
      ...this.account,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.server = server;
    this.said = '';
    server.stderr?.setEncoding('utf8').on('data', (text) => {
      this.said = (this.said + text).slice(-20_000);
    });
    while (this.isRunning) {
      if (await this.answers()) return true;
      await sleep(20);
    }
    return false;
  }

  private answers(): Promise<boolean> {
    return this.sql('select 1').then(
      () => true,
      () => false,
    );
  }

  private async signal(name: NodeJS.Signals): Promise<void> {
    const { server } = this;
    if (!server || !this.isRunning) return;
    const ended = once(server, 'exit');
    server.kill(name);
    await ended;
  }

  /** The postmaster first, so that none is added meanwhile. */
  private async pids(): Promise<number[]> {
    const postmaster = this.server?.pid;
    const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
    const pairs = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
    const children = pairs.filter(([, parent]) => parent === postmaster).map(([pid]) => pid as number);
    return this.isRunning && postmaster ? [postmaster, ...children] : [];
  }
}

const BASE = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  shared_buffers: '64MB',
  // What was acknowledged must outlive a crash of the server, not of the machine.
  fsync: 'off',
  log_min_messages: 'warning',
};

/** A backend may have ended since it was listed. */
function signalIfThere(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The newest installed server that is new enough, else the one that npm brought. */
function findPrograms(account: ServerAccount): string {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED).map(Number) : [];
  const installed = versions
    .filter((version) => version >= OLDEST)
    .sort((a, b) => b - a)
    .map((version) => path.join(INSTALLED, String(version), 'bin'))
    .find((bin) => existsSync(path.join(bin, 'initdb')));
  return (
    installed ??
    path.dirname(
      prepareBinaries({ account, copies: path.join(os.tmpdir(), 'rollcall-binaries'), log: () => undefined })
        .initdb,
    )
  );
}

/** A shell that outlives us for a moment however we end: it ends the server, by the folder it runs on, and removes it. */
function watchOver(dir: string): ChildProcess {
  const script = `cat >/dev/null
    ps -A -o pid=,ppid=,args= | awk -v d="$1/" 'index($0, "-D " d) { print $1 }' | while read -r server; do
      kids=$(ps -A -o pid=,ppid= | awk -v p="$server" '$2 == p { print $1 }')
      kill -9 $server $kids
    done
    rm -rf "$1"`;
  return spawn('/bin/sh', ['-c', script, 'guard', dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
