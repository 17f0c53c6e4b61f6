import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { canReach, type ServerAccount } from './server-account.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** PostgreSQL as npm installed it. */
export interface BinaryPackage {
  readonly dir: string;
  readonly version: string;
}

/**
 * PostgreSQL's programs, made ready to run. They are copied below `copies` when the server's account cannot run
 * them where npm put them, or when what npm left out cannot be added there.
 */
export function prepareBinaries(account: ServerAccount, copies: string, from = installedPackage()): Binaries {
  const inPlace = programs(from.dir);
  if (complete(from.dir) && canReach(account, inPlace.postgres)) return inPlace;
  const copied = copyPackage(from, copies);
  return programs(copied);
}

const programs = (dir: string): Binaries => ({
  initdb: path.join(dir, 'native', 'bin', 'initdb'),
  postgres: path.join(dir, 'native', 'bin', 'postgres'),
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
    if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

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

/** One copy for each version; renamed into place when it is whole. */
function copyPackage(from: BinaryPackage, copies: string): string {
  const target = path.join(copies, `postgresql-${from.version}`);
  if (existsSync(target)) return target;
  const draft = `${target}-${randomUUID()}`;
  try {
    mkdirSync(draft, { recursive: true, mode: 0o755 });
    cpSync(path.join(from.dir, 'native'), path.join(draft, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    hydrateSymlinks(draft);
    makeExecutable(draft);
    renameSync(draft, target);
  } catch (error) {
    // Another service that starts at the same time has put its copy there.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}
