import { z } from 'zod';
import { defineJob, type Queues } from '#queue';

export const SYNC_QUEUE = 'sync';

/** Jobs of the queue `sync`. Their data are ids: what there is to do stands in PostgreSQL. */
export const syncJobs = {
  /** Some seconds of a run, page by page; it adds the job that goes on. */
  page: defineJob({
    queue: SYNC_QUEUE,
    name: 'sync.page',
    schema: z.strictObject({ run_id: z.uuid() }),
    priority: 10,
  }),
  /** The records that the waiting webhook deliveries of a connection speak of. */
  records: defineJob({
    queue: SYNC_QUEUE,
    name: 'sync.records',
    schema: z.strictObject({ connection_id: z.uuid() }),
    priority: 1,
  }),
};

/** Adds the job of a run's next page; while one of them waits or runs there is never a third. */
export async function enqueuePage(queues: Queues, runId: string, delayMs = 0): Promise<void> {
  await queues.add(syncJobs.page, { run_id: runId }, { coalesceBy: `page-${runId}`, ...delayed(delayMs) });
}

/**
 * Adds a job for a run that nobody works on. That of a killed worker stays active for as long as its lock lasts and
 * would hold this one back, so it goes by another name, of the page that it is at.
 */
export async function enqueueAbandoned(queues: Queues, runId: string, page: number): Promise<void> {
  await queues.add(syncJobs.page, { run_id: runId }, { coalesceBy: `page-${runId}-${page}` });
}

/** However many webhooks arrive, one job at a time works them off, and one more waits for those that came since. */
export async function enqueueRecords(queues: Queues, connectionId: string, delayMs = 0): Promise<void> {
  const data = { connection_id: connectionId };
  await queues.add(syncJobs.records, data, { coalesceBy: `records-${connectionId}`, ...delayed(delayMs) });
}

/**
 * Adds a job for deliveries that nobody comes to. The one that should is on the queue, where it keeps others out, and may
 * lie there for an hour: a queue's delays go by the clock of the worker that asked for them. So it goes by another name.
 */
export async function enqueueForgottenRecords(queues: Queues, connectionId: string): Promise<void> {
  const data = { connection_id: connectionId };
  await queues.add(syncJobs.records, data, { coalesceBy: `records-${connectionId}-forgotten` });
}

/** Whether a job that is coalesced by this was added because nobody came to its work: that may have taken them down. */
export const isAbandoned = (coalescedBy: string): boolean => /^page-.{36}-\d+$|-forgotten$/.test(coalescedBy);

const delayed = (delayMs: number) => (delayMs > 0 ? { delayMs: Math.ceil(delayMs) } : {});
