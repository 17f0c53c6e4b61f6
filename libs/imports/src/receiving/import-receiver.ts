import { type ProjectAccess, requireProject } from '#identity';
import { type Logger, uuidv7 } from '#platform';
import { packRows, rowsPerChunk } from '../chunks/chunk-rows.js';
import type { ImportFeeder } from '../chunks/import-feeder.js';
import { UploadBrokenError, UploadInterruptedError } from '../import/import.errors.js';
import type { ImportStore } from '../import/import.store.js';
import { compileImportMapping } from '../mapping/import-mapping.js';
import type { ImportMapping } from '../mapping/import-mapping.schema.js';
import {
  detectFormat,
  type FormatHints,
  type ImportFormatSettings,
  SAMPLE_SIZE,
} from '../reading/import-format.js';
import { type RowBatch, readRecords } from '../reading/record-stream.js';
import { peek } from './import-source.js';

export interface ImportRequest {
  /** A UUID of the caller's choice, by which the import can be watched while it is still being sent. */
  readonly id?: string | undefined;
  readonly fileName: string;
  readonly contentType?: string | undefined;
  readonly mapping: ImportMapping;
  readonly format: ImportFormatSettings;
  readonly dryRun: boolean;
  readonly projectId: string | null;
  readonly access: ProjectAccess;
  readonly createdBy: string;
}

const SIGN_OF_LIFE_MS = 20_000;

/** Takes a file in as it comes: one chunk is in memory, the others wait in PostgreSQL or with the sender. */
export class ImportReceiver {
  constructor(
    private readonly store: ImportStore,
    private readonly feeder: ImportFeeder,
    private readonly log: Logger,
  ) {}

  /**
   * Resolves with the import's id when the file is here, or when the import was cancelled meanwhile.
   * @throws ImportMappingError, InvalidHeaderError, UnsupportedFileError, ProjectForbiddenError before any row is
   *   taken; UploadBrokenError when the bytes stop, and UploadInterruptedError when we do, which fails the import.
   */
  async receive(bytes: AsyncIterable<Uint8Array>, request: ImportRequest): Promise<string> {
    rejectForeignProject(request);
    const upload = new Upload(bytes);
    const { head, source } = await peek(upload, SAMPLE_SIZE);
    const format = detectFormat(head, hintsOf(request), request.format);
    const batches = readRecords(source, format, { batchSize: rowsPerChunk(request.mapping) });
    const first = await batches.next();
    const columns = first.value?.columns;
    await compileImportMapping(request.mapping, columns);
    const id = request.id ?? uuidv7();
    const projectIds = request.access === 'all' ? [] : request.access;
    await this.store.create({ ...request, id, format, columns, projectIds });
    await this.storeChunks(id, first, batches, upload);
    return id;
  }

  private async storeChunks(
    id: string,
    first: IteratorResult<RowBatch, void>,
    batches: AsyncGenerator<RowBatch, void, undefined>,
    upload: Upload,
  ): Promise<void> {
    const signs = setInterval(() => this.giveSignOfLife(id), SIGN_OF_LIFE_MS);
    try {
      for (let next = first; !next.done; next = await batches.next()) {
        const { rows } = next.value;
        if (rows.length > 0 && !(await this.storeChunk(id, next.value, upload.bytesRead))) return;
      }
      await this.store.endUpload(id, upload.bytesRead);
    } catch (error) {
      await this.store.finish(id, 'failed', failureOf(error));
      throw error;
    } finally {
      clearInterval(signs);
      await batches.return();
    }
  }

  private giveSignOfLife(id: string): void {
    this.store.touch(id).catch((error: { code?: string }) => {
      this.log.warn({ importId: id, code: error.code }, 'an upload could not give a sign of life');
    });
  }

  private async storeChunk(id: string, { rows }: RowBatch, bytesRead: number): Promise<boolean> {
    const stored = await this.store.addChunk(id, {
      rows: await packRows(rows),
      rowCount: rows.length,
      bytesRead,
    });
    if (stored) await this.feeder.feedIfReachable(id);
    return stored;
  }
}

/** Rows without a project of their own would all be rejected: better said before the first. */
function rejectForeignProject({ access, projectId, mapping }: ImportRequest): void {
  if (projectId !== null || mapping.project_id === undefined) requireProject(access, projectId);
}

const hintsOf = ({ fileName, contentType }: ImportRequest): FormatHints => ({ fileName, contentType });

const failureOf = (error: unknown): string =>
  error instanceof UploadBrokenError || error instanceof UploadInterruptedError
    ? error.message
    : 'The server could not store the file; send it again';

/** Counts the bytes, and tells a sender that broke off from trouble of our own. */
class Upload implements AsyncIterable<Uint8Array> {
  bytesRead = 0;

  constructor(private readonly bytes: AsyncIterable<Uint8Array>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of this.bytes) {
        this.bytesRead += chunk.length;
        yield chunk;
      }
    } catch (cause) {
      throw cause instanceof UploadInterruptedError ? cause : new UploadBrokenError({ cause });
    }
  }
}
