import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { withConnection } from '../database/connection.js';
import { DatabaseUnavailableError } from '../database/database.errors.js';
import { dataDirTroubleIn, fullDiskTrouble } from './data-dir-trouble.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { endWithProcess } from './end-with-process.js';
import { stopProcess } from './previous-server.js';
import { processIdentity } from './process-identity.js';
import { serverEnvironment } from './server-environment.js';
import type { ServerHome } from './server-home.js';
import { lastLines, openServerLog } from './server-log.js';
import { superuserUrl } from './server-urls.js';

export interface ServerProcess {
  readonly port: number;
  stop(): Promise<void>;
}

export interface ServerProcessOptions {
  readonly home: ServerHome;
  readonly program: string;
  readonly password: string;
  readonly log: (message: string) => void;
}

/** Starts the server on a free port of this machine alone and waits until it answers. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { home } = options;
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const server = supervise(launch(options, port), port, options);
    if (await answers(server, options)) return server;
    const reason = lastLines(home.logFile);
    if (attempt === ATTEMPTS || !PASSING.test(reason)) throw failed(home, reason);
    await delay(RETRY_MS);
  }
}

const ATTEMPTS = 20;
const RETRY_MS = 250;

/** Someone took the port meanwhile, or the last processes of a killed server are about to notice its end. */
const PASSING = /Address already in use|pre-existing shared memory block/;

/**
 * In a session of its own, so that Ctrl-C reaches Rollcall alone, which then stops it last. Its log goes straight to
 * a file, so that it can still write when Rollcall was killed.
 */
function launch({ home, program }: ServerProcessOptions, port: number): ChildProcess {
  const logFile = openServerLog(home.logFile);
  const settings = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const child = spawn(program, ['-D', home.cluster, ...settings], {
    ...home.account,
    cwd: '/',
    env: serverEnvironment(),
    detached: true,
    stdio: ['ignore', logFile, logFile],
  });
  closeSync(logFile);
  child.unref();
  return child;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  shared_buffers: '128MB',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Details name keys, which are people's.
  log_error_verbosity: 'terse',
};

interface SupervisedServer extends ServerProcess {
  /** Settles when the process ends; rejects when it could not even be started. */
  readonly ended: Promise<'ended'>;
}

function supervise(child: ChildProcess, port: number, { home, log }: ServerProcessOptions): SupervisedServer {
  const identity = child.pid ? processIdentity(child.pid) : undefined;
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    if (child.pid && identity) await stopProcess(child.pid, identity);
  };
  const forget = endWithProcess(() => child.kill('SIGINT'));
  const ended = once(child, 'exit').then(([code, signal]) => {
    forget();
    if (!stopping)
      log(`PostgreSQL ended by itself (${signal ?? code}); it said:\n${lastLines(home.logFile)}`);
    return 'ended' as const;
  });
  return {
    port,
    ended,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** False when the server ended before it answered; recovery after a crash may take its time. */
async function answers(server: SupervisedServer, { home, password }: ServerProcessOptions): Promise<boolean> {
  for (;;) {
    const outcome = await Promise.race([server.ended, tryConnection(server.port, password)]);
    if (outcome === 'ended') return false;
    if (outcome === 'connected') return true;
    if (outcome !== 'not yet') {
      await server.stop();
      throw new EmbeddedPostgresError(
        `PostgreSQL in ${home.dir} refuses Rollcall's connection: ${outcome.message}`,
        { cause: outcome },
      );
    }
    await delay(POLL_MS);
  }
}

const POLL_MS = 20;

async function tryConnection(port: number, password: string): Promise<'connected' | 'not yet' | Error> {
  try {
    return await withConnection({ url: superuserUrl(port, password) }, async () => 'connected' as const);
  } catch (error) {
    return error instanceof DatabaseUnavailableError ? 'not yet' : (error as Error);
  }
}

const failed = (home: ServerHome, reason: string) =>
  dataDirTroubleIn(home.dir, reason) ??
  fullDiskTrouble(home.dir) ??
  new EmbeddedPostgresError(
    `PostgreSQL did not start in ${home.dir}. The end of its log (${home.logFile}):\n${reason}`,
  );

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
