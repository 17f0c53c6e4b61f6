import type { RowError } from './source-row.js';

export interface CsvDialect {
  readonly delimiter: string;
  /** Empty when nothing is quoted. */
  readonly quote: string;
  readonly newline: '\n' | '\r';
}

export type ScannedRecord =
  | { readonly cells: string[]; readonly next: number }
  | { readonly error: RowError }
  | 'open';

/**
 * Reads the record at `start`, looking no further than `bound`; `open` when it does not end before that.
 * `final` says that the text ends at `bound`, which then ends a record, too.
 */
export function scanRecord(
  text: string,
  { start, bound, final }: { start: number; bound: number; final: boolean },
  dialect: CsvDialect,
): ScannedRecord {
  const cells: string[] = [];
  for (let at = start; ; ) {
    const cell =
      text[at] === dialect.quote && at < bound
        ? quotedCell(text, at, bound, dialect)
        : bareCell(text, at, bound, dialect);
    if (cell === 'open' || 'error' in cell) return cell;
    cells.push(cell.value);
    if (text[cell.end] === dialect.delimiter && cell.end < bound) {
      at = cell.end + 1;
      continue;
    }
    const next = text[cell.end] === dialect.newline ? cell.end + 1 : cell.end + 2;
    if (next <= bound) return { cells, next };
    return final ? { cells, next: bound } : 'open';
  }
}

/** A line without its newline may still carry the carriage return of a `\r\n`. */
export const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

type ScannedCell = { readonly value: string; readonly end: number } | { readonly error: RowError } | 'open';

function bareCell(text: string, start: number, bound: number, dialect: CsvDialect): ScannedCell {
  let end = start;
  for (; end < bound; end += 1) {
    const char = text[end];
    if (char === dialect.delimiter || char === dialect.newline) break;
    if (char === dialect.quote) return { error: quoteInCell };
  }
  const value = text.slice(start, end);
  const endsLine = end >= bound || text[end] === dialect.newline;
  return { value: endsLine ? withoutReturn(value) : value, end };
}

function quotedCell(text: string, start: number, bound: number, dialect: CsvDialect): ScannedCell {
  const { quote } = dialect;
  let doubled = false;
  let close = text.indexOf(quote, start + 1);
  while (close >= 0 && text[close + 1] === quote && close + 1 < bound) {
    doubled = true;
    close = text.indexOf(quote, close + 2);
  }
  if (close < 0 || close >= bound) return 'open';
  const value = text.slice(start + 1, close);
  const end = close + 1;
  if (end < bound && !endsCell(text, end, bound, dialect)) return { error: textAfterQuote };
  return { value: doubled ? value.replaceAll(quote + quote, quote) : value, end };
}

function endsCell(text: string, at: number, bound: number, { delimiter, newline }: CsvDialect): boolean {
  const char = text[at];
  if (char === delimiter || char === newline) return true;
  return char === '\r' && (at + 1 >= bound || text[at + 1] === newline);
}

const quoteInCell: RowError = {
  code: 'QUOTE_IN_CELL',
  reason:
    'A quote stands inside a cell that does not begin with one; quote the whole cell and double the quote',
};

const textAfterQuote: RowError = {
  code: 'TEXT_AFTER_QUOTE',
  reason: 'Text follows a closing quote; double the quotes that belong to the value',
};
