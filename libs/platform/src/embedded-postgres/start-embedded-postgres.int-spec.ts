import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { projectRoot } from '../project-root.js';
import { embeddedSuperuserUrl } from '../testing/embedded-superuser.js';
import { stopPreviousServer } from './previous-server.js';
import { processIdentity } from './process-identity.js';
import { canReach, isRoot } from './server-account.js';
import type { ServerUrls } from './server-urls.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './start-embedded-postgres.js';

let root: string;
let dataDir: string;
let said: string[];

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'rollcall-embedded-'));
  chmodSync(root, 0o755);
  dataDir = path.join(root, 'data');
  said = [];
});

afterEach(async () => {
  await stopPreviousServer(cluster(), () => undefined);
  rmSync(root, { recursive: true, force: true });
});

describe('the embedded PostgreSQL', () => {
  it('answers on 127.0.0.1 alone, in UTF-8, with what a development machine needs', async () => {
    const server = await start();
    expect(await settings(embeddedSuperuserUrl(dataDir))).toEqual({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      server_encoding: 'UTF8',
      max_connections: '200',
      shared_buffers: '128MB',
      fsync: 'on',
      password_encryption: 'scram-sha-256',
      log_error_verbosity: 'terse',
      folded: 'äß',
    });
    await server.stop();
  });

  it('lets in only who has the password, which only its owner can read', async () => {
    const server = await start();
    const wrong = new URL(server.url);
    wrong.password = 'guess';
    await expect(ask(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect(statSync(path.join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
    expect(statSync(cluster()).mode & 0o777).toBe(0o700);
    await server.stop();
  });

  it('keeps what errors say of rows out of its log', async () => {
    const server = await start();
    await ask(server.ownerUrl, 'create table people (name text primary key)');
    // In hexadecimal, since the log may well hold the statement itself.
    const ada = `convert_from('\\x${Buffer.from('Ada Lovelace').toString('hex')}', 'UTF8')`;
    const twice = `insert into people select ${ada} from generate_series(1, 2)`;
    await expect(ask(server.ownerUrl, twice)).rejects.toMatchObject({
      detail: expect.stringContaining('Ada'),
    });
    await server.stop();
    const log = readFileSync(path.join(dataDir, 'postgres.log'), 'utf8');
    expect(log).toContain('duplicate key value');
    expect(log).not.toContain('Ada Lovelace');
  });

  it('keeps its data and leaves no lock and no process behind when it is stopped', async () => {
    const first = await start();
    await ask(first.ownerUrl, 'create table kept as select 42 as answer');
    const pid = serverPid();
    await first.stop();
    expect(processIdentity(pid)).toBeUndefined();
    expect(existsSync(lockFile())).toBe(false);
    const second = await start();
    expect(await ask(second.ownerUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
  });

  it('says why when the server does not start, and can be started once that is mended', async () => {
    await (await start()).stop();
    const config = path.join(cluster(), 'postgresql.conf');
    const good = readFileSync(config);
    appendFileSync(config, 'no_such_setting = 1\n');
    await expect(start()).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_FAILED',
      message: expect.stringContaining('unrecognized configuration parameter "no_such_setting"'),
    });
    writeFileSync(config, good);
    await (await start()).stop();
  });

  it('tells when the password file is not the one of the data', async () => {
    await (await start()).stop();
    writeFileSync(path.join(dataDir, 'postgres.password'), 'another');
    await expect(start()).rejects.toThrow('password authentication failed');
  });

  it('tells when the server ends by itself', async () => {
    const server = await start();
    const identity = processIdentity(serverPid());
    process.kill(serverPid(), 'SIGQUIT');
    await until(() => said.some((line) => line.includes('PostgreSQL ended by itself')));
    expect(identity).toBeDefined();
    await server.stop();
  });

  it('ends with a process that ends without stopping it', async () => {
    const owner = await startOwner();
    const pid = serverPid();
    owner.process.kill('SIGUSR2'); // The owner's handler calls process.exit() and nothing else.
    await once(owner.process, 'exit');
    await until(() => processIdentity(pid) === undefined);
  });

  it.each<NodeJS.Signals>(['SIGTERM', 'SIGINT', 'SIGHUP'])(
    'ends with a process that %s ends before it listens',
    async (signal) => {
      const owner = await startOwner();
      const pid = serverPid();
      owner.process.kill(signal);
      expect(await once(owner.process, 'exit')).toEqual([null, signal]);
      await until(() => processIdentity(pid) === undefined);
    },
  );

  it('leaves the end to a process that listens for signals', async () => {
    const owner = await startOwner({}, "process.on('SIGTERM', () => console.log('heard'));");
    owner.process.kill('SIGTERM');
    await once(createInterface({ input: owner.process.stdout as NodeJS.ReadableStream }), 'line');
    expect(await ask(owner.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await end(owner.process);
  });
});

describe('one data directory', () => {
  it('is refused to a second service while the first one lives', async () => {
    const owner = await startOwner();
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE', pid: owner.process.pid });
    expect(await ask(owner.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await end(owner.process);
  });

  it('is taken over from a killed service whose server still runs', async () => {
    const owner = await startOwner();
    await ask(owner.ownerUrl, 'create table kept as select 42 as answer');
    const orphan = serverPid();
    await end(owner.process);
    expect(processIdentity(orphan)).toBeDefined();
    const server = await start();
    expect(processIdentity(orphan)).toBeUndefined();
    expect(said).toContainEqual(expect.stringContaining(`pid ${orphan}`));
    expect(await ask(server.ownerUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await server.stop();
  });

  it('is taken over when service and server were killed together', async () => {
    const owner = await startOwner();
    await ask(owner.ownerUrl, 'create table kept as select 42 as answer');
    await end(owner.process);
    process.kill(serverPid(), 'SIGKILL');
    const server = await start();
    expect(await ask(server.ownerUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await server.stop();
  });

  it('is taken over when its lock and postmaster.pid name pids that others have now, who are left alone', async () => {
    await (await start()).stop();
    const stranger = spawn('sleep', ['60']);
    writeFileSync(
      lockFile(),
      JSON.stringify({ pid: stranger.pid, identity: 'an earlier process', token: 'old' }),
    );
    writeFileSync(
      path.join(cluster(), 'postmaster.pid'),
      `${stranger.pid}\n${cluster()}\n1\n5432\n\n127.0.0.1\n`,
    );
    const server = await start();
    expect(processIdentity(stranger.pid as number)).toBeDefined();
    await server.stop();
    await end(stranger);
  });

  it('is rid of what starts that were killed have left, whenever it is used again', async () => {
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const leftovers = [`initdb.${id}`, `postgres.new-${id}`, 'postgresql-17.6.0', `postgresql-18.4.0-${id}`];
    for (const round of ['made', 'used again']) {
      for (const name of leftovers) mkdirSync(path.join(dataDir, name), { recursive: true });
      await (await start()).stop();
      expect({ round, left: readdirSync(dataDir).sort() }).toEqual({
        round,
        left: expect.not.arrayContaining(leftovers),
      });
      expect(readdirSync(dataDir).filter((name) => /initdb|new-|postgresql/.test(name))).toEqual([]);
    }
  });

  it.each<NodeJS.Signals>(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'])(
    'keeps no copy of its password when %s ends the process that makes it, and is made anew at once',
    async (signal) => {
      const making = spawnOwner();
      await until(
        () => existsSync(dataDir) && readdirSync(dataDir).some((name) => name.startsWith('postgres.new-')),
      );
      expect(readdirSync(dataDir).filter((name) => name.startsWith('initdb'))).toEqual([]);
      making.kill(signal);
      await once(making, 'exit');
      const server = await start();
      expect(readdirSync(dataDir).sort()).toEqual([
        'postgres',
        'postgres.log',
        'postgres.password',
        'rollcall.lock',
      ]);
      await server.stop();
    },
  );
});

const asRoot = isRoot() ? describe : describe.skip;

asRoot('as root', () => {
  it('runs the server as another user', async () => {
    const server = await start();
    expect(statSync(`/proc/${serverPid()}`).uid).not.toBe(0);
    await server.stop();
  });

  it('keeps programs and data where that user can enter when the directory is private, says so, and finds them again', async () => {
    chmodSync(root, 0o700);
    const refuge = mkdtempSync(path.join(os.tmpdir(), 'rollcall-refuge-'));
    chmodSync(refuge, 0o755);
    const first = await start([refuge]);
    expect(path.dirname(first.dataDir)).toBe(refuge);
    expect(said).toContainEqual(expect.stringContaining(first.dataDir));
    await ask(first.ownerUrl, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start([refuge]);
    expect(await ask(second.ownerUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
    rmSync(refuge, { recursive: true });
  });

  it('frees what a refuge holds for a directory that is gone, and leaves the data there', async () => {
    chmodSync(root, 0o700);
    const refuge = mkdtempSync(path.join(os.tmpdir(), 'rollcall-refuge-'));
    chmodSync(refuge, 0o755);
    const gone = await start([refuge]);
    const copy = path.join(gone.dataDir, 'postgresql-17.6.0');
    await gone.stop();
    mkdirSync(copy);
    rmSync(dataDir, { recursive: true });
    dataDir = path.join(root, 'another');
    const other = await start([refuge]);
    expect(said).toContainEqual(
      expect.stringContaining(`Removed the copy of PostgreSQL's programs from ${gone.dataDir}`),
    );
    expect(existsSync(copy)).toBe(false);
    expect(existsSync(path.join(gone.dataDir, 'postgres'))).toBe(true);
    await other.stop();
    rmSync(refuge, { recursive: true });
  });

  it.each(['027', '077'])('makes a directory with umask %s that the server can enter', async (mask) => {
    const before = process.umask(Number.parseInt(mask, 8));
    dataDir = path.join(root, 'made', 'below');
    const server = await start([]).finally(() => process.umask(before));
    expect(server.dataDir).toBe(dataDir);
    expect(statSync(path.join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
    await server.stop();
  });

  it('says what to do when there is no place at all', async () => {
    chmodSync(root, 0o700);
    const refuge = path.join(root, 'refuge');
    await expect(start([refuge])).rejects.toThrow(
      'set ROLLCALL_DATA_DIR to a folder that every user may pass through',
    );
  });
});

const NOBODY = { uid: 65534, gid: 65534 };
const nobodyCanRun = isRoot() && canReach(NOBODY, process.execPath) && canReach(NOBODY, projectRoot());

(nobodyCanRun ? describe : describe.skip)('as a plain user', () => {
  it('runs the server as that user and stops it on the next start', async () => {
    const first = await startOwnerAsNobody();
    expect(statSync(`/proc/${serverPid()}`).uid).toBe(NOBODY.uid);
    await end(first.process);
    const second = await startOwnerAsNobody();
    expect(await ask(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await end(second.process);
  });

  it('leaves its data to root, who runs the server as that user too', async () => {
    const owner = await startOwnerAsNobody();
    await ask(owner.ownerUrl, 'create table kept as select 42 as answer');
    await end(owner.process);
    const server = await start();
    expect(await ask(server.ownerUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(statSync(`/proc/${serverPid()}`).uid).toBe(NOBODY.uid);
    await server.stop();
  });

  it('is told whose data it is when root ran before', async () => {
    await (await start()).stop();
    for (const name of ['', 'postgres.password', 'postgres.log']) chownToNobody(path.join(dataDir, name));
    await expect(startOwnerAsNobody()).rejects.toThrow('belongs to the user with id');
  });
});

const chownToNobody = (file: string) => chownSync(file, NOBODY.uid, NOBODY.gid);
const cluster = () => path.join(dataDir, 'postgres');
const lockFile = () => path.join(dataDir, 'rollcall.lock');
const serverPid = () => Number.parseInt(readFileSync(path.join(cluster(), 'postmaster.pid'), 'utf8'), 10);

const start = (refuges?: string[]): Promise<EmbeddedPostgres> =>
  startEmbeddedPostgres({ dataDir, log: (message) => said.push(message), ...(refuges ? { refuges } : {}) });

interface Owner extends ServerUrls {
  readonly process: ChildProcess;
}

/** Another process that starts a server and does not stop it. */
function spawnOwner(account: { uid?: number; gid?: number } = {}, more = ''): ChildProcess {
  const module = path.join(
    projectRoot(),
    'dist/libs/platform/src/embedded-postgres/start-embedded-postgres.js',
  );
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    process.on('SIGUSR2', () => process.exit());
    ${more}
    const { url, ownerUrl } = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: () => undefined });
    console.log(JSON.stringify({ url, ownerUrl }));
    setInterval(() => undefined, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    ...account,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function startOwner(account: { uid?: number; gid?: number } = {}, more = ''): Promise<Owner> {
  const child = spawnOwner(account, more);
  const stderr: string[] = [];
  child.stderr?.on('data', (chunk) => stderr.push(String(chunk)));
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line'),
    once(child, 'close').then(() => Promise.reject(new Error(stderr.join('')))),
  ]);
  return { process: child, ...JSON.parse(line) };
}

function startOwnerAsNobody(): Promise<Owner> {
  mkdirSync(dataDir, { recursive: true });
  chownToNobody(dataDir);
  return startOwner(NOBODY);
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function settings(url: string): Promise<Record<string, unknown>> {
  const names = [
    'listen_addresses',
    'unix_socket_directories',
    'server_encoding',
    'max_connections',
    'shared_buffers',
    'fsync',
    'password_encryption',
    'log_error_verbosity',
  ];
  const [row] = await ask(
    url,
    `select ${names.map((name) => `current_setting('${name}') as ${name}`)}, lower('Äß') as folded`,
  );
  return row ?? {};
}
