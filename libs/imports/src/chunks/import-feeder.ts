import type { Logger } from '#platform';
import { type Queues, QueueUnavailableError } from '#queue';
import type { DueChunk, ImportStore } from '../import/import.store.js';
import { chunkJobId, importChunkJob } from './import.jobs.js';

/**
 * Puts the next chunk of an import on the queue: after each chunk that comes in, after each that was applied, and
 * again and again for all imports, since a queue may forget. A chunk that is on the queue already is not added twice.
 */
export class ImportFeeder {
  constructor(
    private readonly store: ImportStore,
    private readonly queues: Queues,
    private readonly log: Logger,
  ) {}

  /** @throws QueueUnavailableError */
  async feed(importId?: string): Promise<void> {
    const due = await this.store.due(importId);
    await this.queues.addBulk(importChunkJob, due.map(toJob));
  }

  /** For a caller that has something better to do than to fail: housekeeping feeds the import later. */
  async feedIfReachable(importId: string): Promise<void> {
    try {
      await this.feed(importId);
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error;
      this.log.warn({ importId, code: error.code }, 'import waits for the queue');
    }
  }
}

/**
 * The job of a stuck chunk may lie with a worker that was killed, and blocks its id until it counts as stalled. So
 * a second job is tried, one for each span of time; it costs a look at the database when the first one lives.
 */
const toJob = ({ importId, number, stuck, now }: DueChunk) => ({
  data: { import_id: importId, number },
  jobId: chunkJobId(importId, number, stuck ? Math.floor(now.getTime() / ANOTHER_TRY_MS) : undefined),
});

const ANOTHER_TRY_MS = 10_000;
