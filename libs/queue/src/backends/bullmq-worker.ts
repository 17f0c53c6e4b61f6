import { UnrecoverableError, type WorkerOptions } from 'bullmq';
import type { Logger } from '#platform';
import type { JobProcessor, TakenJob, WorkerSettings } from './queue-backend.js';

/** What both backends tell BullMQ about a worker. */
export function workerOptions(settings: WorkerSettings): Omit<WorkerOptions, 'connection'> {
  return {
    concurrency: settings.concurrency,
    lockDuration: settings.lockDurationMs,
    stalledInterval: settings.stalledIntervalMs,
    // How many stalls are too many is the processor's to say: there it can record the dead letter first.
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
  worker.on('error', (error) =>
    log.warn({ code: (error as NodeJS.ErrnoException).code, kind: error.name }, 'queue worker'),
  );
  worker.on('stalled', (jobId) => log.warn({ jobId }, 'job stalled, goes back to its queue'));
  worker.on('lockRenewalFailed', (jobIds) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, 'lock lost');
  });
}

interface ListenedWorker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'stalled', listener: (jobId: string) => void): unknown;
  on(event: 'lockRenewalFailed', listener: (jobIds: string[]) => void): unknown;
  cancelJob(jobId: string, reason: string): boolean;
}

/** Tells BullMQ to give a job up at once. */
export const giveUp = (message: string): Error => new UnrecoverableError(message);
