import type { Logger, Pool } from '#platform';
import type { JobData, JobFailure, Manner, Queues } from '#queue';
import { ImportStore } from '../import/import.store.js';
import { type ApplyingHelp, ChunkApplier, type UpsertBatch } from './chunk-applier.js';
import { type importChunkJob, isAnotherTry } from './import.jobs.js';
import { ImportFeeder } from './import-feeder.js';
import { ImportHousekeeping, notApplied } from './import-housekeeping.js';

export interface ImportWorkParts {
  readonly pool: Pool;
  readonly queues: Queues;
  readonly upsert: UpsertBatch;
  readonly log: Logger;
}

/** The worker's side of imports. */
export class ImportWork {
  readonly housekeeping: ImportHousekeeping;
  private readonly store: ImportStore;
  private readonly applier: ChunkApplier;
  private readonly feeder: ImportFeeder;

  constructor({ pool, queues, upsert, log }: ImportWorkParts) {
    this.store = new ImportStore(pool);
    const { store } = this;
    this.feeder = new ImportFeeder(store, queues, log);
    this.applier = new ChunkApplier(pool, store, upsert, log);
    this.housekeeping = new ImportHousekeeping(pool, store, this.feeder);
  }

  /** Applies a chunk when it is its turn, and puts the next one on the queue. */
  async applyChunk(importId: string, number: number, help?: ApplyingHelp): Promise<void> {
    await this.applier.apply(importId, number, help);
    await this.feeder.feed(importId);
  }

  /** A further job of a chunk is there because nothing came of the first: whoever was at it may have been taken down. */
  async mannerOf({ import_id: importId, number }: ImportChunk, jobId: string): Promise<Manner> {
    if (!isAnotherTry(jobId)) return 'among others';
    if (this.applier.isBusyWith(importId)) return 'not now';
    return (await this.store.isStuck(importId, number)) ? 'alone' : 'not now';
  }

  showLife({ import_id: importId }: ImportChunk): Promise<void> {
    return this.store.showLife(importId);
  }

  /** Ends an import of which a chunk cannot be applied. */
  async giveUp({ import_id: importId, number }: ImportChunk, failure: JobFailure): Promise<void> {
    await this.store.finish(importId, 'failed', notApplied(number, failure));
  }
}

type ImportChunk = JobData<typeof importChunkJob>;
