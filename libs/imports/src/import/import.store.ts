import type { Pool, PoolClient } from '#platform';
import type { ImportMapping } from '../mapping/import-mapping.schema.js';
import type { ImportFormat } from '../reading/import-format.js';
import { ImportExistsError } from './import.errors.js';
import type { ImportCounts } from './import.js';
import type { RejectedRow } from './rejected-csv.js';

export interface NewImport {
  readonly id: string;
  readonly fileName: string;
  readonly format: ImportFormat;
  readonly mapping: ImportMapping;
  readonly projectId: string | null;
  readonly dryRun: boolean;
  readonly columns: readonly string[] | undefined;
  readonly createdBy: string;
  /** Empty: every project. */
  readonly projectIds: readonly string[];
  readonly retryOf?: string;
}

/** A chunk that waits to be applied, with what its import says about it. */
export interface StoredChunk {
  readonly importId: string;
  readonly number: number;
  readonly rows: Buffer;
  readonly mapping: ImportMapping;
  readonly columns: readonly string[] | undefined;
  readonly projectId: string | null;
  readonly projectIds: readonly string[];
  readonly dryRun: boolean;
  /** Its rows were rejected before. */
  readonly isRetry: boolean;
}

export interface ChunkPlace {
  readonly importId: string;
  readonly number: number;
}

export interface DueChunk extends ChunkPlace {
  /** Nothing has come of its import for a while, though this chunk waits. */
  readonly stuck: boolean;
  /** By the database's clock. */
  readonly now: Date;
}

const STUCK_AFTER = '5 seconds';

type Executor = Pool | PoolClient;

/**
 * Writes of imports and their chunks, and the reads of the worker. An import is one row that its receiver and its
 * worker both update in short statements; each sees in the answer what the other has done. Chunks are numbered from
 * 0 and applied in order, so `chunks_done` is the number of the next one.
 */
export class ImportStore {
  constructor(private readonly pool: Pool) {}

  /** @throws ImportExistsError */
  async create(wanted: NewImport, on: Executor = this.pool): Promise<void> {
    const { format, mapping, columns = [], projectId, retryOf = null } = wanted;
    await on
      .query(
        `insert into imports (id, file_name, format, mapping, project_id, dry_run, status, columns, created_by,
          project_ids, retry_of) values ($1, $2, $3, $4, $5, $6, 'receiving', $7, $8, $9, $10)`,
        [
          wanted.id,
          wanted.fileName,
          JSON.stringify(format),
          JSON.stringify(mapping),
          projectId ?? '',
          wanted.dryRun,
          columns,
          wanted.createdBy,
          wanted.projectIds,
          retryOf,
        ],
      )
      .catch((cause: { code?: string }) => {
        throw cause.code === '23505' ? new ImportExistsError(wanted.id, { cause }) : cause;
      });
  }

  /** @returns false when the import takes no more rows: it was cancelled, or counts as failed. */
  async addChunk(
    importId: string,
    chunk: { readonly rows: Buffer; readonly rowCount: number; readonly bytesRead: number },
    on: Executor = this.pool,
  ): Promise<boolean> {
    const { rowCount } = await on.query(
      `with counted as (
        update imports set chunks_stored = chunks_stored + 1, rows_read = rows_read + $3, bytes_read = $4,
          updated_at = now() where id = $1 and status = 'receiving' returning chunks_stored - 1 as number)
      insert into import_chunks (import_id, number, rows) select $1, number, $2 from counted`,
      [importId, chunk.rows, chunk.rowCount, chunk.bytesRead],
    );
    return rowCount === 1;
  }

  /** Says that the upload lives, though no chunk is complete. */
  async touch(importId: string): Promise<void> {
    await this.pool.query(`update imports set updated_at = now() where id = $1 and status = 'receiving'`, [
      importId,
    ]);
  }

  /** The file is here; without a chunk to wait for, that completes the import. */
  async endUpload(importId: string, bytesRead: number, on: Executor = this.pool): Promise<void> {
    await on.query(
      `update imports set bytes_read = $2, updated_at = now(),
        status = case when chunks_done = chunks_stored then 'completed' else 'running' end,
        finished_at = case when chunks_done = chunks_stored then now() end
      where id = $1 and status = 'receiving'`,
      [importId, bytesRead],
    );
  }

