import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import type { CsvFormat, ImportFormat } from './import-format.js';
import { columnNames, type RecordLimits, readRecords } from './record-stream.js';
import type { SourceRow } from './source-row.js';

describe('reading CSV', () => {
  it('gives cells with the line each row starts on', async () => {
    expect(await read('a,b\n1,"x\ny"\n\n2,"say ""hi"""\r\n')).toEqual([
      { line: 2, raw: ['1', 'x\ny'] },
      { line: 5, raw: ['2', 'say "hi"'] },
    ]);
  });

  it('agrees with csv-parse on any well-formed file', () =>
    fc.assert(
      fc.asyncProperty(wellFormed, async ({ text, delimiter }) => {
        const [, ...expected] = parse(text, {
          delimiter,
          record_delimiter: ['\r\n', '\n'],
          relax_column_count: true,
        });
        const rows = await read(text, { ...csv, delimiter });
        expect(rows.map(({ raw }) => raw)).toEqual(expected);
      }),
    ));

  it('gives the same rows however the bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(
        anyText,
        cuts,
        fc.integer({ min: 1, max: 12 }),
        async (text, sizes, maxRecordLength) => {
          const source = `key,other\n${text}`;
          const limits = { maxRecordLength: 9 + maxRecordLength };
          expect(await read(source, csv, limits, sizes, 1)).toEqual(await read(source, csv, limits));
        },
      ),
      { numRuns: 1_000 },
    ));

  it('hands on every line of a hostile file exactly once, as part of a row or with an error', () =>
    fc.assert(
      fc.asyncProperty(hostileText, async (text) => {
        const rows = await read(`key,other\n${text}`);
        const starts = rows.map(({ line }) => line);
        expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
        const lines = text.split('\n');
        const plain = lines.flatMap((line, index) => (/["\r]/.test(text) || line === '' ? [] : [index + 2]));
        expect(starts).toEqual(expect.arrayContaining(plain));
      }),
    ));

  it('rejects the one line with a misplaced quote and goes on with the next', async () => {
    expect(await read('a,b\n1,2\n"x"y,3\n4,5\n6,"7"\n5" pipe,8\n9,9\n')).toEqual([
      { line: 2, raw: ['1', '2'] },
      { line: 3, raw: '"x"y,3', error: withCode('TEXT_AFTER_QUOTE') },
      { line: 4, raw: ['4', '5'] },
      { line: 5, raw: ['6', '7'] },
      { line: 6, raw: '5" pipe,8', error: withCode('QUOTE_IN_CELL') },
      { line: 7, raw: ['9', '9'] },
    ]);
  });

  it('rejects the one line whose quote never closes', async () => {
    expect(await read('a,b\n1,2\n"xy,3\n4,5\n6,7')).toEqual([
      { line: 2, raw: ['1', '2'] },
      { line: 3, raw: '"xy,3', error: withCode('UNCLOSED_QUOTE') },
      { line: 4, raw: ['4', '5'] },
      { line: 5, raw: ['6', '7'] },
    ]);
  });

  it('rejects a record over the limit, keeps its beginning and goes on', async () => {
    const rows = await read(`a,b\n${'x'.repeat(5_000)},1\n2,3\n`, csv, { maxRecordLength: 2_000 });
    expect(rows).toEqual([
      { line: 2, raw: 'x'.repeat(1_000), error: withCode('RECORD_TOO_LARGE') },
      { line: 3, raw: ['2', '3'] },
    ]);
  });

  it('rejects rows that have more or fewer cells than the header', async () => {
    expect(await read('a,b\n1\n1,2,3\n1,2\n')).toEqual([
      { line: 2, raw: ['1'], error: withCode('COLUMN_COUNT') },
      { line: 3, raw: ['1', '2', '3'], error: withCode('COLUMN_COUNT') },
      { line: 4, raw: ['1', '2'] },
    ]);
  });

  it('rejects rows whose bytes mean nothing in the encoding', async () => {
    const bytes = Buffer.concat([Buffer.from('a,b\n1,'), Buffer.from([0xe9]), Buffer.from('\n2,é\n')]);
    expect(await rowsOf(readRecords(pieces(bytes, [3]), csv))).toEqual([
      { line: 2, raw: ['1', '\ufffd'], error: withCode('DAMAGED_TEXT') },
      { line: 3, raw: ['2', 'é'] },
    ]);
  });

  it('reads an unclosed quote on every other line in linear time', async () => {
    const text = `a,b\n${'"x,1\ny,2\n'.repeat(100_000)}`;
    const rows = await read(text, csv);
    expect(rows.length).toBe(200_000);
  }, 10_000);

  it.each<[string, ImportFormat, (text: string) => Buffer]>([
    ['UTF-8 with a byte order mark', csvIn('utf-8'), (text) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE', csvIn('utf-16le'), (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16BE', csvIn('utf-16be'), (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ])('reads %s, cut anywhere', async (_name, format, encode) => {
    const bytes = encode('Key,Name\n1,Žofie 🦊\n');
    for (let size = 1; size < 8; size += 1) {
      const [batch] = await batchesOf(readRecords(pieces(bytes, [size]), format));
      expect(batch).toEqual({ columns: ['Key', 'Name'], rows: [{ line: 2, raw: ['1', 'Žofie 🦊'] }] });
    }
  });

  it('reads old Macintosh line ends', async () => {
    expect(await read('a,b\r1,"2"\r3,4', { ...csv, newline: '\r' })).toEqual([
      { line: 2, raw: ['1', '2'] },
      { line: 3, raw: ['3', '4'] },
    ]);
  });

  it('takes quotes as they are when told that they mean nothing', async () => {
    expect(await read('a,b\n5" pipe,"x\n', { ...csv, quote: '' })).toEqual([
      { line: 2, raw: ['5" pipe', '"x'] },
    ]);
  });

  it('tells the columns of a file without rows', async () => {
    expect(await batchesOf(readRecords(pieces(Buffer.from('a,b'), [1]), csv))).toEqual([
      { columns: ['a', 'b'], rows: [] },
    ]);
  });

  it.each(['', '\n\n', '"a,b\n1,2\n', `a${',a'.repeat(2_000)}\n`])(
    'refuses %j, which has no usable header',
    async (text) => {
      await expect(read(text)).rejects.toMatchObject({ code: 'INVALID_HEADER' });
    },
  );

  it('gives every column a name of its own', () => {
    expect(columnNames(['Email', ' Email ', '', 'Email (2)'])).toEqual([
      'Email',
      'Email (2)',
      'Column 3',
      'Email (2) (2)',
    ]);
  });

  it('holds a batch at most, and stops the source when the reader stops', async () => {
    let given = 0;
    let closed = false;
    async function* endless() {
      try {
        yield Buffer.from('a,b\n');
        for (;;) {
          given += 1;
          yield Buffer.from('1,2\n'.repeat(1_000));
        }
      } finally {
        closed = true;
      }
    }
    for await (const { rows } of readRecords(endless(), csv)) {
      expect(rows.length).toBe(500);
      break;
    }
    expect({ given: given < 100, closed }).toEqual({ given: true, closed: true });
  });

  it('makes smaller batches of long records', async () => {
    const long = `${'x'.repeat(90)},1\n`;
    const batches = await batchesOf(
      readRecords(pieces(Buffer.from(`a,b\n${long.repeat(5_000)}`), [65_536]), csv, {
        maxRecordLength: 100,
        batchSize: 50_000,
      }),
    );
    expect(Math.max(...batches.map(({ rows }) => rows.length))).toBeLessThan(1_000);
  });
});

describe('reading NDJSON', () => {
  it('gives each line as text, passing over empty ones', async () => {
    expect(await read('{"a":1}\n\n {"b":"é"}\r\n{"c":3}', ndjson)).toEqual([
      { line: 1, raw: '{"a":1}' },
      { line: 3, raw: '{"b":"é"}' },
      { line: 4, raw: '{"c":3}' },
    ]);
  });

  it('rejects a line over the limit and goes on', async () => {
    const rows = await read(`{"a":"${'x'.repeat(50)}"}\n{"b":1}\n`, ndjson, { maxRecordLength: 20 });
    expect(rows).toEqual([
      { line: 1, raw: `{"a":"${'x'.repeat(14)}`, error: withCode('RECORD_TOO_LARGE') },
      { line: 2, raw: '{"b":1}' },
    ]);
  });

  it('gives the same lines however the bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(hostileText, cuts, async (text, sizes) => {
        const limits = { maxRecordLength: 8 };
        expect(await read(text, ndjson, limits, sizes, 1)).toEqual(await read(text, ndjson, limits));
      }),
    ));
});

