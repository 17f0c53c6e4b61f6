import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Command, Option } from 'commander';
import { type ImportOnTheWire, ImportShape } from '#imports';
import { ApiClient } from '../api-client.js';
import { readMapping } from './mapping-argument.js';
import { progressDisplay } from './progress-display.js';
import { uploadFile } from './upload-file.js';
import { watchImport } from './watch-import.js';

interface ImportOptions {
  readonly map: string;
  readonly dryRun?: boolean;
  readonly project?: string;
  readonly format?: string;
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly rejected?: string;
}

const ROWS_REJECTED = 2;
const INTERRUPTED = 130;

/** `rollcall import FILE --map MAP`: exit code 0 when every row was taken, 2 when some were not, 1 when it failed. */
export const importCommand = (): Command =>
  new Command('import')
    .description(
      'import identities from a CSV or NDJSON file (ROLLCALL_URL, ROLLCALL_API_KEY with scope write)',
    )
    .argument('<file>', 'the file, or - for standard input')
    .requiredOption('--map <map>', 'the mapping: a JSON file, or JSON itself (docs/imports.md)')
    .option('--dry-run', 'write nothing; count what would be done')
    .option('--project <id>', 'the project of rows that name none')
    .addOption(new Option('--format <kind>', 'when it is not to be detected').choices(['csv', 'ndjson']))
    .option('--encoding <name>', 'utf-8, utf-16le, utf-16be or windows-1252; default: detected')
    .option('--delimiter <character>', 'default: detected')
    .option('--rejected <file>', 'save the rejected rows there, as CSV')
    .action(async (file: string, options: ImportOptions) => {
      process.exitCode = await runImport(file, options);
    });

async function runImport(file: string, options: ImportOptions): Promise<number> {
  const api = ApiClient.fromEnvironment();
  const id = randomUUID();
  const query = queryOf(id, file, options);
  const { source, size } = await open(file);
  const stop = explainInterrupts(api, id);
  const display = progressDisplay(size);
  try {
    const upload = uploadFile(api, `/v1/imports?${query}`, source);
    const view = await watchImport(api, id, upload, (now) => display.show(now));
    display.end();
    return await conclude(api, view, options);
  } finally {
    display.end();
    stop();
  }
}

function queryOf(id: string, file: string, options: ImportOptions): URLSearchParams {
  const given = {
    import_id: id,
    mapping: readMapping(options.map),
    file_name: file === '-' ? undefined : path.basename(file),
    dry_run: options.dryRun ? 'true' : undefined,
    project_id: options.project,
    format: options.format,
    encoding: options.encoding,
    delimiter: options.delimiter,
  };
  return new URLSearchParams(Object.entries(given).filter((entry): entry is [string, string] => !!entry[1]));
}

async function open(file: string): Promise<{ source: Readable; size: number | undefined }> {
  if (file === '-') return { source: process.stdin, size: undefined };
  const { size } = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new UnreadableFileError(file, cause);
  });
  return { source: createReadStream(file, { highWaterMark: 256 * 1024 }), size };
}

async function conclude(api: ApiClient, view: ImportOnTheWire, options: ImportOptions): Promise<number> {
  const { created, updated, unchanged, rejected } = view.rows;
  const summary = `created ${created}, updated ${updated}, unchanged ${unchanged}, rejected ${rejected}`;
  process.stdout.write(`${view.dry_run ? 'Dry run, nothing was written: ' : ''}${summary}\n`);
  if (rejected > 0) await offerRejected(api, view, options.rejected);
  if (view.status !== 'completed') {
    process.stderr.write(
      `The import ${view.status === 'failed' ? `failed: ${view.error}` : 'was cancelled'}\n`,
    );
    return 1;
  }
  return rejected > 0 ? ROWS_REJECTED : 0;
}

async function offerRejected(
  api: ApiClient,
  { id }: ImportOnTheWire,
  file: string | undefined,
): Promise<void> {
  const place = `/v1/imports/${id}/rejected`;
  if (file === undefined) {
    process.stderr.write(
      `The rejected rows, with the reasons: GET ${api.url}${place} (or --rejected FILE)\n`,
    );
    return;
  }
  const { body } = await api.send('GET', place);
  await pipeline(Readable.fromWeb(body as ReadableStream), createWriteStream(file));
  process.stderr.write(`The rejected rows, with the reasons, are in ${file}\n`);
}

/** Ctrl-C ends this program only; what that means for the import depends on how far it is. */
function explainInterrupts(api: ApiClient, id: string): () => void {
  const explain = async () => {
    process.stderr.write(`\n${await fateOf(api, id)}\n`);
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', explain);
  return () => process.off('SIGINT', explain);
}

async function fateOf(api: ApiClient, id: string): Promise<string> {
  const place = `${api.url}/v1/imports/${id}`;
  try {
    const { status } = await api.call('GET', `/v1/imports/${id}`, ImportShape);
    return status === 'receiving'
      ? `The upload stops here, and with it the import; rows that are applied stay. See GET ${place}`
      : `The import goes on without this program. Watch it: GET ${place}; cancel it: POST ${place}/cancel`;
  } catch (error) {
    return `Stopped; whether an import began is to be seen at GET ${place} (${(error as Error).message})`;
  }
}

class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
  readonly code = 'UNREADABLE_FILE';
  constructor(file: string, cause: NodeJS.ErrnoException) {
    super(`${file} cannot be read: ${cause.code === 'ENOENT' ? 'there is no such file' : cause.code}`, {
      cause,
    });
  }
}
