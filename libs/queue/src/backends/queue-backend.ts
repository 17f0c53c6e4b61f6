import type { JobsOptions } from 'bullmq';
import type { Logger } from '#platform';
import type { CallLimiter } from '../call-limits/call-limiter.js';

/** Where jobs are kept: Redis, or the PostgreSQL that is there anyway. Everything above it is the same for both. */
export interface QueueBackend {
  readonly kind: 'redis' | 'postgres';
  /** Counts calls to vendors for all processes on this store. */
  readonly calls: CallLimiter;
  /** Brings up what the backend keeps in its store; safe to call from every process at once. */
  prepare(): Promise<void>;
  /** @throws QueueUnavailableError when the store does not answer. */
  ping(): Promise<void>;
  openQueue(name: string, log: Logger): Promise<OpenQueue>;
  openWorker(
    name: string,
    processor: JobProcessor,
    settings: WorkerSettings,
    log: Logger,
  ): Promise<OpenWorker>;
  close(): Promise<void>;
}

/** The part of BullMQ's `Queue` in use here. */
export interface OpenQueue {
  addBulk(jobs: QueuedJob[]): Promise<readonly { readonly id?: string }[]>;
  getJobCounts(...states: CountedState[]): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export interface QueuedJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts: JobsOptions;
}

export type CountedState = 'waiting' | 'prioritized' | 'delayed' | 'active';

/** The part of BullMQ's `Worker` in use here. */
export interface OpenWorker {
  /** Takes no further job and waits for the running ones. */
  pause(): Promise<void>;
  cancelAllJobs(reason: string): void;
  close(force: boolean): Promise<void>;
}

/** The part of BullMQ's `Job` a processor looks at. */
export interface TakenJob {
  readonly id?: string | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly timestamp: number;
  readonly attemptsMade: number;
  readonly stalledCounter: number;
  readonly deduplicationId?: string | undefined;
  readonly opts: JobsOptions;
  readonly token?: string | undefined;
  moveToDelayed(timestamp: number, token?: string): Promise<void>;
}

export type JobProcessor = (job: TakenJob, signal: AbortSignal) => Promise<void>;

export interface WorkerSettings {
  readonly concurrency: number;
  /** How long a silent worker keeps a job before another may take it. */
  readonly lockDurationMs: number;
  /** How often jobs of silent workers are looked for. */
  readonly stalledIntervalMs: number;
}
