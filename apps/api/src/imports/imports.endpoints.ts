import { z } from 'zod';
import { LIMITS } from '#identity';
import { IMPORT_STATUSES, ImportShape } from '#imports';
import { endpoint } from '../http/endpoint.js';
import { Limit, queryText } from '../http/query.js';
import { formatParams, mappingParam } from './import.params.js';

const COLLECTION = '/v1/imports';
const ITEM = `${COLLECTION}/{import_id}`;
const tag = 'imports';
const params = z.object({ import_id: z.uuid() });

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

export const startImport = endpoint({
  method: 'POST',
  path: COLLECTION,
  scope: 'write',
  tag,
  id: 'start_import',
  summary: 'Import identities from a file',
  description:
    'The body is the file, of any size: CSV (its delimiter, quotes and encoding are detected) or NDJSON. Rows are applied while ' +
    'the rest arrives. Answers when the file is here; the work goes on until `status` says otherwise.',
  query: z.object({
    mapping: mappingParam,
    dry_run: flag.meta({
      description: 'Only count what would be done.',
      parameterSchema: { type: 'boolean', default: false },
    }),
    project_id: queryText(LIMITS.projectId)
      .optional()
      .meta({ description: 'The project of rows that name none themselves.' }),
    file_name: queryText(255)
      .optional()
      .meta({ description: 'Kept for people; its ending hints at the format.' }),
    import_id: z
      .uuid()
      .toLowerCase()
      .optional()
      .meta({ description: 'An id of your choice, to watch or cancel the import while you still send it.' }),
    ...formatParams,
  }),
  headers: ['X-Project-Id'],
  body: 'stream',
  bodyTypes: ['text/csv', 'application/x-ndjson', 'application/octet-stream'],
  answer: ImportShape,
  refusals: [400, 409],
});

export const listImports = endpoint({
  method: 'GET',
  path: COLLECTION,
  scope: 'read',
  tag,
  id: 'list_imports',
  summary: 'List imports, newest first',
  description: 'A key that is limited to projects sees the imports it started.',
  query: z.object({
    status: z.enum(IMPORT_STATUSES).optional(),
    after: z.uuid().optional().meta({ description: 'An id: the page that starts right after it.' }),
    limit: Limit,
  }),
  answer: z.array(ImportShape),
  refusals: [404],
});

export const retrieveImport = endpoint({
  method: 'GET',
  path: ITEM,
  scope: 'read',
  tag,
  id: 'retrieve_import',
  summary: 'Retrieve an import with its counts',
  params,
  answer: ImportShape,
  refusals: [404],
});

export const watchImport = endpoint({
  method: 'GET',
  path: `${ITEM}/progress`,
  scope: 'read',
  tag,
  id: 'watch_import',
  summary: 'Watch an import, as server-sent events',
  description:
    'An event `progress` with the import as its data whenever it changed, then one `finished`, then the stream ends.',
  params,
  answer: { mediaType: 'text/event-stream' },
  refusals: [404],
});

export const cancelImport = endpoint({
  method: 'POST',
  path: `${ITEM}/cancel`,
  scope: 'write',
  tag,
  id: 'cancel_import',
  summary: 'Stop an import; rows that are applied stay applied',
  params,
  answer: ImportShape,
  refusals: [404, 409],
});

export const retryFailedRows = endpoint({
  method: 'POST',
  path: `${ITEM}/retry-failed`,
  scope: 'write',
  tag,
  id: 'retry_failed_rows',
  summary: 'Apply the rejected rows of an import again, as a new import',
  description: `The body may be left out, or be JSON: ${JSON.stringify({ mapping: '(a corrected mapping)', dry_run: true })}.`,
  params,
  body: 'bytes',
  bodyTypes: ['application/json'],
  answer: ImportShape,
  refusals: [404, 409],
});

export const downloadRejected = endpoint({
  method: 'GET',
  path: `${ITEM}/rejected`,
  scope: 'read',
  tag,
  id: 'download_rejected_rows',
  summary: 'Download the rejected rows as CSV',
  description: "The file's own columns, then `_line`, `_field`, `_code` and `_reason`.",
  params,
  answer: { mediaType: 'text/csv; charset=utf-8' },
  refusals: [404],
});
