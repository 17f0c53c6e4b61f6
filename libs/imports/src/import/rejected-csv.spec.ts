import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CsvFormat } from '../reading/import-format.js';
import { readRecords } from '../reading/record-stream.js';
import { type RejectedRow, rejectedCsv } from './rejected-csv.js';

describe('rejected rows as CSV', () => {
  it('puts line, fields, codes and reasons after the columns of the file', async () => {
    expect(await written(['Key', 'Name'], [row(['k', 'Ada, Lovelace'])])).toBe(
      'Key,Name,_line,_field,_code,_reason\n' +
        'k,"Ada, Lovelace",3,name; properties.a,TOO_LONG; WRONG_TYPE,is too long; is a list\n',
    );
  });

  it('gives an NDJSON line as it was', async () => {
    expect(await written(undefined, [row('{"a":"b"}')])).toContain('\n"{""a"":""b""}",3,');
  });

  it('keeps cells beyond the last column, and pads where some are missing', async () => {
    const text = await written(['a', 'b', 'c'], [row(['1', '2', '3', '4']), row(['1'])]);
    const [, long, short] = text.split('\n');
    expect(long).toMatch(/^1,2,3,3,.*,4$/);
    expect(short).toMatch(/^1,,,3,/);
  });

  it('brings every cell back unchanged, formulas too', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1 }), async (rows) => {
        const text = await written(
          ['a', 'b'],
          rows.map((raw) => row(raw)),
        );
        expect(await cellsOf(text)).toEqual(rows);
      }),
    ));
});

const row = (raw: RejectedRow['raw']): RejectedRow => ({
  line: 3,
  raw,
  rejections: [
    { field: 'name', code: 'TOO_LONG', reason: 'is too long' },
    { field: 'properties.a', code: 'WRONG_TYPE', reason: 'is a list' },
  ],
});

const cell = fc
  .array(fc.constantFrom('=', '+', '-', '@', '"', ',', '\n', '\r', '\t', ' ', 'a', 'é', '1'), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

async function written(columns: readonly string[] | undefined, rows: RejectedRow[]): Promise<string> {
  let text = '';
  for await (const piece of rejectedCsv(
    columns,
    (async function* () {
      yield rows;
    })(),
  ))
    text += piece;
  return text;
}

async function cellsOf(text: string) {
  const format: CsvFormat = { kind: 'csv', encoding: 'utf-8', delimiter: ',', quote: '"', newline: '\n' };
  const cells: (string | undefined)[][] = [];
  const source = (async function* () {
    yield Buffer.from(text);
  })();
  for await (const { rows } of readRecords(source, format)) {
    cells.push(
      ...(rows.map(({ raw, error }) => (error === undefined ? raw.slice(0, 2) : [error.code])) as string[][]),
    );
  }
  return cells;
}
