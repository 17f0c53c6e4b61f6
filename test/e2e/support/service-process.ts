import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSecretKey } from '#platform';
import { requireSound } from './sound-refusal.js';

const MAIN = path.resolve('dist/bin/rollcall.js');

export interface ServiceOptions {
  readonly env?: Record<string, string>;
  /** After `start`. */
  readonly args?: readonly string[];
  /** The command line's program; another release's runs as well. */
  readonly main?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the answers of many endpoints, looked into by assertions.
  readonly body: any;
}

/** `rollcall start` as a process of its own, in the way a person or a container runs it. */
export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly output: { stdout: string; stderr: string },
    private readonly key: string | undefined,
    private readonly isOfThisRelease: boolean,
  ) {}

  /** Resolves when it has printed its greeting; rejects with its own words when it ends before. */
  static async start({ env = {}, args = [], main = MAIN }: ServiceOptions): Promise<ServiceProcess> {
    const child = spawn(process.execPath, [main, 'start', ...args], {
      env: serviceEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const service = new ServiceProcess(child, gather(child), env.ROLLCALL_ADMIN_KEY, main === MAIN);
    await Promise.race([service.greeted(), service.exited().then(() => service.throwOnEarlyEnd())]);
    return service;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Everything it printed for a person. */
  get greeting(): string {
    return this.output.stdout;
  }

  get log(): string {
    return this.output.stderr;
  }

  get url(): string {
    return this.printed(/(?:API|Health) +(http:\/\/[^/\s]+)/) ?? '';
  }

  /** The preset one, or the one the greeting shows. */
  get adminKey(): string {
    return this.key ?? this.printed(/Admin key +(\S+)/) ?? '';
  }

  /** @throws Error for a refusal that is not as all are */
  async send(
    method: string,
    target: string,
    { body, key = this.adminKey }: { body?: unknown; key?: string } = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}${target}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const { status, headers } = response;
    const answer = { status, headers, body: await response.json() };
    if (this.isOfThisRelease) requireSound(answer);
    return answer;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async exited(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  /** Drains it. @returns its exit code */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.exited();
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited();
  }

  private printed(pattern: RegExp): string | undefined {
    return pattern.exec(this.output.stdout)?.[1];
  }

  private async greeted(): Promise<void> {
    while (!/\n {2}Queue .*\n/.test(this.output.stdout))
      await once(this.child.stdout as NodeJS.EventEmitter, 'data');
  }

  private throwOnEarlyEnd(): never {
    throw new Error(`The service ended before it was up:\n${this.output.stdout}${this.output.stderr}`);
  }
}

/** Runs a command line to its end; `heard` sees what it has printed so far. */
export async function rollcall(
  args: readonly string[],
  env: Record<string, string> = {},
  heard: (stdout: string) => void = () => {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: serviceEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = gather(child);
  child.stdout?.on('data', () => heard(output.stdout));
  await once(child, 'close');
  return { code: child.exitCode, ...output };
}

/** Long, since only what never comes to be so takes it: processes start and go on late on a busy machine. */
const PATIENCE_MS = 60_000;

/** Waits until it is so, and answers what was asked. */
export async function eventually<T>(
  ask: () => Promise<T>,
  so: (answer: T) => boolean,
  withinMs = PATIENCE_MS,
): Promise<T> {
  const limit = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (so(answer)) return answer;
    if (Date.now() > limit) {
      throw new Error(`Still not so after ${withinMs} ms: ${so}\nThe last answer: ${JSON.stringify(answer)}`);
    }
    await sleep(50);
  }
}

export const freshSecretKey = (): string => newSecretKey();
export const freshAdminKey = (): string => `test-${randomBytes(16).toString('hex')}`;

/** For suites that kill workers: their jobs go to another one within seconds, not after half a minute. */
export const soonLost = { ROLLCALL_LOST_AFTER: '6' };

/** Nothing of the shell that runs the tests reaches the process but what it needs to run. */
const serviceEnvironment = (env: Record<string, string>): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  PORT: '0',
  ROLLCALL_LOG_LEVEL: 'info',
  ...env,
});

function gather(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    output.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    output.stderr += text;
    if (process.env.ROLLCALL_TEST_VERBOSE) process.stderr.write(text);
  });
  return output;
}
