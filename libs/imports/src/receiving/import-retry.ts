import { type ProjectAccess, requireProject } from '#identity';
import { inTransaction, type Pool, type PoolClient, uuidv7 } from '#platform';
import { packRows, rowsPerChunk } from '../chunks/chunk-rows.js';
import type { ImportFeeder } from '../chunks/import-feeder.js';
import { ImportStateError, NothingToRetryError } from '../import/import.errors.js';
import { type ImportView, isFinished } from '../import/import.js';
import type { ImportQueries } from '../import/import.queries.js';
import type { ImportStore, NewImport } from '../import/import.store.js';
import type { RejectedRow } from '../import/rejected-csv.js';
import { compileImportMapping } from '../mapping/import-mapping.js';
import type { ImportMapping } from '../mapping/import-mapping.schema.js';
import type { RowErrorCode, SourceRow } from '../reading/source-row.js';

export interface RetryRequest {
  /** A corrected mapping; without one, the import's own. */
  readonly mapping?: ImportMapping | undefined;
  readonly dryRun?: boolean | undefined;
  readonly access: ProjectAccess;
  readonly createdBy: string;
}

/**
 * Applies the rejected rows of a finished import again, as an import of its own: the old one's counts stay what they
 * were. It takes all of them each time; a row that an earlier retry took in is unchanged by the next.
 */
export class ImportRetry {
  constructor(
    private readonly pool: Pool,
    private readonly store: ImportStore,
    private readonly queries: ImportQueries,
    private readonly feeder: ImportFeeder,
  ) {}

  /** @throws ImportStateError, NothingToRetryError, ImportMappingError, ProjectForbiddenError */
  async retry(original: ImportView, request: RetryRequest): Promise<string> {
    requireRetryable(original);
    const again = retryOf(original, request);
    if (again.projectId !== null || !again.mapping.project_id)
      requireProject(request.access, again.projectId);
    await compileImportMapping(again.mapping, again.columns);
    await inTransaction(this.pool, (client) => this.copyRejected(client, original, again));
    await this.feeder.feedIfReachable(again.id);
    return again.id;
  }

  /** In one transaction, so that no crash leaves half of a retry behind. */
  private async copyRejected(client: PoolClient, original: ImportView, again: NewImport): Promise<void> {
    await this.store.create(again, client);
    for await (const rows of inChunks(this.queries.rejected(original.id), rowsPerChunk(again.mapping))) {
      const chunk = { rows: await packRows(rows), rowCount: rows.length, bytesRead: 0 };
      await this.store.addChunk(again.id, chunk, client);
    }
    await this.store.endUpload(again.id, 0, client);
  }
}

function requireRetryable({ id, status, rows }: ImportView): void {
  if (!isFinished(status)) throw new ImportStateError(id, status, 'wait until it is finished, or cancel it');
  if (rows.rejected === 0) throw new NothingToRetryError(id);
}

const retryOf = (original: ImportView, { mapping, dryRun, access, createdBy }: RetryRequest): NewImport => ({
  ...original,
  id: uuidv7(),
  mapping: mapping ?? original.mapping,
  dryRun: dryRun ?? original.dryRun,
  createdBy,
  projectIds: access === 'all' ? [] : access,
  retryOf: original.id,
});

async function* inChunks(
  batches: AsyncIterable<readonly RejectedRow[]>,
  size: number,
): AsyncGenerator<SourceRow[], void, undefined> {
  const rows: SourceRow[] = [];
  for await (const batch of batches) {
    rows.push(...batch.map(toSource));
    while (rows.length >= size) yield rows.splice(0, size);
  }
  if (rows.length > 0) yield rows;
}

/** A row that could not be read has no field to blame; no mapping will read it either. */
function toSource({ line, raw, rejections }: RejectedRow): SourceRow {
  const unreadable = rejections.find(({ field }) => field === '');
  if (!unreadable) return { line, raw };
  return { line, raw, error: { code: unreadable.code as RowErrorCode, reason: unreadable.reason } };
}
