import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceProcess } from '../../e2e/support/service-process.js';
import type { Target } from './persistent-request.js';

/** A process that ended although nobody had ended it. */
export interface UnwantedEnd {
  readonly part: string;
  readonly code: number | null;
  readonly lastWords: string;
}

/** Told of each unwanted end. */
export type OnEnd = (end: UnwantedEnd) => void;

/** The longest drain, and some. */
const STOPS_WITHIN_MS = 45_000;

/** One process of the service, started again whenever it ends, as a container would be. */
export class SupervisedService {
  private service: ServiceProcess | undefined;
  private wanted = true;
  private running: Promise<void> = Promise.resolve();

  constructor(
    readonly part: 'api' | 'worker',
    private readonly env: Record<string, string>,
    private readonly onEnd: OnEnd,
  ) {}

  /** Rejects when the very first start fails; later ones are tried until one succeeds. */
  async start(): Promise<this> {
    this.service = await this.launch();
    this.running = this.watch(this.service);
    return this;
  }

  get target(): Target | undefined {
    return this.service && { url: this.service.url, adminKey: this.service.adminKey };
  }

  get pid(): number | undefined {
    return this.service?.pid;
  }

  get log(): string {
    return this.service?.log ?? '';
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.service?.signal(name);
  }

  /** Ends it as a crash of its machine would; it comes back by itself. */
  kill(): void {
    this.killed.add(this.service);
    this.service?.signal('SIGKILL');
  }

  /** @returns its exit code, when it was there to be stopped */
  async stop(): Promise<number | null | undefined> {
    this.wanted = false;
    const { service } = this;
    if (service) this.killed.add(service);
    service?.signal('SIGCONT');
    service?.signal('SIGTERM');
    const late = setTimeout(() => service?.signal('SIGKILL'), STOPS_WITHIN_MS);
    const code = await service?.exited();
    clearTimeout(late);
    await this.running;
    return code;
  }

  private readonly killed = new Set<ServiceProcess | undefined>();

  private launch(): Promise<ServiceProcess> {
    return ServiceProcess.start({ env: this.env, args: ['--only', this.part] });
  }

  private async watch(first: ServiceProcess): Promise<void> {
    for (let service: ServiceProcess | undefined = first; service; service = await this.again()) {
      this.service = service;
      const code = await service.exited();
      if (!this.killed.has(service))
        this.onEnd({ part: this.part, code, lastWords: service.log.slice(-2_000) });
      this.service = undefined;
    }
  }

  /** While the database is away a start fails with a word about it, and is tried again. */
  private async again(): Promise<ServiceProcess | undefined> {
    while (this.wanted) {
      const service = await this.launch().catch(() => undefined);
      if (service && this.wanted) return service;
      if (service) await service.kill();
      else await sleep(500);
    }
    return undefined;
  }
}

/** A subscriber of the test's own, in a process of its own. */
export class SupervisedSubscriber {
  private child: ChildProcess | undefined;
  private ending = false;

  constructor(
    private readonly env: Record<string, string>,
    private readonly onEnd: OnEnd,
    private readonly script = 'test/faults/subscriber.mjs',
  ) {}

  start(): void {
    this.ending = false;
    const child = spawn(process.execPath, [this.script], {
      env: { PATH: process.env.PATH, ROLLCALL_LOG_LEVEL: 'warn', ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said = (said + chunk).slice(-2_000);
      if (process.env.ROLLCALL_TEST_VERBOSE) process.stderr.write(chunk);
    });
    child.stdout?.resume();
    child.once('exit', (code) => {
      if (this.ending) return;
      this.onEnd({ part: 'subscriber', code, lastWords: said });
      this.start();
    });
    this.child = child;
  }

  /** Resolves when it has handled a page and not yet committed it. */
  async handling(): Promise<void> {
    if (this.child?.stdout) await once(this.child.stdout, 'data');
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(name);
  }

  async kill(): Promise<void> {
    this.ending = true;
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}
