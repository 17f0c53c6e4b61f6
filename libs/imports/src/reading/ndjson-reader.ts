import { damagedText, isDamaged, lineOf, type RowReader, type SourceRow, tooLarge } from './source-row.js';

/** Splits text into lines; what a line holds is read where it is mapped. Empty lines are passed over. */
export class NdjsonReader implements RowReader {
  private text = '';
  private at = 0;
  private line = 1;
  private skipping = false;

  constructor(private readonly limit: number) {}

  read(piece: string, end: boolean): SourceRow[] {
    this.text = this.text.slice(this.at) + piece;
    this.at = 0;
    const rows: SourceRow[] = [];
    while (this.at < this.text.length && this.readLine(rows, end));
    return rows;
  }

  /** False when the rest has to wait for more text. */
  private readLine(rows: SourceRow[], end: boolean): boolean {
    const newline = this.text.indexOf('\n', this.at);
    const stop = newline < 0 ? this.text.length : newline;
    const isLong = stop - this.at > this.limit;
    if (newline < 0 && !end && !isLong && !this.skipping) return false;
    if (!this.skipping) this.takeLine(rows, stop, isLong);
    this.skipping = newline < 0;
    this.at = newline < 0 ? stop : stop + 1;
    if (newline >= 0) this.line += 1;
    return true;
  }

  private takeLine(rows: SourceRow[], stop: number, isLong: boolean): void {
    const { line } = this;
    const raw = this.text.slice(this.at, isLong ? this.at + this.limit : stop).trim();
    if (isLong) rows.push(tooLarge(line, raw, this.limit));
    else if (isDamaged(raw)) rows.push({ line, raw, error: damagedText });
    else if (raw !== '') rows.push(lineOf(line, raw));
  }
}
