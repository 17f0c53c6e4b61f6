import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { removeCopies } from './binaries.js';
import { lockDataDir } from './data-dir-lock.js';
import { DataDirInUseError } from './embedded-postgres.errors.js';
import { stopPreviousServer } from './previous-server.js';
import { isRoot } from './server-account.js';
import { homeIn, refuges, type ServerHome } from './server-home.js';

/**
 * Frees what refuges hold that nobody can come back for, since the data directory that they stand in for is gone: the
 * copy of PostgreSQL's programs, and a server that was left running. The data itself is not ours to judge, so it stays.
 */
export async function clearAbandonedRefuges(
  log: (message: string) => void,
  roots: string[] = refuges(),
): Promise<void> {
  for (const home of isRoot() ? roots.flatMap(homesBelow) : []) {
    const servedDir = readServed(home);
    if (servedDir === undefined || existsSync(servedDir)) continue;
    // What others left behind shall not keep this one from starting.
    await clear(home, servedDir, log).catch((error: Error) =>
      log(`What ${servedDir} left in ${home.dir} could not be cleared: ${error.message}`),
    );
  }
}

const NAME = /^[0-9a-f]{16}$/;

/** Folders of ours alone: one of the places is open to everybody. */
function homesBelow(root: string): ServerHome[] {
  const isOurs = (dir: string) => {
    const entry = lstatSync(dir, { throwIfNoEntry: false });
    return entry?.isDirectory() === true && entry.uid === process.getuid?.();
  };
  if (!isOurs(root)) return [];
  const dirs = readdirSync(root).filter((name) => NAME.test(name));
  return dirs
    .map((name) => path.join(root, name))
    .filter(isOurs)
    .map(homeIn);
}

const readServed = ({ servesFile }: ServerHome): string | undefined =>
  existsSync(servesFile) ? readFileSync(servesFile, 'utf8').trim() || undefined : undefined;

async function clear(home: ServerHome, servedDir: string, log: (message: string) => void): Promise<void> {
  const lock = lockUnlessUsed(home);
  if (!lock) return;
  try {
    await stopPreviousServer(home.cluster, log);
    if (removeCopies(home.dir).length > 0)
      log(
        `Removed the copy of PostgreSQL's programs from ${home.dir}, whose data directory ${servedDir} is gone; ` +
          'remove that folder when nobody needs the data in it',
      );
  } finally {
    lock.release();
  }
}

function lockUnlessUsed({ lockFile, dir }: ServerHome) {
  try {
    return lockDataDir(lockFile, dir);
  } catch (error) {
    if (error instanceof DataDirInUseError) return undefined;
    throw error;
  }
}