const csv: CsvFormat = { kind: 'csv', encoding: 'utf-8', delimiter: ',', quote: '"', newline: '\n' };
const ndjson: ImportFormat = { kind: 'ndjson', encoding: 'utf-8' };

function csvIn(encoding: CsvFormat['encoding']): CsvFormat {
  return { kind: 'csv', encoding, delimiter: ',', quote: '"', newline: '\n' };
}

const withCode = (code: string) => ({ code, reason: expect.any(String) });

/** Text made of the characters that decide something. */
const hostileText = fc
  .array(fc.constantFrom('"', '"', '\n', '\n', '\r', ',', 'a', 'b', 'é', '🦊', ' '), { maxLength: 60 })
  .map((parts) => parts.join(''));

const quotedText = fc
  .array(fc.constantFrom('\n', '\n', '""', ',', 'a', 'bcd'), { minLength: 5, maxLength: 30 })
  .map((parts) => `k,"${parts.join('')}"\nl,m\n`);

const anyText = fc
  .array(fc.oneof(hostileText, quotedText), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('\n'));

const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 });

const cell = fc
  .array(fc.constantFrom('"', '\n', '\r\n', ',', ';', '\t', 'a', 'é', '🦊', ' '), { maxLength: 8 })
  .map((parts) => parts.join(''));

const wellFormed = fc
  .record({
    header: fc.constant(['key', 'name', 'note']),
    rows: fc.array(fc.tuple(fc.constant('k'), cell, cell)),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    record_delimiter: fc.constantFrom('\n', '\r\n'),
    quoted: fc.boolean(),
  })
  .map(({ header, rows, ...options }) => ({
    text: stringify([header, ...rows], { ...options, quoted_match: /[\r\n]/ }),
    delimiter: options.delimiter,
  }));

function read(
  text: string,
  format: ImportFormat = csv,
  limits: Partial<RecordLimits> = {},
  sizes: readonly number[] = [65_536],
  pieceLength = 65_536,
): Promise<SourceRow[]> {
  return rowsOf(readRecords(pieces(Buffer.from(text), sizes), format, { ...limits, pieceLength }));
}

async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function batchesOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const batches: T[] = [];
  for await (const batch of stream) batches.push(batch);
  return batches;
}

const rowsOf = async (stream: ReturnType<typeof readRecords>): Promise<SourceRow[]> =>
  (await batchesOf(stream)).flatMap(({ rows }) => [...rows]);
