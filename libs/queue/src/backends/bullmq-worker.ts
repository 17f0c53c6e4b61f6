import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, UnrecoverableError, type WorkerOptions } from 'bullmq';
import { isDatabaseUnavailable, type Logger, tellsOfOutage } from '#platform';
import type { JobProcessor, TakenJob, WorkerSettings } from './queue-backend.js';

/** What both backends tell BullMQ about a worker. */
export function workerOptions(settings: WorkerSettings): Omit<WorkerOptions, 'connection'> {
  return {
    concurrency: settings.concurrency,
    lockDuration: settings.lockDurationMs,
    stalledInterval: settings.stalledIntervalMs,
    // A stalled job is innocent until it takes down a process in which it runs alone.
    maxStalledCount: 1_000_000,
    // Finished jobs may hold personal data and dead letters are kept by us, so nothing stays behind in the queue.
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };
}

/** BullMQ hands out an abort signal only to a processor that declares three parameters. */
export const withSignal =
  (processor: JobProcessor) =>
  (job: TakenJob, _token?: string, signal?: AbortSignal): Promise<void> =>
    processor(job, signal ?? new AbortController().signal);

/** A lost lock means that another worker has the job: the handler here is told to stop. */
export function listen(worker: ListenedWorker, log: Logger): void {
  worker.on('error', (error) => sayError(log, error, 'queue worker'));
  worker.on('stalled', (jobId) => log.warn({ jobId }, 'job stalled, goes back to its queue'));
  worker.on('lockRenewalFailed', (jobIds) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, 'lock lost');
  });
}

/** A connection that its pool lost is said there; every queue and worker on the pool hears of it, too. */
export function sayError(log: Logger, error: Error & { code?: string }, message: string): void {
  const isSaid = tellsOfOutage(error) || isDatabaseUnavailable(error);
  log[isSaid ? 'debug' : 'warn']({ code: error.code, kind: error.name }, message);
}

/** BullMQ asks for the next job at once when it could not be told of one; a database that is away is left alone a while. */
export async function restingAfterFailure<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    await sleep(REST_MS, undefined, { ref: false });
    throw error;
  }
}

const REST_MS = 1_000;
const ASK_AGAIN_MS = 5_000;

/**
 * BullMQ's look for stalled jobs waits five seconds after a failure, and its timer outlives a worker that is closed
 * meanwhile: no process could end before. `ask` is its own way, told not to wait; this waits on a timer that holds nobody.
 */
export async function waitingFreely<T>(
  fn: () => Promise<T>,
  ask: (fn: () => Promise<T>, delayMs: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  let failed = false;
  const watched = () =>
    fn().catch((error: unknown) => {
      failed = true;
      throw error;
    });
  const answer = await ask(watched, 0);
  if (failed) await sleep(ASK_AGAIN_MS, undefined, { ref: false });
  return answer;
}

interface ListenedWorker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'stalled', listener: (jobId: string) => void): unknown;
  on(event: 'lockRenewalFailed', listener: (jobIds: string[]) => void): unknown;
  cancelJob(jobId: string, reason: string): boolean;
}

/** Puts a job off without counting this try: BullMQ counts what a processor throws, but for this one error. */
export async function putOff(job: TakenJob, ms: number): Promise<never> {
  await job.moveToDelayed(Date.now() + ms, job.token);
  throw new DelayedError();
}

/** Tells BullMQ to give a job up at once. */
export const giveUp = (message: string): Error => new UnrecoverableError(message);
