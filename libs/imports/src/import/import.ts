import type { ImportMapping } from '../mapping/import-mapping.schema.js';
import type { ImportFormat } from '../reading/import-format.js';

/**
 * `receiving`: the file still arrives, its first rows are applied already; `running`: the file is here;
 * `completed`: every row was looked at; `cancelled` and `failed`: the rows not applied by then never will be.
 */
export const IMPORT_STATUSES = ['receiving', 'running', 'completed', 'cancelled', 'failed'] as const;
export type ImportStatus = (typeof IMPORT_STATUSES)[number];

export const isFinished = (status: ImportStatus): boolean => status !== 'receiving' && status !== 'running';

/** What became of the rows so far: all but `read` add up to the rows that were looked at. */
export interface ImportCounts {
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
}

/** An import as queries answer it. */
export interface ImportView {
  readonly id: string;
  readonly status: ImportStatus;
  readonly fileName: string;
  readonly format: ImportFormat;
  readonly mapping: ImportMapping;
  readonly projectId: string | null;
  readonly dryRun: boolean;
  /** Undefined for NDJSON. */
  readonly columns: readonly string[] | undefined;
  readonly rows: ImportCounts;
  readonly bytesRead: number;
  /** The import whose rejected rows these are. */
  readonly retryOf: string | null;
  /** Why it failed, in words for whoever started it. */
  readonly error: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}
