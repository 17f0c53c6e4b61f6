import { type ChildProcess, fork } from 'node:child_process';
import { CellWatch } from './cell-watch.js';
import type { FromCell, Question, SuspectJob, ToCell } from './messages.js';
import { heardError, saidError } from './said-error.js';

/** How one run of a job in a process of its own ended. */
export type RunEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: Error }
  /** By itself, in the middle of the work. */
  | { readonly kind: 'died'; readonly how: string }
  /** By somebody else, or before there was any work: this says nothing about the job. */
  | { readonly kind: 'interrupted'; readonly how: string };

export interface CellProcessOptions {
  /** The program that serves jobs by `serveAlone`. */
  readonly entry: URL;
  /** What the program is told before anything else. */
  readonly setup: unknown;
  readonly stalledAfterMs: number;
}

/** Signals by which a process ends itself: an assertion, an exhausted heap, a broken library. */
const BY_ITSELF: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGABRT',
  'SIGSEGV',
  'SIGTRAP',
  'SIGILL',
  'SIGBUS',
  'SIGFPE',
  'SIGSYS',
]);

const STARTS_WITHIN_MS = 60_000;

/** A process of our own program for jobs that have to run alone, one after the other. */
export class CellProcess {
  private readonly child: ChildProcess;
  private readonly ready: Promise<boolean>;
  private running: { readonly end: (end: RunEnd) => void; readonly watch: CellWatch } | null = null;
  private answer: (question: Question) => unknown = () => undefined;
  private stalled: string | undefined;
  private isOver = false;

  constructor(private readonly options: CellProcessOptions) {
    const { entry, setup } = options;
    this.child = fork(entry, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.child.on('message', (message: FromCell) => this.hear(message));
    this.child.once('exit', (code, signal) => this.ended(code, signal));
    // What went wrong with sending shows in how the process ends.
    this.child.on('error', () => this.kill());
    this.ready = this.untilReady();
    this.tell({ kind: 'setup', setup, beatMs: this.beatMs });
  }

  get isAlive(): boolean {
    return !this.isOver;
  }

  /** `answer` is asked by the process while it works. */
  async run(job: SuspectJob, answer: (question: Question) => unknown): Promise<RunEnd> {
    if (!(await this.ready)) return { kind: 'interrupted', how: 'did not start' };
    this.answer = answer;
    return new Promise((resolve) => {
      this.running = { end: resolve, watch: this.watch() };
      this.tell({ kind: 'run', job });
    });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  async gone(): Promise<void> {
    if (!this.isOver) await new Promise((resolve) => this.child.once('exit', resolve));
  }

  private get beatMs(): number {
    return Math.min(1_000, this.options.stalledAfterMs / 10);
  }

  private watch(): CellWatch {
    const { stalledAfterMs } = this.options;
    const onStall = (wasStopped: boolean) => {
      if (!wasStopped) this.stalled = `stood still for ${stalledAfterMs / 1_000} s`;
      this.kill();
    };
    return new CellWatch({ pid: this.child.pid ?? 0, stalledAfterMs, beatMs: this.beatMs, onStall });
  }

  private untilReady(): Promise<boolean> {
    return new Promise((resolve) => {
      const late = setTimeout(() => this.kill(), STARTS_WITHIN_MS);
      const settle = (isReady: boolean) => {
        clearTimeout(late);
        resolve(isReady);
      };
      this.child.on('message', ({ kind }: FromCell) => kind === 'ready' && settle(true));
      this.child.once('exit', () => settle(false));
    });
  }

  private hear(message: FromCell): void {
    this.running?.watch.beat();
    if (message.kind === 'ask') void this.reply(message.id, message.question);
    if (message.kind === 'done') this.end({ kind: 'done' });
    if (message.kind === 'failed') this.end({ kind: 'failed', error: heardError(message.error) });
  }

  private async reply(id: number, question: Question): Promise<void> {
    try {
      this.tell({ kind: 'answer', id, value: await this.answer(question) });
    } catch (error) {
      this.tell({ kind: 'answer', id, error: saidError(error) });
    }
  }

  private ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.isOver = true;
    const how = this.stalled ?? (signal ? `ended by ${signal}` : `ended with code ${code}`);
    const byItself = this.stalled !== undefined || signal === null || BY_ITSELF.has(signal);
    this.end({ kind: byItself ? 'died' : 'interrupted', how });
  }

  private end(end: RunEnd): void {
    this.running?.watch.end();
    this.running?.end(end);
    this.running = null;
  }

  private tell(message: ToCell): void {
    // Without a callback, a process that is gone would be an error event; its end is heard anyway.
    if (this.child.connected) this.child.send(message, () => undefined);
  }
}
