import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

/** Whom the server runs as; without ids it runs as whoever runs Rollcall. */
export interface ServerAccount {
  readonly uid?: number;
  readonly gid?: number;
}

export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * PostgreSQL refuses to run as root. Root runs it as the owner of the data that is there already, else as the
 * user `postgres`, who is created when missing.
 */
export function serverAccount(cluster: string, userName = 'postgres'): ServerAccount {
  if (!isRoot()) return {};
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return findUser(userName) ?? createUser(userName);
}

function findUser(name: string): ServerAccount | undefined {
  const [uid, gid] = ['-u', '-g'].map((option) => spawnSync('id', [option, name], { encoding: 'utf8' }));
  if (uid?.status !== 0 || gid?.status !== 0) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

function createUser(name: string): ServerAccount {
  try {
    const shell = '/usr/sbin/nologin';
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', shell, name], {
      stdio: 'pipe',
    });
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run as root, and a user ${name} for it could not be created (useradd). ` +
        'Create that user, run Rollcall as another user, or set DATABASE_URL.',
      { cause },
    );
  }
  const created = findUser(name);
  if (!created)
    throw new EmbeddedPostgresError(`The user ${name} was created, but the system does not know it`);
  return created;
}

/** Whether the account gets through every folder on the way, and may enter the folder or run the program there. */
export function canReach(account: ServerAccount, target: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', target], { ...account, cwd: '/' }).status === 0;
}
