import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { peek } from '../receiving/import-source.js';
import { detectFormat, type FormatHints, importFormatSettingsSchema, SAMPLE_SIZE } from './import-format.js';

describe('detecting a format', () => {
  it.each([',', ';', '\t', '|'])('finds the delimiter %j', (delimiter) => {
    expect(
      csvOf(`key${delimiter}name\n1${delimiter}Ada, "the" first\n`.replace('Ada, "the" first', 'Ada')),
    ).toMatchObject({
      delimiter,
    });
  });

  it('is not misled by delimiters inside quoted cells', () => {
    expect(csvOf('key;name\n1;"a,b,c"\n2;"d,e,f"\n')).toMatchObject({ delimiter: ';' });
  });

  it('is not misled by a delimiter that only some rows hold', () => {
    expect(csvOf('key;name, first\n1;Ada\n2;Bob, Jr\n3;Cy\n')).toMatchObject({ delimiter: ';' });
  });

  it('takes a comma for a single column, unless the name says tabs', () => {
    expect(csvOf('key\n1\n')).toMatchObject({ delimiter: ',' });
    expect(csvOf('key\n1\n', { fileName: 'keys.TSV' })).toMatchObject({ delimiter: '\t' });
  });

  it('takes single quotes where they wrap cells', () => {
    expect(csvOf("key,name\n1,'Lovelace, Ada'\n2,'Babbage, Charles'\n")).toMatchObject({ quote: "'" });
    expect(csvOf("key,name\n1,O'Neil\n2,'t Hart\n")).toMatchObject({ quote: '"' });
  });

  it('takes lone carriage returns for line ends only where there is nothing else', () => {
    expect(csvOf('a,b\r1,2\r')).toMatchObject({ newline: '\r' });
    expect(csvOf('a,b\r\n1,2\r\n')).toMatchObject({ newline: '\n' });
  });

  it.each<[string, FormatHints]>([
    ['{"a":1}\n', {}],
    [' \n{ "a": 1 }', {}],
    ['[1]\n', { contentType: 'application/x-ndjson; charset=utf-8' }],
    ['', { fileName: 'people.jsonl' }],
  ])('takes %j with %j for NDJSON', (text, hints) => {
    expect(detectFormat(Buffer.from(text), hints)).toEqual({ kind: 'ndjson', encoding: 'utf-8' });
  });

  it('believes a CSV name or type over the looks of the text', () => {
    expect(csvOf('{"a";b}\n1;2\n', { contentType: 'text/csv' })).toMatchObject({ kind: 'csv' });
  });

  it.each<[string, Buffer, string]>([
    ['a JSON array', Buffer.from(' [ {"a":1}]'), 'one object a line'],
    ['a workbook', Buffer.from('PK\u0003\u0004...'), 'save it as CSV'],
    ['a gzip file', Buffer.from([0x1f, 0x8b, 8, 0]), 'unpack it'],
  ])('refuses %s and says what to do', (_name, bytes, advice) => {
    expect(() => detectFormat(bytes)).toThrow(advice);
    expect(() => detectFormat(bytes)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_FILE' }));
  });

  it('lets settings win', () => {
    const settings = importFormatSettingsSchema.parse({
      kind: 'csv',
      encoding: 'windows-1252',
      delimiter: '^',
      quote: '',
    });
    expect(detectFormat(Buffer.from('{"a":1}'), { fileName: 'a.ndjson' }, settings)).toEqual({
      kind: 'csv',
      encoding: 'windows-1252',
      delimiter: '^',
      quote: '',
      newline: '\n',
    });
  });

  it.each([{ delimiter: ';;' }, { delimiter: '"' }, { quote: 'x' }, { encoding: 'ebcdic' }, { lines: 3 }])(
    'refuses the setting %j',
    (settings) => {
      expect(importFormatSettingsSchema.safeParse(settings).success).toBe(false);
    },
  );

  it('knows the S&P 500 list', async () => {
    const bytes = await readFile('test/fixtures/sp500.csv');
    const format = { kind: 'csv', encoding: 'utf-8', delimiter: ',', quote: '"', newline: '\n' };
    expect(detectFormat(bytes.subarray(0, SAMPLE_SIZE))).toEqual(format);
  });

  it('answers for any bytes: a format or why there is none', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          expect(['csv', 'ndjson']).toContain(detectFormat(bytes).kind);
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNSUPPORTED_FILE' });
        }
      }),
    ));
});

describe('detecting an encoding', () => {
  const text = 'key,name\n1,Zoë\n';

  it.each<[string, Buffer, string]>([
    ['plain UTF-8', Buffer.from(text), 'utf-8'],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`), 'utf-8'],
    ['UTF-8 cut within a character', Buffer.from('key,name\n1,Zoë').subarray(0, -1), 'utf-8'],
    ['UTF-16LE with a mark', Buffer.from(`\ufeff${text}`, 'utf16le'), 'utf-16le'],
    ['UTF-16BE with a mark', Buffer.from(`\ufeff${text}`, 'utf16le').swap16(), 'utf-16be'],
    ['UTF-16LE without one', Buffer.from(text, 'utf16le'), 'utf-16le'],
    ['UTF-16BE without one', Buffer.from(text, 'utf16le').swap16(), 'utf-16be'],
    ['Western European', Buffer.from(text, 'latin1'), 'windows-1252'],
    ['nothing', Buffer.alloc(0), 'utf-8'],
  ])('finds %s', (_name, bytes, encoding) => {
    expect(detectFormat(bytes)).toMatchObject({ kind: 'csv', encoding, delimiter: ',' });
  });
});

describe('peeking at a source', () => {
  it('gives the head and then everything, whatever the chunks', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array()), fc.nat(40), async (chunks, size) => {
        const whole = Buffer.concat(chunks);
        const { head, source } = await peek(given(chunks), size);
        expect(Buffer.from(head)).toEqual(whole.subarray(0, size));
        const read: Uint8Array[] = [];
        for await (const chunk of source) read.push(chunk);
        expect(Buffer.concat(read)).toEqual(whole);
      }),
    ));

  it('closes the source when the reader stops early', async () => {
    let closed = false;
    async function* source() {
      try {
        for (;;) yield Buffer.from('x');
      } finally {
        closed = true;
      }
    }
    const peeked = await peek(source(), 3);
    for await (const _ of peeked.source) break;
    expect(closed).toBe(true);
  });
});

const csvOf = (text: string, hints?: FormatHints) => detectFormat(Buffer.from(text), hints);

async function* given(chunks: readonly Uint8Array[]) {
  yield* chunks;
}
