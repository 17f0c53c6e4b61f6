import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  realpathSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { canReach, isRoot, type ServerAccount, serverAccount } from './server-account.js';

/** Where a server keeps everything it has. */
export interface ServerHome {
  readonly dir: string;
  /** The directory that was asked for, when it is another one. */
  readonly movedFrom?: string;
  readonly account: ServerAccount;
  /** PostgreSQL's own data directory. */
  readonly cluster: string;
  readonly passwordFile: string;
  readonly lockFile: string;
  readonly logFile: string;
  /** In a refuge: says whose it is. */
  readonly servesFile: string;
}

/** Homes for servers whose own place their account cannot enter, the lasting one first. */
export const refuges = (): string[] => ['/var/lib/rollcall', path.join(os.tmpdir(), 'rollcall')];

/**
 * The data directory itself, or, when the server's account cannot enter it (root with a checkout below a private
 * folder), a folder named after it where that account can. Data that exists stays where it is.
 */
export function chooseHome(dataDir: string, refugeRoots = refuges()): ServerHome {
  makeDataDir(dataDir);
  const [asked, ...elsewhere] = candidatesFor(dataDir, refugeRoots);
  const dir =
    [asked, ...elsewhere].find(holdsData) ??
    (canServe(asked) ? asked : elsewhere.find((candidate) => canMake(candidate) && canServe(candidate)));
  if (dir) return { ...homeIn(dir), ...(dir === asked ? {} : { movedFrom: asked }) };
  throw new EmbeddedPostgresError(
    `PostgreSQL's user cannot enter ${[asked, ...elsewhere].join(' nor ')}: ` +
      'set ROLLCALL_DATA_DIR to a folder that every user may pass through, or set DATABASE_URL.',
  );
}

/** The home that this data directory has already; nothing is made. */
export function existingHome(dataDir: string, refugeRoots = refuges()): ServerHome | undefined {
  const dir = existsSync(dataDir) ? candidatesFor(dataDir, refugeRoots).find(holdsData) : undefined;
  return dir ? homeIn(dir) : undefined;
}

/** Root's server is another user, who must get through what root makes for it, also with a umask of 077. */
function makeDataDir(dataDir: string): void {
  const first = makeFolders(dataDir);
  if (first === undefined || !isRoot()) return;
  for (let dir = path.resolve(dataDir); dir.startsWith(path.resolve(first)); dir = path.dirname(dir))
    chmodSync(dir, 0o755);
}

/** Node says ENOENT of a read-only file system when it makes several. */
function makeFolders(dir: string): string | undefined {
  try {
    return mkdirSync(dir, { recursive: true });
  } catch (error) {
    let parent = path.dirname(path.resolve(dir));
    while (!existsSync(parent)) parent = path.dirname(parent);
    accessSync(parent, constants.W_OK);
    throw error;
  }
}

function candidatesFor(dataDir: string, refugeRoots: string[]): [string, ...string[]] {
  const asked = realpathSync(dataDir);
  const roots = isRoot() ? refugeRoots : [];
  return [asked, ...roots.map((root) => path.join(root, nameFor(asked)))];
}

const holdsData = (dir: string) => existsSync(clusterOf(dir)) && canServe(dir);

const canServe = (dir: string) => canReach(serverAccount(clusterOf(dir)), dir);

const clusterOf = (dir: string) => path.join(dir, 'postgres');

export const homeIn = (dir: string): ServerHome => ({
  dir,
  account: serverAccount(clusterOf(dir)),
  cluster: clusterOf(dir),
  passwordFile: path.join(dir, 'postgres.password'),
  lockFile: path.join(dir, 'rollcall.lock'),
  logFile: path.join(dir, 'postgres.log'),
  servesFile: path.join(dir, 'data-dir'),
});

const nameFor = (dataDir: string) => createHash('sha256').update(dataDir).digest('hex').slice(0, 16);

const CANNOT_MAKE = ['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR'];

/** A folder in a shared place counts only when it is ours: someone else could have put it there first. */
function canMake(dir: string): boolean {
  try {
    for (const folder of [path.dirname(dir), dir]) {
      // The mode given to mkdir is cut down by the umask.
      if (mkdirSync(folder, { recursive: true })) chmodSync(folder, 0o755);
      if (statSync(folder).uid !== process.getuid?.()) return false;
    }
    return true;
  } catch (error) {
    if (CANNOT_MAKE.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Makes a folder that the server's account owns and nobody else may enter. */
export function makePrivateFolder(dir: string, account: ServerAccount): void {
  mkdirSync(dir, { mode: 0o700 });
  if (account.uid !== undefined && account.gid !== undefined) chownSync(dir, account.uid, account.gid);
}