  /** @returns false when the import had finished before. */
  async finish(importId: string, status: 'cancelled' | 'failed', error?: string): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `update imports set status = $2, error = $3, updated_at = now(), finished_at = now()
      where id = $1 and status in ('receiving', 'running')`,
      [importId, status, error ?? null],
    );
    await this.dropChunks(importId);
    return rowCount === 1;
  }

  /** Drops what will not be applied any more; a chunk that is being applied goes its own way. */
  async dropChunks(importId: string): Promise<void> {
    await this.pool.query(
      `delete from import_chunks where (import_id, number) in (
        select import_id, number from import_chunks where import_id = $1 for update skip locked)`,
      [importId],
    );
  }

  /** The next chunk of an import, or of every import that has one. */
  async due(importId?: string): Promise<DueChunk[]> {
    const { rows } = await this.pool.query<{ id: string; chunks_done: number; stuck: boolean; now: Date }>(
      `select id, chunks_done, updated_at < now() - interval '${STUCK_AFTER}' as stuck, now() as now from imports where status in ('receiving', 'running') and chunks_done < chunks_stored
        and ($1::uuid is null or id = $1) order by updated_at limit 1000`,
      [importId ?? null],
    );
    return rows.map((row) => ({ importId: row.id, number: row.chunks_done, stuck: row.stuck, now: row.now }));
  }

  /** Whether the chunk waits, and nothing has come of its import for a while. */
  async isStuck(importId: string, number: number): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `select 1 from imports where id = $1 and chunks_done = $2 and chunks_done < chunks_stored
        and status in ('receiving', 'running') and updated_at < now() - interval '${STUCK_AFTER}'`,
      [importId, number],
    );
    return rowCount === 1;
  }

  /** A worker is at its chunk, however long that takes. */
  async showLife(importId: string): Promise<void> {
    await this.pool.query(
      `update imports set updated_at = now() where id = $1 and status in ('receiving', 'running')`,
      [importId],
    );
  }

  /** The chunk, when it is its turn. */
  async readDue(importId: string, number: number): Promise<StoredChunk | undefined> {
    const { rows } = await this.pool.query<ChunkRow>(
      `select c.rows, i.mapping, i.columns, i.format, i.project_id, i.project_ids, i.dry_run,
        i.retry_of is not null as is_retry
      from imports i join import_chunks c on c.import_id = i.id and c.number = i.chunks_done
      where i.id = $1 and i.chunks_done = $2 and i.status in ('receiving', 'running')`,
      [importId, number],
    );
    const [row] = rows;
    return row && toChunk(importId, number, row);
  }

  /** Takes the chunk away in the caller's transaction. @returns false when that was done, or is being done, elsewhere. */
  async take(client: PoolClient, { importId, number }: ChunkPlace): Promise<boolean> {
    const { rowCount } = await client.query(
      `delete from import_chunks where (import_id, number) in (
        select import_id, number from import_chunks where import_id = $1 and number = $2 for update skip locked)`,
      [importId, number],
    );
    return rowCount === 1;
  }

  async addRejections(client: PoolClient, importId: string, rejected: readonly RejectedRow[]): Promise<void> {
    if (rejected.length === 0) return;
    // Not json[]: in an array each quote of a record is escaped once more, which takes long for one that is large.
    await client.query(
      `insert into import_rejections (import_id, line, record, reasons)
      select $1, rejected.* from rows from
        (unnest($2::bigint[]), json_array_elements($3::json), unnest($4::jsonb[])) as rejected`,
      [
        importId,
        rejected.map(({ line }) => line),
        JSON.stringify(rejected.map(({ raw }) => raw)),
        rejected.map(({ rejections }) => JSON.stringify(rejections)),
      ],
    );
  }

  /** Counts a chunk as done; the last one completes the import. */
  async countChunk(client: PoolClient, importId: string, counts: Omit<ImportCounts, 'read'>): Promise<void> {
    await client.query(
      `update imports set chunks_done = chunks_done + 1, rows_created = rows_created + $2,
        rows_updated = rows_updated + $3, rows_unchanged = rows_unchanged + $4, rows_rejected = rows_rejected + $5,
        updated_at = now(),
        status = case when status = 'running' and chunks_done + 1 = chunks_stored then 'completed' else status end,
        finished_at = case when status = 'running' and chunks_done + 1 = chunks_stored then now() else finished_at end
      where id = $1`,
      [importId, counts.created, counts.updated, counts.unchanged, counts.rejected],
    );
  }
}

interface ChunkRow {
  readonly rows: Buffer;
  readonly mapping: ImportMapping;
  readonly columns: readonly string[];
  readonly format: ImportFormat;
  readonly project_id: string;
  readonly project_ids: readonly string[];
  readonly dry_run: boolean;
  readonly is_retry: boolean;
}

const toChunk = (importId: string, number: number, row: ChunkRow): StoredChunk => ({
  importId,
  number,
  rows: row.rows,
  mapping: row.mapping,
  columns: row.format.kind === 'csv' ? row.columns : undefined,
  projectId: row.project_id || null,
  projectIds: row.project_ids,
  dryRun: row.dry_run,
  isRetry: row.is_retry,
});
