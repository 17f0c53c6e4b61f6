import { type CsvDialect, type ScannedRecord, scanRecord, withoutReturn } from './csv-record.js';
import {
  damagedText,
  isDamaged,
  MAX_COLUMNS,
  type RowError,
  type RowReader,
  type SourceRow,
  tooLarge,
  tooManyCells,
} from './source-row.js';

/**
 * Reads CSV so that a bad record costs one line: that line is handed on with its reason, and reading
 * resumes on the next. A quote is only legal at the start of a cell, so two neighbouring lines cannot
 * both open one that stays open; that keeps the second look at a line, and the whole reading, linear.
 *
 * csv-parse 7 was tried first: told to skip bad records, it drops the rows after a misplaced quote without
 * a word, and after an unclosed quote or a record over its limit, all the rest. It also took five times as long, and
 * ten times with the line numbers (`info`) that a rejected row needs.
 */
export class CsvReader implements RowReader {
  private text = '';
  private at = 0;
  private line = 1;
  private skipping = false;
  private nextQuote = -1;

  constructor(
    private readonly dialect: CsvDialect,
    private readonly limit: number,
  ) {}

  read(piece: string, end: boolean): SourceRow[] {
    this.text = this.text.slice(this.at) + piece;
    this.at = 0;
    this.nextQuote = this.findQuote(0);
    const rows: SourceRow[] = [];
    while (this.at < this.text.length && this.readRecord(rows, end));
    return rows;
  }

  /** False when the rest has to wait for more text. */
  private readRecord(rows: SourceRow[], end: boolean): boolean {
    const lineEnd = this.text.indexOf(this.dialect.newline, this.at);
    if (this.skipping) return this.skipLine(lineEnd);
    if (this.isOverLimit(lineEnd)) {
      rows.push(tooLarge(this.line, this.text.slice(this.at, this.at + this.limit), this.limit));
      return this.skipLine(lineEnd);
    }
    if (lineEnd < 0 && !end) return false;
    const stop = lineEnd < 0 ? this.text.length : lineEnd;
    return this.hasQuoteBefore(stop) ? this.readQuoted(rows, stop, end) : this.readPlain(rows, stop);
  }

  private readPlain(rows: SourceRow[], stop: number): boolean {
    const line = withoutReturn(this.text.slice(this.at, stop));
    // One more than is taken tells that it is too many; a megabyte of commas would be as many cells.
    if (line !== '') rows.push(this.row(line, line.split(this.dialect.delimiter, MAX_COLUMNS + 1)));
    this.advance(stop + 1, 1);
    return true;
  }

  private readQuoted(rows: SourceRow[], stop: number, end: boolean): boolean {
    const scanned = this.scan(end);
    if (scanned === 'open' && !end && this.text.length <= this.at + this.limit) return false;
    if (scanned === 'open' || 'error' in scanned) {
      const raw = withoutReturn(this.text.slice(this.at, stop));
      rows.push({ line: this.line, raw, error: scanned === 'open' ? unclosedQuote : scanned.error });
      this.advance(stop + 1, 1);
      return true;
    }
    const record = this.text.slice(this.at, scanned.next);
    rows.push(this.row(record, scanned.cells));
    this.advance(scanned.next, linesIn(record, this.dialect.newline));
    return true;
  }

  private scan(end: boolean): ScannedRecord {
    const bound = Math.min(this.text.length, this.at + this.limit + 1);
    const final = end && this.text.length <= this.at + this.limit;
    return scanRecord(this.text, { start: this.at, bound, final }, this.dialect);
  }

  private row(text: string, raw: string[]): SourceRow {
    const { line } = this;
    if (raw.length > MAX_COLUMNS) return tooManyCells(line, text);
    return isDamaged(text) ? { line, raw, error: damagedText } : { line, raw };
  }

  private isOverLimit(lineEnd: number): boolean {
    const length = (lineEnd < 0 ? this.text.length : lineEnd) - this.at;
    return length > this.limit;
  }

  private skipLine(lineEnd: number): boolean {
    this.skipping = lineEnd < 0;
    this.advance(lineEnd < 0 ? this.text.length : lineEnd + 1, lineEnd < 0 ? 0 : 1);
    return true;
  }

  private advance(to: number, lines: number): void {
    this.at = to;
    this.line += lines;
  }

  private hasQuoteBefore(stop: number): boolean {
    if (this.nextQuote >= 0 && this.nextQuote < this.at) this.nextQuote = this.findQuote(this.at);
    return this.nextQuote >= 0 && this.nextQuote < stop;
  }

  private findQuote(from: number): number {
    return this.dialect.quote === '' ? -1 : this.text.indexOf(this.dialect.quote, from);
  }
}

function linesIn(record: string, newline: string): number {
  let lines = 1;
  const last = record.length - 1;
  for (let at = record.indexOf(newline); at >= 0 && at < last; at = record.indexOf(newline, at + 1))
    lines += 1;
  return lines;
}

const unclosedQuote: RowError = {
  code: 'UNCLOSED_QUOTE',
  reason: 'A quote that opens on this line does not close before the file or the largest record ends',
};
