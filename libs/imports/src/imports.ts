import type { Logger, Pool, PrismaClient } from '#platform';
import type { Queues } from '#queue';
import { ImportFeeder } from './chunks/import-feeder.js';
import { ImportStateError } from './import/import.errors.js';
import type { ImportView } from './import/import.js';
import { type ImportPage, ImportQueries, type ImportViewer } from './import/import.queries.js';
import { ImportStore } from './import/import.store.js';
import { rejectedCsv } from './import/rejected-csv.js';
import { ImportReceiver, type ImportRequest } from './receiving/import-receiver.js';
import { ImportRetry, type RetryRequest } from './receiving/import-retry.js';

export interface ImportsParts {
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  readonly queues: Queues;
  readonly log: Logger;
}

/** All that can be asked of imports from outside; the worker's side is {@link ImportWork}. */
export class Imports {
  private readonly store: ImportStore;
  private readonly queries: ImportQueries;
  private readonly receiver: ImportReceiver;
  private readonly retries: ImportRetry;

  constructor({ pool, prisma, queues, log }: ImportsParts) {
    this.store = new ImportStore(pool);
    const feeder = new ImportFeeder(this.store, queues, log);
    this.queries = new ImportQueries(prisma);
    this.receiver = new ImportReceiver(this.store, feeder, log);
    this.retries = new ImportRetry(pool, this.store, this.queries, feeder);
  }

  /** Takes a file in; see {@link ImportReceiver.receive}. */
  async receive(bytes: AsyncIterable<Uint8Array>, request: ImportRequest): Promise<ImportView> {
    const id = await this.receiver.receive(bytes, request);
    return this.queries.get(id, { actor: request.createdBy, access: request.access });
  }

  /** @throws ImportNotFoundError */
  get(id: string, viewer: ImportViewer): Promise<ImportView> {
    return this.queries.get(id, viewer);
  }

  list(page: ImportPage, viewer: ImportViewer): Promise<ImportView[]> {
    return this.queries.list(page, viewer);
  }

  /** Rows that are applied stay applied. Saying it twice is saying it once. @throws ImportStateError */
  async cancel(id: string, viewer: ImportViewer): Promise<ImportView> {
    await this.queries.get(id, viewer);
    const cancelled = await this.store.finish(id, 'cancelled');
    const view = await this.queries.get(id, viewer);
    if (!cancelled && view.status !== 'cancelled') throw new ImportStateError(id, view.status, 'it is over');
    return view;
  }

  /** @returns the new import. @throws ImportStateError, NothingToRetryError, ImportMappingError */
  async retryRejected(id: string, request: RetryRequest): Promise<ImportView> {
    const viewer = { actor: request.createdBy, access: request.access };
    return this.queries.get(await this.retries.retry(await this.queries.get(id, viewer), request), viewer);
  }

  /** The rows that were not taken, as CSV text piece by piece. */
  async rejectedCsv(id: string, viewer: ImportViewer): Promise<AsyncIterable<string>> {
    const { columns } = await this.queries.get(id, viewer);
    return rejectedCsv(columns, this.queries.rejected(id));
  }
}
