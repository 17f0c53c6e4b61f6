import type { Logger, Pool } from '#platform';
import type { Queues } from '#queue';
import { ChunkApplier, type UpsertBatch } from './chunk-applier.js';
import { ImportStore } from './import.store.js';
import { ImportFeeder } from './import-feeder.js';
import { ImportSweeps } from './import-sweeps.js';

export interface ImportWorkParts {
  readonly pool: Pool;
  readonly queues: Queues;
  readonly upsert: UpsertBatch;
  readonly log: Logger;
}

/** The worker's side of imports. */
export class ImportWork {
  readonly sweeps: ImportSweeps;
  private readonly applier: ChunkApplier;
  private readonly feeder: ImportFeeder;

  constructor({ pool, queues, upsert, log }: ImportWorkParts) {
    const store = new ImportStore(pool);
    this.feeder = new ImportFeeder(store, queues, log);
    this.applier = new ChunkApplier(pool, store, upsert);
    this.sweeps = new ImportSweeps(pool, store, this.feeder);
  }

  /** Applies a chunk when it is its turn, and puts the next one on the queue. */
  async applyChunk(importId: string, number: number): Promise<void> {
    await this.applier.apply(importId, number);
    await this.feeder.feed(importId);
  }
}
