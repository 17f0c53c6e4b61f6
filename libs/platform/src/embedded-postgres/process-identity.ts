import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A text that stays the same for the life of a process and is never used again, unlike its pid;
 * undefined when there is no such process any more (a zombie is none).
 */
export const processIdentity = (pid: number): string | undefined =>
  process.platform === 'linux' ? linuxIdentity(pid) : psField(pid, 'lstart');

/** The command line of a process with its arguments; undefined when it is gone or not ours to see. */
export function commandLine(pid: number): string[] | undefined {
  if (process.platform !== 'linux') return psField(pid, 'command')?.split(' ');
  const text = readProc(`/proc/${pid}/cmdline`);
  return text ? text.split('\0') : undefined;
}

const STATE = 0;
const START_TIME = 19;

function linuxIdentity(pid: number): string | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const gone = fields[STATE] === 'Z' || fields[STATE] === 'X';
  return gone ? undefined : `${readProc('/proc/sys/kernel/random/boot_id')?.trim()}:${fields[START_TIME]}`;
}

function readProc(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** ESRCH: the process ended between opening and reading its file. */
const isGone = (error: unknown) => ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');

function psField(pid: number, field: 'lstart' | 'command'): string | undefined {
  try {
    const text = execFileSync('ps', ['-ww', '-o', `${field}=`, '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    return text.trim() || undefined;
  } catch (error) {
    // ps answers 1 when it knows no such process.
    if ((error as { status?: number }).status === 1) return undefined;
    throw error;
  }
}
