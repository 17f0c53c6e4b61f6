import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { copyTree, isWholeCopy, mayReadTree } from './copied-tree.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import type { ServerAccount } from './server-account.js';
import { serverEnvironment } from './server-environment.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** PostgreSQL as npm installed it. */
export interface BinaryPackage {
  readonly dir: string;
  readonly version: string;
}

export interface BinariesOptions {
  readonly account: ServerAccount;
  /** A folder of one service alone, for a copy. */
  readonly copies: string;
  readonly log: (message: string) => void;
  readonly from?: BinaryPackage;
}

/**
 * PostgreSQL's programs, made ready to run. They are copied below `copies` when the server's account cannot run
 * them where npm put them, or when what npm left out cannot be added there; copies of no more use are removed.
 */
export function prepareBinaries(options: BinariesOptions): Binaries {
  const { account, copies, from = installedPackage() } = options;
  const inPlace = complete(from.dir) && isUsable(from.dir, account);
  const dir = inPlace ? from.dir : readyCopy(from, options);
  removeCopies(copies, dir);
  return programs(dir);
}

/** Copies below this folder, and what was left of those that were interrupted, except for one. */
export function removeCopies(copies: string, except?: string): string[] {
  const found = readdirSync(copies).filter((name) => COPY.test(name));
  const superfluous = found.map((name) => path.join(copies, name)).filter((dir) => dir !== except);
  for (const dir of superfluous) rmSync(dir, { recursive: true, force: true });
  return superfluous;
}

const COPY = /^postgresql-\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?(-[0-9a-f]{8}-[0-9a-f-]{27})?$/;

const programs = (dir: string): Binaries => ({
  initdb: path.join(nativeOf(dir), 'bin', 'initdb'),
  postgres: path.join(nativeOf(dir), 'bin', 'postgres'),
});

export function installedPackage(): BinaryPackage {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const entry = resolveBinaries(name);
  const dir = path.dirname(path.dirname(entry));
  return { dir, version: JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')).version };
}

/** The platform's package is a dependency of `embedded-postgres`, so it is looked up from there. */
function resolveBinaries(name: string): string {
  if (process.platform === 'win32') throw unsupported('Windows');
  const require = createRequire(import.meta.url);
  try {
    return require.resolve(name, { paths: [require.resolve('embedded-postgres')] });
  } catch (cause) {
    throw unsupported(`${process.platform} on ${process.arch} (${name} is not installed)`, cause);
  }
}

const unsupported = (where: string, cause?: unknown) =>
  new EmbeddedPostgresError(
    `There is no bundled PostgreSQL for ${where}: set DATABASE_URL to a PostgreSQL 15 or newer`,
    {
      cause,
    },
  );

/** npm packs neither symlinks nor, at times, file modes; the package's install script, which adds them, may be off. */
function complete(dir: string): boolean {
  try {
    hydrateSymlinks(dir);
    makeExecutable(dir);
    return true;
  } catch (error) {
    if (NOT_OURS_TO_CHANGE.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

const NOT_OURS_TO_CHANGE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTSUP', 'ENOSYS'];

function hydrateSymlinks(dir: string): void {
  for (const { source, target } of symlinks(dir)) {
    const link = path.join(dir, target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(path.relative(path.dirname(target), source), link);
    } catch (error) {
      // Another service that starts at the same time made it.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Some platforms' packages need no links and have no list of them. */
function symlinks(dir: string): { source: string; target: string }[] {
  const list = path.join(dir, 'native', 'pg-symlinks.json');
  return existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
}

const EXECUTABLE = 0o555;

function makeExecutable(dir: string): void {
  for (const program of Object.values(programs(dir))) {
    const { mode } = statSync(program);
    if ((mode & EXECUTABLE) !== EXECUTABLE) chmodSync(program, mode | EXECUTABLE);
  }
}

/** The programs run, and everything that they load and read can be read. */
const isUsable = (dir: string, account: ServerAccount): boolean =>
  Object.values(programs(dir)).every((program) => obstacleToRun(program, account) === undefined) &&
  mayReadTree(nativeOf(dir), account);

/** Why the account cannot run the program; it may be missing, damaged, made for another system, out of reach. */
function obstacleToRun(program: string, account: ServerAccount): string | undefined {
  const { status, stdout, stderr, error } = spawnSync(program, ['--version'], {
    ...account,
    cwd: '/',
    encoding: 'utf8',
    env: serverEnvironment(),
  });
  // One that lost its content counts as an empty script, which succeeds.
  if (status === 0 && stdout.includes('PostgreSQL')) return undefined;
  return error?.message || stderr.trim() || `it says nothing and ends with ${status}`;
}

/** One that is there is used when it is whole and usable, whoever made it under whatever umask, and made anew if not. */
function readyCopy(from: BinaryPackage, { account, copies, log }: BinariesOptions): string {
  const dir = path.join(copies, `postgresql-${from.version}`);
  const [original, copy] = [nativeOf(from.dir), nativeOf(dir)];
  if (!mayReadTree(original, {})) throw unreadable(original);
  if (!existsSync(dir) || !isWholeCopy(original, copy) || !isUsable(dir, account))
    makeCopy(from.dir, dir, account);
  log(`PostgreSQL's user cannot run its programs in ${from.dir}: a copy of them in ${dir} is used (60 MB)`);
  return dir;
}

const nativeOf = (dir: string) => path.join(dir, 'native');

function makeCopy(from: string, dir: string, account: ServerAccount): void {
  rmSync(dir, { recursive: true, force: true });
  try {
    mkdirSync(dir);
    chmodSync(dir, 0o755);
    copyTree(nativeOf(from), nativeOf(dir));
    hydrateSymlinks(dir);
    for (const program of Object.values(programs(dir))) {
      chmodSync(program, 0o755);
      const obstacle = obstacleToRun(program, account);
      if (obstacle) throw cannotRun(dir, obstacle);
    }
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

const unreadable = (dir: string) =>
  new EmbeddedPostgresError(
    `PostgreSQL's programs in ${dir} cannot be read: run npm install as the user who runs Rollcall, or set DATABASE_URL.`,
  );

const cannotRun = (dir: string, obstacle: string) =>
  new EmbeddedPostgresError(
    `PostgreSQL's programs run neither where npm put them nor in ${dir} (${obstacle}): set ROLLCALL_DATA_DIR to a ` +
      'folder whose file system lets programs run, or DATABASE_URL to a PostgreSQL 15 or newer.',
  );
