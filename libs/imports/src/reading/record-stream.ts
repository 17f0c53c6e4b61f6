import { isStorable, Stretches } from '#platform';
import { CsvReader } from './csv-reader.js';
import type { ImportFormat } from './import-format.js';
import { NdjsonReader } from './ndjson-reader.js';
import { MAX_COLUMNS, type RowReader, type SourceRow } from './source-row.js';
import { decodeText } from './text-encoding.js';

export interface RowBatch {
  /** Names of the CSV columns, each different; NDJSON has none. */
  readonly columns: readonly string[] | undefined;
  readonly rows: readonly SourceRow[];
}

export interface RecordLimits {
  /** Records in one batch at most. */
  readonly batchSize: number;
  /** Characters in one record at most. */
  readonly maxRecordLength: number;
  /** Characters taken from the source at a time, at least. */
  readonly pieceLength: number;
}

const defaults: RecordLimits = { batchSize: 500, maxRecordLength: 1_000_000, pieceLength: 16_384 };

/**
 * Reads a file's records in batches, never holding more than a batch and one record. Unreadable records
 * come along as rows with an `error`. A CSV always yields a first batch, if only to tell its columns.
 */
export async function* readRecords(
  source: AsyncIterable<Uint8Array>,
  format: ImportFormat,
  limits: Partial<RecordLimits> = {},
): AsyncGenerator<RowBatch, void, undefined> {
  const { batchSize, maxRecordLength, pieceLength } = { ...defaults, ...limits };
  const batches = new Batches(format, batchSize, maxRecordLength);
  const stretches = new Stretches();
  for await (const piece of decodeText(source, format.encoding, pieceLength)) {
    yield* batches.add(piece);
    if (stretches.over) await stretches.giveTurn();
  }
  yield* batches.end();
}

export class InvalidHeaderError extends Error {
  override readonly name = 'InvalidHeaderError';
  readonly code = 'INVALID_HEADER';
  constructor(reason: string) {
    super(`The first row of a CSV file has to name its columns, at most ${MAX_COLUMNS}: ${reason}`);
  }
}

/** Trims names, numbers repeated ones (`Email`, `Email (2)`) and names empty ones by place (`Column 3`). */
export function columnNames(header: readonly string[]): string[] {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return header.map((cell, index) => {
    const name = cell.trim() === '' ? `Column ${index + 1}` : cell.trim();
    let unique = name;
    // Goes on where it stopped for the same name: thousands of columns of one name are numbered in one pass.
    let count = counts.get(name) ?? 2;
    for (; taken.has(unique); count += 1) unique = `${name} (${count})`;
    counts.set(name, count);
    taken.add(unique);
    return unique;
  });
}

class Batches {
  private readonly reader: RowReader;
  private columns: readonly string[] | undefined;
  private rows: SourceRow[] = [];
  private length = 0;
  private columnsTold = false;

  constructor(
    private readonly format: ImportFormat,
    private readonly batchSize: number,
    private readonly maxRecordLength: number,
  ) {
    this.reader =
      format.kind === 'csv' ? new CsvReader(format, maxRecordLength) : new NdjsonReader(maxRecordLength);
  }

  *add(piece: string): Generator<RowBatch, void, undefined> {
    this.length += piece.length;
    this.take(this.reader.read(piece, false));
    // Long records fill a batch by their length, or a batch of them would not fit into memory.
    const least = this.length >= 2 * this.maxRecordLength ? 1 : this.batchSize;
    while (this.rows.length >= least) yield this.batch();
  }

  *end(): Generator<RowBatch, void, undefined> {
    this.take(this.reader.read('', true));
    if (this.format.kind === 'csv') {
      if (this.columns === undefined) throw new InvalidHeaderError('the file is empty');
      if (!this.columnsTold && this.rows.length === 0) yield this.batch();
    }
    while (this.rows.length > 0) yield this.batch();
  }

  private batch(): RowBatch {
    const rows = this.rows.splice(0, this.batchSize);
    if (this.rows.length === 0) this.length = 0;
    this.columnsTold = true;
    return { columns: this.columns, rows };
  }

  private take(rows: SourceRow[]): void {
    if (this.format.kind === 'csv' && this.columns === undefined) this.takeHeader(rows);
    const { columns } = this;
    for (const row of rows)
      this.rows.push(columns === undefined ? row : withCellsCounted(row, columns.length));
  }

  private takeHeader(rows: SourceRow[]): void {
    const header = rows.shift();
    if (header === undefined) return;
    if (header.error !== undefined || typeof header.raw === 'string') {
      throw new InvalidHeaderError(header.error?.reason ?? 'it is not a row');
    }
    if (!header.raw.every(isStorable))
      throw new InvalidHeaderError('a name holds NUL or half of a character pair');
    this.columns = columnNames(header.raw);
  }
}

function withCellsCounted(row: SourceRow, columns: number): SourceRow {
  if (row.error !== undefined || typeof row.raw === 'string' || row.raw.length === columns) return row;
  const reason = `The row has ${row.raw.length} cells where the header has ${columns}`;
  return { ...row, error: { code: 'COLUMN_COUNT', reason } };
}
