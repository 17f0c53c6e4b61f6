import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  type Stats,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import type { ServerAccount } from './server-account.js';

/** Copies a folder so that everybody can read it and run what can be run, whatever the umask and the modes there. */
export function copyTree(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const name of readdirSync(from)) copyEntry(path.join(from, name), path.join(to, name));
}

function copyEntry(from: string, to: string): void {
  const entry = lstatSync(from);
  if (entry.isDirectory()) copyTree(from, to);
  else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else {
    copyFileSync(from, to);
    chmodSync(to, entry.mode & 0o111 ? 0o755 : 0o644);
  }
}

/** Whether all that is in `from` is in `to`: a copy may have been cut short, or lost content with the power. */
export const isWholeCopy = (from: string, to: string): boolean =>
  entriesOf(from).every((entry) => {
    const [original, copy] = [from, to].map((root) =>
      lstatSync(path.join(root, entry), { throwIfNoEntry: false }),
    );
    return copy !== undefined && original !== undefined && isSame(original, copy);
  });

const isSame = (original: Stats, copy: Stats): boolean =>
  original.isFile()
    ? copy.isFile() && copy.size === original.size
    : original.isDirectory() === copy.isDirectory();

/** Whether the account may enter every folder and read every file below this one, if it gets that far. */
export function mayReadTree(root: string, account: ServerAccount): boolean {
  try {
    return ['', ...entriesOf(root)].every((entry) => mayRead(path.join(root, entry), account));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}

/** By its mode for another account; a link is as readable as what it leads to, which is in the tree itself. */
function mayRead(file: string, { uid, gid }: ServerAccount): boolean {
  const entry = lstatSync(file);
  if (entry.isSymbolicLink()) return true;
  if (uid === undefined) {
    accessSync(file, constants.R_OK);
    return true;
  }
  const wanted = entry.isDirectory() ? 0o5 : 0o4;
  const shift = entry.uid === uid ? 6 : entry.gid === gid ? 3 : 0;
  return ((entry.mode >> shift) & wanted) === wanted;
}

const entriesOf = (root: string): string[] => readdirSync(root, { recursive: true }) as string[];
