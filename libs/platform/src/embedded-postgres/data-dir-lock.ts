import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DataDirInUseError } from './embedded-postgres.errors.js';
import { processIdentity } from './process-identity.js';

interface Holder {
  readonly pid: number;
  /** What tells this process from a later one with the same pid. */
  readonly identity: string | undefined;
  readonly token: string;
}

export interface DataDirLock {
  release(): void;
}

/**
 * Takes the lock file, also from a holder that was killed, so that one service at a time uses a data directory.
 *
 * @throws DataDirInUseError while its holder lives
 */
export function lockDataDir(file: string, dataDir: string): DataDirLock {
  const mine: Holder = { pid: process.pid, identity: processIdentity(process.pid), token: randomUUID() };
  for (;;) {
    if (create(file, mine)) return { release: () => removeOwn(file, mine.token) };
    const holder = read(file);
    if (!holder) continue;
    if (isAlive(holder)) throw new DataDirInUseError(dataDir, holder.pid);
    removeStale(file, holder, dataDir);
  }
}

/**
 * Of several that find the same dead holder one may remove its lock: the one that holds a lock named after it.
 * The others would remove the lock of the winner.
 */
function removeStale(file: string, holder: Holder, dataDir: string): void {
  const right = lockDataDir(`${file}.${holder.token}`, dataDir);
  try {
    removeOwn(file, holder.token);
  } finally {
    right.release();
  }
}

function removeOwn(file: string, token: string): void {
  if (read(file)?.token === token) rmSync(file, { force: true });
}

/** A link puts the file there complete or not at all, and only where none is. */
function create(file: string, holder: Holder): boolean {
  const draft = `${file}-${holder.token}`;
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // A machine that lost its power may have kept the file's name without its content.
    if (error instanceof SyntaxError) return { pid: 0, identity: undefined, token: 'unreadable' };
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const isAlive = ({ pid, identity }: Holder) => identity !== undefined && processIdentity(pid) === identity;
