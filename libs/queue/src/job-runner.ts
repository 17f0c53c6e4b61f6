import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger, type Logger } from '#platform';
import type { SolitaryCell } from './alone/solitary-cell.js';
import type { OpenWorker, QueueBackend, WorkerSettings } from './backends/queue-backend.js';
import type { DeadLetterStore } from './dead-letters/dead-letter.store.js';
import { jobProcessor } from './job-attempt.js';
import type { JobHandler } from './job-context.js';
import type { JobData, JobDefinition } from './job-definition.js';
import { type JobCare, JobRegistry, type RegisteredJob } from './job-registry.js';

export interface JobRunnerOptions extends Partial<WorkerSettings> {
  readonly backend: QueueBackend;
  /** Registered already; more may follow. */
  readonly jobs?: JobRegistry;
  readonly deadLetters: Pick<DeadLetterStore, 'record' | 'settle'>;
  /** Jobs at once, for queues that differ from `concurrency`. */
  readonly concurrencyByQueue?: Readonly<Record<string, number>>;
  /** Codes of errors that a second try cannot mend; those with `retryable: false` need not be named. */
  readonly permanentCodes?: Iterable<string>;
  /** Where jobs run that were started before and never ended; absent: among the others. */
  readonly cell?: SolitaryCell;
  /** How long `close()` waits for running jobs. */
  readonly closeWithinMs?: number;
  readonly log?: Logger;
}

/** Takes jobs from their queues and hands them to their handlers: one BullMQ worker for each queue. */
export class JobRunner {
  private readonly jobs: JobRegistry;
  private readonly workers: OpenWorker[] = [];
  private readonly log: Logger;

  constructor(private readonly options: JobRunnerOptions) {
    this.jobs = options.jobs ?? new JobRegistry();
    this.log = options.log ?? createLogger('job-runner');
  }

  /** All jobs of a queue are registered at one runner: a name it does not know is a dead letter. */
  register<Definition extends JobDefinition>(
    definition: Definition,
    handler: JobHandler<JobData<Definition>>,
    care?: JobCare<JobData<Definition>>,
  ): this {
    this.jobs.register(definition, handler, care);
    return this;
  }

  /** @throws QueueUnavailableError; then nothing runs. */
  async start(): Promise<void> {
    try {
      for (const [queue, jobs] of this.jobs) this.workers.push(await this.open(queue, jobs));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Takes no further job and waits for the running ones. When time is up their signals are aborted; who still runs
   * after that is left behind, and its job goes to another worker as soon as its lock is old enough.
   */
  async close(): Promise<void> {
    const closing = this.workers.splice(0);
    await Promise.all(closing.map((worker) => closeWithin(worker, this.options.closeWithinMs ?? 20_000)));
    await this.options.cell?.close();
  }

  private open(queue: string, jobs: ReadonlyMap<string, RegisteredJob>): Promise<OpenWorker> {
    const { backend, deadLetters, permanentCodes = [], cell } = this.options;
    const processor = jobProcessor(queue, {
      jobs,
      deadLetters,
      permanentCodes: new Set(permanentCodes),
      cell,
      log: this.log,
    });
    return backend.openWorker(queue, processor, this.settingsOf(queue), this.log);
  }

  private settingsOf(queue: string): WorkerSettings {
    const {
      concurrency = 8,
      concurrencyByQueue = {},
      lockDurationMs = 30_000,
      stalledIntervalMs = lockDurationMs / 2,
    } = this.options;
    return { concurrency: concurrencyByQueue[queue] ?? concurrency, lockDurationMs, stalledIntervalMs };
  }
}

const AFTER_ABORT_MS = 2_000;

async function closeWithin(worker: OpenWorker, ms: number): Promise<void> {
  const idle = worker.pause().then(() => true);
  let drained = await before(idle, ms);
  if (!drained) {
    worker.cancelAllJobs('closing');
    drained = await before(idle, AFTER_ABORT_MS);
  }
  await worker.close(!drained);
}

async function before(done: Promise<boolean>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(ms, false, { signal: timer.signal });
  try {
    return await Promise.race([done, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}
