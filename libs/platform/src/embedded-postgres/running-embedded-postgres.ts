import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chooseHome } from './server-home.js';
import { DATABASE } from './start-embedded-postgres.js';

/** Line of `postmaster.pid` that holds the port (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_PORT). */
const PORT_LINE = 4;

/**
 * How to reach the server that a running service has on this data directory, for tools beside it. Only who may read
 * the password file gets an answer; nothing when no server is there.
 */
export function runningEmbeddedPostgres(dataDir: string): string | undefined {
  const home = chooseHome(dataDir);
  const pidFile = path.join(home.cluster, 'postmaster.pid');
  if (!existsSync(pidFile) || !existsSync(home.passwordFile)) return undefined;
  const port = readFileSync(pidFile, 'utf8').split('\n')[PORT_LINE - 1]?.trim();
  const password = readFileSync(home.passwordFile, 'utf8').trim();
  return port && `postgres://postgres:${password}@127.0.0.1:${port}/${DATABASE}`;
}
