import { stringify } from 'csv-stringify/sync';
import type { Rejection } from '../mapping/import-mapping.js';
import type { SourceRow } from '../reading/source-row.js';

export interface RejectedRow extends Pick<SourceRow, 'line' | 'raw'> {
  readonly rejections: readonly Rejection[];
}

/**
 * Rejected rows in the file's own columns, then why; mended, it can be imported again with the same
 * mapping. NDJSON, and a row too broken to have cells, puts its text into the first column. Cells stay
 * as they came, formulas too: they are the operator's own data and have to survive the round trip.
 */
export async function* rejectedCsv(
  columns: readonly string[] | undefined,
  batches: AsyncIterable<readonly RejectedRow[]>,
): AsyncGenerator<string, void, undefined> {
  const width = columns?.length ?? 1;
  yield csvLines([[...(columns ?? ['_record']), '_line', '_field', '_code', '_reason']]);
  for await (const rows of batches) yield csvLines(rows.map((row) => cellsOf(row, width)));
}

const csvLines = (rows: readonly (readonly string[])[]): string =>
  stringify([...rows], { quoted_match: /[\r\n]/, escape_formulas: false });

/** Cells beyond the last column follow the reason, so that nothing of the row is lost. */
function cellsOf({ line, raw, rejections }: RejectedRow, width: number): string[] {
  const cells = typeof raw === 'string' ? [raw] : raw;
  const own = Array.from({ length: width }, (_, index) => cells[index] ?? '');
  const each = (pick: (rejection: Rejection) => string) => rejections.map(pick).join('; ');
  const why = [each(({ field }) => field), each(({ code }) => code), each(({ reason }) => reason)];
  return [...own, String(line), ...why, ...cells.slice(width)];
}
