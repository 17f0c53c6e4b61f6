import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { dataDirTroubleIn } from './data-dir-trouble.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { endWithProcess } from './end-with-process.js';
import { serverEnvironment } from './server-environment.js';
import { makePrivateFolder, type ServerHome } from './server-home.js';

/** Makes the database cluster on the first start; returns the password of its user `postgres`. */
export async function ensureCluster(home: ServerHome, initdb: string): Promise<string> {
  removeLeftovers(home);
  const password = readPassword(home.passwordFile) ?? createPassword(home.passwordFile);
  if (!existsSync(home.cluster)) await createCluster(home, initdb, password);
  return password;
}

/** Data of another user cannot be used, and PostgreSQL would say so less clearly. */
export function rejectForeign({ cluster, account }: ServerHome): void {
  const owner = statSync(cluster, { throwIfNoEntry: false })?.uid;
  if (owner === undefined || owner === (account.uid ?? process.getuid?.())) return;
  throw new EmbeddedPostgresError(
    `${cluster} belongs to the user with id ${owner}, who ran Rollcall before: run it as that user or as root, ` +
      'or set ROLLCALL_DATA_DIR to another directory.',
  );
}

function readPassword(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() || undefined : undefined;
}

function createPassword(file: string): string {
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}

/** Built beside its place and renamed, so that one that was interrupted is never taken for a whole one. */
async function createCluster(home: ServerHome, initdb: string, password: string): Promise<void> {
  const draft = `${home.cluster}${DRAFT}${randomUUID()}`;
  try {
    makePrivateFolder(draft, home.account);
    await runInitdb(initdb, draft, password, home);
    renameSync(draft, home.cluster);
  } finally {
    rmSync(draft, { recursive: true, force: true, maxRetries: 5 });
  }
}

const DRAFT = '.new-';
/** A copy of the password, which former versions handed over by a file. */
const PASSWORD_COPY = /^initdb\.[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** Those of a run that was killed while it made the cluster. */
function removeLeftovers({ dir, cluster }: ServerHome): void {
  const draft = path.basename(cluster) + DRAFT;
  for (const name of readdirSync(dir)) {
    if (name.startsWith(draft) || PASSWORD_COPY.test(name))
      rmSync(path.join(dir, name), { recursive: true, force: true, maxRetries: 10 });
  }
}

/** The password comes by a pipe, so that no file of it can stay. Node's own pipes are sockets, which cannot be opened. */
const WITH_PASSWORD = 'cat | "$0" --pwfile=/dev/stdin "$@"';

/** The builtin locale sorts and folds the same on every machine, whatever locales that one has. */
const optionsFor = (dir: string) => [
  `--pgdata=${dir}`,
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
];

/** In a process group of its own, so that it can be ended with all that it started. */
async function runInitdb(
  initdb: string,
  dir: string,
  password: string,
  { account, dir: home }: ServerHome,
): Promise<void> {
  const child = spawn('/bin/sh', ['-c', WITH_PASSWORD, initdb, ...optionsFor(dir)], {
    ...account,
    cwd: '/',
    env: serverEnvironment(),
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const forget = endWithProcess(() => endGroup(child));
  try {
    // One that ends early does not read it; its exit says why.
    child.stdin.on('error', () => undefined).end(password);
    const [said, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    if (status !== 0)
      throw dataDirTroubleIn(home, said) ?? initdbFailed(said.trim() || `it ended with ${status}`);
  } finally {
    forget();
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid) process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const initdbFailed = (reason: string) => new EmbeddedPostgresError(`PostgreSQL's initdb failed: ${reason}`);
