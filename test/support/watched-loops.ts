import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const MONITOR = pathToFileURL(path.resolve('test/support/loop-monitor.mjs')).href;

/** The longest delays of a window of time, in milliseconds. */
export interface LoopDelays {
  readonly service: number;
  /** Of an idle process beside it: the machine's part. */
  readonly control: number;
}

/** The loop of a service, watched from within it, and that of an idle process beside it. */
export class WatchedLoops {
  private constructor(
    private readonly folder: string,
    private readonly control: ChildProcess,
  ) {}

  static async start(): Promise<WatchedLoops> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'rollcall-loops-'));
    const control = spawn(process.execPath, ['test/support/idle.mjs'], {
      env: { ...process.env, ...environment(path.join(folder, 'control')) },
      stdio: 'ignore',
    });
    const loops = new WatchedLoops(folder, control);
    while (!(await answers(loops.socket('control')))) await sleep(20);
    return loops;
  }

  /** For the process that is to be watched. */
  get environment(): Record<string, string> {
    return environment(this.socket('service'));
  }

  /** The delays since the last time. */
  async delays(): Promise<LoopDelays> {
    const [service, control] = await Promise.all([ask(this.socket('service')), ask(this.socket('control'))]);
    return { service, control };
  }

  stop(): void {
    this.control.kill();
    rmSync(this.folder, { recursive: true });
  }

  private socket(name: 'service' | 'control'): string {
    return path.join(this.folder, name);
  }
}

const environment = (socket: string) => ({ NODE_OPTIONS: `--import=${MONITOR}`, LOOP_MONITOR: socket });

async function ask(socket: string): Promise<number> {
  const connection = connect(socket).setEncoding('utf8');
  let text = '';
  for await (const part of connection) text += part;
  return Number(text);
}

async function answers(socket: string): Promise<boolean> {
  try {
    await ask(socket);
    return true;
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
