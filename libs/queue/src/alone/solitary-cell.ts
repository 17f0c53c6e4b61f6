import type { Logger } from '#platform';
import type { QueuedJob } from '../backends/queue-backend.js';
import type { CallLimiter } from '../call-limits/call-limiter.js';
import { CellProcess, type CellProcessOptions, type RunEnd } from './cell-process.js';
import { CulpritSearch } from './culprit-search.js';
import type { Question, SuspectJob } from './messages.js';

/** What became of a job that ran alone. */
export type AloneEnd =
  | Exclude<RunEnd, { kind: 'died' }>
  /** It took down its process again and again, and no part of it could be left out. */
  | { readonly kind: 'poisoned'; readonly reason: string };

export interface SolitaryCellOptions extends CellProcessOptions {
  readonly queues: { addPrepared(queue: string, jobs: QueuedJob[]): Promise<string[]> };
  readonly calls: CallLimiter;
  readonly log: Logger;
}

/** Starting a process costs about a second, so the next suspect gets the same one when it comes soon. */
const KEPT_FOR_MS = 5_000;

/**
 * Runs one job at a time in a process where nothing else runs, and watches how that ends. Only an end that this
 * process itself has seen counts against the job: nothing is written down, and whoever is killed or deployed anew in the
 * middle of it begins from the beginning.
 */
export class SolitaryCell {
  private process: CellProcess | undefined;
  private busy = false;
  private closed = false;
  private idle: NodeJS.Timeout | undefined;

  constructor(private readonly options: SolitaryCellOptions) {}

  get isFree(): boolean {
    return !this.busy && !this.closed;
  }

  /** The job's lock is its caller's. When the signal is aborted the process is ended, and nothing is known. */
  async run(job: SuspectJob, signal: AbortSignal): Promise<AloneEnd> {
    this.busy = true;
    clearTimeout(this.idle);
    const stop = () => this.process?.kill();
    signal.addEventListener('abort', stop);
    try {
      return await this.search(job, signal);
    } finally {
      signal.removeEventListener('abort', stop);
      this.busy = false;
      this.idle = setTimeout(() => this.process?.kill(), KEPT_FOR_MS).unref();
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.idle);
    this.process?.kill();
    await this.process?.gone();
  }

  private async search({ ...job }: SuspectJob, signal: AbortSignal): Promise<AloneEnd> {
    const search = new CulpritSearch();
    for (;;) {
      if (signal.aborted || this.closed) return { kind: 'interrupted', how: 'closing' };
      const end = await this.open().run(job, (question) => this.answer(question, search));
      if (end.kind === 'failed' || end.kind === 'done') return end;
      const { queue, id: jobId, name } = job;
      this.options.log.warn(
        { queue, job: name, jobId, how: end.how, kind: end.kind },
        'job alone in its process',
      );
      if (end.kind === 'interrupted') return end;
      const reason = search.died(end.how);
      if (reason !== undefined) return { kind: 'poisoned', reason };
    }
  }

  private open(): CellProcess {
    if (!this.process?.isAlive) this.process = new CellProcess(this.options);
    return this.process;
  }

  private answer(question: Question, search: CulpritSearch): unknown {
    if (question.about === 'order') return search.order(question.work, question.ids);
    if (question.about === 'add')
      return this.options.queues.addPrepared(question.queue, question.jobs as QueuedJob[]);
    const { calls } = this.options;
    return (calls[question.method] as (...args: readonly unknown[]) => unknown).apply(
      calls,
      question.args as [],
    );
  }
}
