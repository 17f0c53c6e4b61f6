import { existsSync, openSync, readFileSync, renameSync } from 'node:fs';

/** Opens an empty log for a server; the one of the run before is kept beside it. */
export function openServerLog(file: string): number {
  if (existsSync(file)) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/** What the server said last: the reason is usually among it. */
export const lastLines = (file: string, count = 12): string =>
  readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
