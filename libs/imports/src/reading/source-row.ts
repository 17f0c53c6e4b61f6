import { DOCUMENT_BOUNDS, describeExcess, excessOf } from '#platform';

/** One record of a file as it stood there: a CSV row's cells, or a line of text. */
export interface SourceRow {
  /** Where the record starts, counted from 1. */
  readonly line: number;
  readonly raw: string | readonly string[];
  /** Present when the row cannot be read; `raw` is then what is left of it. */
  readonly error?: RowError;
}

export interface RowError {
  readonly code: RowErrorCode;
  readonly reason: string;
}

export type RowErrorCode =
  | 'COLUMN_COUNT'
  | 'DAMAGED_TEXT'
  | 'INVALID_JSON'
  | 'QUOTE_IN_CELL'
  | 'RECORD_TOO_LARGE'
  | 'TEXT_AFTER_QUOTE'
  | 'UNCLOSED_QUOTE';

/** Turns pieces of text into rows, holding back what is not complete yet. */
export interface RowReader {
  /** The rows that `piece` completes; `end` says that nothing follows. */
  read(piece: string, end: boolean): SourceRow[];
}

const KEPT_OF_TOO_LARGE = 1_000;

export const MAX_COLUMNS = 2_000;

export const tooLarge = (line: number, text: string, limit: number): SourceRow => ({
  line,
  raw: text.slice(0, KEPT_OF_TOO_LARGE),
  error: { code: 'RECORD_TOO_LARGE', reason: `The record is longer than ${limit} characters` },
});

export const tooManyCells = (line: number, text: string): SourceRow => ({
  line,
  raw: text.slice(0, KEPT_OF_TOO_LARGE),
  error: { code: 'COLUMN_COUNT', reason: `it has more than ${MAX_COLUMNS} cells` },
});

/** A line whose JSON is too much to parse is told apart here: what reads lines later parses them as they are. */
export function lineOf(line: number, raw: string): SourceRow {
  const excess = excessOf(raw, DOCUMENT_BOUNDS);
  if (!excess) return { line, raw };
  const reason = `The line ${describeExcess(excess)}`;
  return { line, raw: raw.slice(0, KEPT_OF_TOO_LARGE), error: { code: 'INVALID_JSON', reason } };
}

/** Decoders put U+FFFD where bytes mean nothing, so a row that holds one has lost something. */
export const isDamaged = (text: string) => text.includes('\ufffd');

export const damagedText: RowError = {
  code: 'DAMAGED_TEXT',
  reason: 'Some bytes are not text in the encoding of this import; name the right encoding or repair the row',
};
