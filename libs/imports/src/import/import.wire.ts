import { z } from 'zod';
import { importMappingSchema } from '../mapping/import-mapping.schema.js';
import { IMPORT_STATUSES, type ImportView } from './import.js';

const count = z.int().min(0);
const time = z.iso.datetime();

/** An import as clients read it. */
export const ImportShape = z
  .strictObject({
    id: z.uuid(),
    status: z.enum(IMPORT_STATUSES).meta({
      description:
        'receiving: the file still arrives; running: it is here; failed and cancelled: what was applied stays, the rest never will be.',
    }),
    file_name: z.string(),
    format: z.record(z.string(), z.string()).meta({ description: 'What was detected, or set.' }),
    mapping: importMappingSchema,
    project_id: z.string().nullable(),
    dry_run: z.boolean().meta({ description: 'Nothing is written; the counts say what would be.' }),
    columns: z.array(z.string()).nullable().meta({ description: 'null for NDJSON' }),
    rows: z
      .strictObject({ read: count, created: count, updated: count, unchanged: count, rejected: count })
      .meta({ description: 'read: arrived so far; the others add up to the rows that were looked at.' }),
    bytes_read: count,
    retry_of: z.uuid().nullable(),
    error: z.string().nullable(),
    created_by: z.string(),
    created_at: time,
    updated_at: time,
    finished_at: time.nullable(),
  })
  .meta({ id: 'Import' });

export type ImportOnTheWire = z.infer<typeof ImportShape>;

export const importToWire = (view: ImportView): ImportOnTheWire => ({
  id: view.id,
  status: view.status,
  file_name: view.fileName,
  format: { ...view.format },
  mapping: view.mapping,
  project_id: view.projectId,
  dry_run: view.dryRun,
  columns: view.columns ? [...view.columns] : null,
  rows: view.rows,
  bytes_read: view.bytesRead,
  retry_of: view.retryOf,
  error: view.error,
  created_by: view.createdBy,
  created_at: view.createdAt.toISOString(),
  updated_at: view.updatedAt.toISOString(),
  finished_at: view.finishedAt?.toISOString() ?? null,
});
