import type { JobsOptions } from 'bullmq';
import { createLogger, type Logger } from '#platform';
import type { OpenQueue, QueueBackend, QueuedJob } from './backends/queue-backend.js';
import type { JobDefinition, JobInput } from './job-definition.js';
import { JobNotStorableError, QueueUnavailableError } from './queue.errors.js';

export interface AddOptions {
  /** While a job of this id is on the queue, a second one is not added. Not all digits, no colon. */
  readonly jobId?: string;
  /**
   * Jobs with one such key run one after the other and shrink to the newest: while one waits, more are dropped;
   * while one runs, the latest waits. Not together with `jobId`.
   */
  readonly coalesceBy?: string;
  readonly delayMs?: number;
  readonly priority?: number;
}

export interface QueueCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
}

/** A job by its names alone, as it stands in a dead letter. */
export interface RawJob {
  readonly queue: string;
  readonly name: string;
  readonly jobId: string;
  readonly data: unknown;
  readonly priority: number;
}

/** Puts jobs on their queues. */
export class Queues {
  private readonly queues = new Map<string, Promise<OpenQueue>>();

  constructor(
    private readonly backend: Pick<QueueBackend, 'openQueue' | 'ping'>,
    private readonly log: Logger = createLogger('queues'),
  ) {}

  /** @returns the job's id, or the id of the job that was there already. */
  async add<Definition extends JobDefinition>(
    job: Definition,
    data: JobInput<Definition>,
    options: AddOptions = {},
  ): Promise<string> {
    const [id] = await this.addBulk(job, [{ ...options, data }]);
    return id as string;
  }

  /** Adds all or none. */
  async addBulk<Definition extends JobDefinition>(
    job: Definition,
    items: readonly (AddOptions & { readonly data: JobInput<Definition> })[],
  ): Promise<string[]> {
    return this.send(
      job.queue,
      items.map(({ data, ...options }) => ({ name: job.name, data, opts: jobOptions(job, options) })),
    );
  }

  /** Brings jobs back that were taken from the dead letters; what their definition says applies when they are run. */
  async addRaw(queue: string, jobs: readonly RawJob[]): Promise<string[]> {
    return this.send(
      queue,
      jobs.map(({ name, data, jobId, priority }) => ({ name, data, opts: { jobId, priority } })),
    );
  }

  async counts(queue: string): Promise<QueueCounts> {
    const counts = await this.through(queue, (open) =>
      open.getJobCounts('waiting', 'prioritized', 'delayed', 'active'),
    );
    return {
      waiting: (counts.waiting ?? 0) + (counts.prioritized ?? 0),
      delayed: counts.delayed ?? 0,
      active: counts.active ?? 0,
    };
  }

  /** Adds what another process has made ready. */
  addPrepared(queue: string, jobs: QueuedJob[]): Promise<string[]> {
    return this.send(queue, jobs);
  }

  /** @throws QueueUnavailableError when jobs could not be added now. */
  async ping(): Promise<void> {
    await this.backend.ping();
  }

  /** Closes the queues opened here; the backend belongs to who made it. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.queues.values());
    this.queues.clear();
    await Promise.all(
      opened.map((queue) => (queue.status === 'fulfilled' ? queue.value.close() : undefined)),
    );
  }

  private async send(queue: string, jobs: QueuedJob[]): Promise<string[]> {
    if (jobs.length === 0) return [];
    const added = await this.through(queue, (open) => open.addBulk(jobs));
    return added.map(({ id }) => id as string);
  }

  private async through<T>(name: string, use: (queue: OpenQueue) => Promise<T>): Promise<T> {
    try {
      return await use(await this.opened(name));
    } catch (error) {
      throw asQueueError(error);
    }
  }

  private opened(name: string): Promise<OpenQueue> {
    const known = this.queues.get(name);
    if (known) return known;
    const opening = this.backend.openQueue(name, this.log);
    this.queues.set(name, opening);
    opening.catch(() => this.queues.delete(name));
    return opening;
  }
}

function jobOptions(job: JobDefinition, { jobId, coalesceBy, delayMs, priority }: AddOptions): JobsOptions {
  if (jobId !== undefined && (/^\d*$/.test(jobId) || jobId.includes(':'))) {
    throw new JobNotStorableError('A job id must hold more than digits, and no colon');
  }
  return {
    priority: priority ?? job.priority,
    removeOnComplete: job.rememberForSeconds > 0 ? { age: job.rememberForSeconds } : true,
    removeOnFail: true,
    ...(jobId === undefined ? {} : { jobId }),
    ...(coalesceBy === undefined ? {} : { deduplication: { id: coalesceBy, keepLastIfActive: true } }),
    ...(delayMs === undefined ? {} : { delay: delayMs }),
  };
}

/** SQLSTATE class 22: PostgreSQL was there and refused the data, as it does a NUL character in JSON. */
function asQueueError(error: unknown): Error {
  if (error instanceof QueueUnavailableError) return error;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code)) {
    return new JobNotStorableError(
      'The data of a job holds a character or number that the queue cannot keep',
      {
        cause: error,
      },
    );
  }
  return new QueueUnavailableError({ cause: error });
}
