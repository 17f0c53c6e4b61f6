import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import {
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import type { ServerAccount } from './server-account.js';
import { makePrivateFolder, type ServerHome } from './server-home.js';

/** Makes the database cluster on the first start; returns the password of its user `postgres`. */
export async function ensureCluster(home: ServerHome, initdb: string): Promise<string> {
  const password = readPassword(home.passwordFile) ?? createPassword(home.passwordFile);
  if (!existsSync(home.cluster)) await createCluster(home, initdb, password);
  return password;
}

/** Data of another user cannot be used, and PostgreSQL would say so less clearly. */
export function refuseForeign({ cluster, account }: ServerHome): void {
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
  removeDrafts(home);
  const draft = `${home.cluster}${DRAFT}${randomUUID()}`;
  makePrivateFolder(draft, home.account);
  const passwordCopy = path.join(home.dir, `initdb.${randomUUID()}`);
  try {
    writePrivate(passwordCopy, password, home.account);
    await runInitdb(initdb, draft, passwordCopy, home.account);
    renameSync(draft, home.cluster);
  } finally {
    rmSync(passwordCopy, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

const DRAFT = '.new-';

/** Those of a run that was killed while it made the cluster. */
function removeDrafts({ dir, cluster }: ServerHome): void {
  for (const name of readdirSync(dir)) {
    if (name.startsWith(path.basename(cluster) + DRAFT))
      rmSync(path.join(dir, name), { recursive: true, maxRetries: 5 });
  }
}

function writePrivate(file: string, text: string, { uid, gid }: ServerAccount): void {
  writeFileSync(file, text, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
}

/** The builtin locale sorts and folds the same on every machine, whatever locales that one has. */
async function runInitdb(
  initdb: string,
  dir: string,
  passwordFile: string,
  account: ServerAccount,
): Promise<void> {
  const args = [
    `--pgdata=${dir}`,
    `--pwfile=${passwordFile}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ];
  try {
    await promisify(execFile)(initdb, args, { ...account, cwd: '/' });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new EmbeddedPostgresError(`PostgreSQL's initdb failed: ${stderr?.trim() || message}`, {
      cause: error,
    });
  }
}
