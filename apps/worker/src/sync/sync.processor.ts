import type { JobRegistry, Queues } from '#queue';
import { enqueuePage, enqueueRecords, isAbandoned, type Sync, syncJobs } from '#sync';
import type { Chore } from '../housekeeper.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/**
 * Takes runs from page to page and works off webhook deliveries.
 * @returns the chores that keep both going whatever the queue forgets, and start what is due
 */
export function registerSync(
  registry: JobRegistry,
  { pages, work, housekeeping }: Sync,
  queues: Queues,
): Chore[] {
  registry
    .register(
      syncJobs.page,
      async ({ run_id }, { signal, isAlone, isolate }) => {
        // Alone it is one page: the next one is not suspected.
        const next = await (isAlone ? pages.next(run_id, signal, isolate) : pages.work(run_id, signal));
        if (next) await enqueuePage(queues, run_id, next.afterMs);
      },
      {
        manner: async ({ run_id }, { coalescedBy }) => {
          if (!isAbandoned(coalescedBy)) return 'among others';
          return (await pages.isAbandoned(run_id)) ? 'alone' : 'not now';
        },
        showLife: ({ run_id }) => pages.showItsLife(run_id),
        setAside: ({ run_id }, failure) => pages.giveUp(run_id, failure),
      },
    )
    .register(
      syncJobs.records,
      async ({ connection_id }, context) => {
        const more = await work.workOff(connection_id, context.signal, context);
        if (more) await enqueueRecords(queues, connection_id, more.afterMs);
      },
      {
        manner: (_data, { coalescedBy }) => (isAbandoned(coalescedBy) ? 'alone' : 'among others'),
        setAside: ({ connection_id }, failure) => work.giveUp(connection_id, failure),
      },
    );
  return [
    { name: 'sync-bring-back', everyMs: 5 * SECOND, run: () => housekeeping.bringBack() },
    { name: 'sync-due-runs', everyMs: 5 * SECOND, run: () => housekeeping.startDueRuns() },
    { name: 'sync-forget', everyMs: HOUR, run: () => housekeeping.forgetOldWork() },
  ];
}
