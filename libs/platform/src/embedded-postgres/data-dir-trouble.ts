import { statfsSync } from 'node:fs';
import { DataDirUnusableError } from './embedded-postgres.errors.js';

interface Trouble {
  readonly codes: readonly string[];
  /** The same in the words of PostgreSQL's programs, which run in the C locale. */
  readonly words: RegExp;
  readonly reason: string;
  readonly remedy: string;
}

const ELSEWHERE = 'Set ROLLCALL_DATA_DIR to a folder that can be written';
const UNFIT: Trouble = {
  codes: ['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'],
  words:
    /Operation not permitted|Operation not supported|Function not implemented|has invalid permissions|has wrong ownership/,
  reason: 'its file system lacks the links, owners or permissions that PostgreSQL needs',
  remedy: 'Set ROLLCALL_DATA_DIR to a folder on a local disk',
};

const FULL: Trouble = {
  codes: ['ENOSPC', 'EDQUOT'],
  words: /No space left on device|Disk quota exceeded/,
  reason: 'its disk is full',
  remedy: 'Make room there, set ROLLCALL_DATA_DIR to a folder with more',
};

const TROUBLES: readonly Trouble[] = [
  FULL,
  {
    codes: ['EROFS'],
    words: /Read-only file system/,
    reason: 'its file system is read-only',
    remedy: ELSEWHERE,
  },
  {
    codes: ['EACCES', 'EPERM'],
    words: /Permission denied/,
    reason: 'this user may not write there',
    remedy: ELSEWHERE,
  },
  {
    codes: ['ENOTDIR', 'EEXIST', 'ENOENT', 'ELOOP', 'ENAMETOOLONG'],
    words: /Not a directory|Too many levels of symbolic links|File name too long/,
    reason: 'something on its path is not a folder',
    remedy: 'Set ROLLCALL_DATA_DIR to a path of folders',
  },
  {
    codes: ['EIO'],
    words: /Input\/output error/,
    reason: 'its disk fails to read or write',
    remedy: 'Look at the disk, set ROLLCALL_DATA_DIR to a folder on another',
  },
  UNFIT,
];

const OF_THE_FILE_SYSTEM = /^(sym)?link$|^[lf]?ch(mod|own)$/;
const OF_NO_FILE = /^(spawn|connect|listen|bind|getaddrinfo|kill)/;

/** An error that a file operation below the data directory gave, in terms of the setting; any other as it is. */
export function dataDirTrouble(dataDir: string, error: unknown): unknown {
  const { code = '', syscall = '', message } = (error ?? {}) as NodeJS.ErrnoException;
  if (!syscall || OF_NO_FILE.test(syscall)) return error;
  const unfit = code === 'EPERM' && OF_THE_FILE_SYSTEM.test(syscall);
  const trouble = unfit ? UNFIT : TROUBLES.find(({ codes }) => codes.includes(code));
  return trouble ? unusable(dataDir, trouble, message, error) : error;
}

/** The same of what a program of PostgreSQL said before it gave up. */
export function dataDirTroubleIn(dataDir: string, said: string): DataDirUnusableError | undefined {
  for (const line of said.split('\n').filter((text) => GAVE_UP.test(text))) {
    const trouble = TROUBLES.find(({ words }) => words.test(line));
    if (trouble) return unusable(dataDir, trouble, line.trim());
  }
  return undefined;
}

/** What nothing could be said of any more: a log on the same disk stays empty. */
export function fullDiskTrouble(dataDir: string): DataDirUnusableError | undefined {
  const { bavail, bsize } = statfsSync(dataDir);
  return bavail * bsize < LEAST_ROOM ? unusable(dataDir, FULL, 'no space left on device') : undefined;
}

const LEAST_ROOM = 1024 * 1024;

const GAVE_UP = /FATAL|PANIC|error:/;

const unusable = (dataDir: string, { reason, remedy }: Trouble, said: string, cause?: unknown) =>
  new DataDirUnusableError(dataDir, `${reason} (${said})`, remedy, { cause });
