import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { commandLine, processIdentity } from './process-identity.js';

/**
 * Stops the server that a killed Rollcall left running on this cluster. A process is touched only when its command
 * line says that it is PostgreSQL on this very directory: pids are used again.
 */
export async function stopPreviousServer(cluster: string, log: (message: string) => void): Promise<void> {
  const pidFile = path.join(cluster, 'postmaster.pid');
  const pid = readPid(pidFile);
  if (pid === undefined) return;
  const identity = processIdentity(pid);
  if (identity === undefined || !isServerOf(cluster, pid)) return forgetPid(pidFile);
  log(`Stopping the PostgreSQL (pid ${pid}) that an earlier run left behind`);
  await stopProcess(pid, identity);
}

/** The server that runs on this cluster, whoever started it. */
export function runningServer(cluster: string): { readonly port: string } | undefined {
  const pidFile = path.join(cluster, 'postmaster.pid');
  const pid = readPid(pidFile);
  if (pid === undefined || !isServerOf(cluster, pid)) return undefined;
  const port = readFileSync(pidFile, 'utf8').split('\n')[PORT_LINE - 1]?.trim();
  return port ? { port } : undefined;
}

/** Line of `postmaster.pid` that holds the port (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_PORT). */
const PORT_LINE = 4;

/** Larger than any pid of any system, so that no process has it. */
const NOBODYS_PID = 2 ** 31 - 1;

/**
 * A stranger with the old pid, or a zombie of it, would keep the server from starting. The rest of the file stays:
 * by it the new server finds out whether processes of the old one still hang on to its shared memory.
 */
function forgetPid(pidFile: string): void {
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  writeFileSync(pidFile, [NOBODYS_PID, ...lines.slice(1)].join('\n'));
}

function readPid(pidFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isServerOf(cluster: string, pid: number): boolean {
  const [program, ...args] = commandLine(pid) ?? [];
  return program !== undefined && path.basename(program) === 'postgres' && args.includes(cluster);
}

/** Fast shutdown first; immediate shutdown (no checkpoint, recovery at the next start) when that takes too long. */
export async function stopProcess(pid: number, identity: string): Promise<void> {
  for (const [signal, patience] of [
    ['SIGINT', 30_000],
    ['SIGQUIT', 10_000],
  ] as const) {
    send(pid, signal);
    if (await ended(pid, identity, patience)) return;
  }
  throw new EmbeddedPostgresError(`PostgreSQL (pid ${pid}) does not stop; end it by hand and start again`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ESRCH') return;
    throw new EmbeddedPostgresError(
      `PostgreSQL (pid ${pid}) cannot be stopped (${code}): another user started it`,
      { cause },
    );
  }
}

async function ended(pid: number, identity: string, patience: number): Promise<boolean> {
  const end = performance.now() + patience;
  while (processIdentity(pid) === identity) {
    if (performance.now() > end) return false;
    await delay(20);
  }
  return true;
}
