import type { JobRunner, Queues } from '#queue';
import { enqueuePage, enqueueRecords, type Sync, syncJobs } from '#sync';
import type { Sweep } from '../sweeper.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/**
 * Takes runs from page to page and works off webhook deliveries.
 * @returns the sweeps that keep both going whatever the queue forgets, and start what is due
 */
export function registerSync(runner: JobRunner, { pages, work, sweeps }: Sync, queues: Queues): Sweep[] {
  runner
    .register(syncJobs.page, async ({ run_id }, { signal }) => {
      const next = await pages.work(run_id, signal);
      if (next) await enqueuePage(queues, run_id, next.afterMs);
    })
    .register(syncJobs.records, async ({ connection_id }, { signal }) => {
      const more = await work.workOff(connection_id, signal);
      if (more) await enqueueRecords(queues, connection_id, more.afterMs);
    });
  return [
    { name: 'sync-bring-back', everyMs: 5 * SECOND, run: () => sweeps.bringBack() },
    { name: 'sync-due-runs', everyMs: 5 * SECOND, run: () => sweeps.startDueRuns() },
    { name: 'sync-forget', everyMs: HOUR, run: () => sweeps.forgetOldWork() },
  ];
}
