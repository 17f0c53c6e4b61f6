import { createReadStream } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type IdentityProperty, IdentityPropertyShape } from '#identity';
import { readRecords } from '../reading/record-stream.js';
import { compileImportMapping, type ImportedIdentity, type MappedRow } from './import-mapping.js';
import { type ImportMappingInput, importMappingSchema, type ValueSource } from './import-mapping.schema.js';

describe('mapping a CSV row', () => {
  it('takes columns and literals, and leaves out what is empty', async () => {
    expect(await map(['MMM', '3M', ''])).toEqual(
      accepted({ identifierKey: 'MMM', name: '3M', identityType: 'org', properties: [] }),
    );
    expect(await map(['MMM', '3M', '1902'])).toEqual(
      accepted({
        identifierKey: 'MMM',
        name: '3M',
        identityType: 'org',
        properties: [{ key: 'value', type: 'string', value: '1902' }],
      }),
    );
  });

  it('takes the project from the row where it names one', async () => {
    const mapping = { ...base, project_id: 'Value' };
    expect(await map(['MMM', '3M', 'proj_1'], mapping)).toMatchObject({ value: { projectId: 'proj_1' } });
    expect(await map(['MMM', '3M', ''], mapping)).not.toHaveProperty('value.projectId');
  });

  it('names every field that is wrong at once', async () => {
    const mapping = {
      ...base,
      identity_type: 'Name',
      properties: { value: { column: 'Value', type: 'number' } },
    } as const;
    expect(await map([' ', 'company', 'many'], mapping)).toMatchObject({
      ok: false,
      rejections: [
        { field: 'identifier_key', code: 'MISSING', reason: 'is empty' },
        { field: 'identity_type', code: 'NOT_ALLOWED', reason: 'has to be one of org, user, other' },
        { field: 'properties.value', code: 'WRONG_TYPE', reason: 'has to be a number such as 1234.5' },
      ],
    });
  });

  it.each<[string, string, string]>([
    ['identifier_key', 'x'.repeat(513), 'TOO_LONG'],
    ['name', 'x'.repeat(1_025), 'TOO_LONG'],
    ['project_id', 'x'.repeat(257), 'TOO_LONG'],
    ['identifier_key', 'a\0b', 'NOT_ALLOWED'],
    ['name', 'a\ud800b', 'NOT_ALLOWED'],
  ])('rejects the %s %j', async (field, cell, code) => {
    const mapping = {
      ...base,
      name: '=n',
      properties: {},
      [field]: 'Value',
      ...(field === 'name' && { name: 'Value' }),
    };
    expect(await map(['k', 'n', cell], mapping)).toMatchObject({ ok: false, rejections: [{ field, code }] });
  });

  it('never repeats a value in a reason', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('number', 'boolean', 'json'),
        fc.stringMatching(/^[QXZ]{6,}$/),
        async (type, cell) => {
          const mapped = await map(['k', 'n', cell], typed(type as 'number'));
          expect(JSON.stringify(mapped.ok || mapped.rejections)).not.toContain(cell);
        },
      ),
    ));

  it('hands an unreadable row on as a rejection of the whole row', async () => {
    const error = { code: 'COLUMN_COUNT', reason: 'The row has 1 cells where the header has 3' } as const;
    const [mapped] = await (await compiled(base)).mapRows([{ line: 7, raw: ['x'], error }]);
    expect(mapped).toEqual({
      ok: false,
      row: { line: 7, raw: ['x'], error },
      rejections: [{ field: '', ...error }],
    });
  });
});

describe('typing a cell', () => {
  it.each<[string, number]>([
    ['0', 0],
    ['-0', 0],
    [' 12.50 ', 12.5],
    ['-1.5e3', -1_500],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('reads %j as a number', async (cell, value) => {
    expect(await property(cell, 'number')).toEqual({ key: 'value', type: 'number', value });
  });

  it.each([
    'NaN',
    'Infinity',
    '1,5',
    '1.234,5',
    '1 000',
    '007',
    '+1',
    '0x10',
    '.5',
    '5.',
    '1e',
    '--1',
    'ten',
  ])('does not guess that %j is a number', async (cell) => {
    expect(await property(cell, 'number')).toMatchObject({ code: 'WRONG_TYPE' });
  });

  it.each(['1e400', '-1e400', '9007199254740993', '12345678901234567890'])(
    'rejects %j, which would lose digits',
    async (cell) => {
      expect(await property(cell, 'number')).toMatchObject({ code: 'OUT_OF_RANGE' });
    },
  );

  it.each<[string, boolean]>([
    ['true', true],
    ['YES', true],
    [' 1 ', true],
    ['False', false],
    ['no', false],
    ['0', false],
  ])('reads %j as %s', async (cell, value) => {
    expect(await property(cell, 'boolean')).toEqual({ key: 'value', type: 'boolean', value });
  });

  it.each(['y', 'on', '2', 'wahr'])('does not guess that %j is a boolean', async (cell) => {
    expect(await property(cell, 'boolean')).toMatchObject({ code: 'WRONG_TYPE' });
  });

  it('reads a JSON object, and nothing else, as json', async () => {
    expect(await property('{"a":[1,null]}', 'json')).toEqual({
      key: 'value',
      type: 'json',
      value: { a: [1, null] },
    });
    for (const cell of ['[1]', '"a"', '1', 'null', '{a:1}']) {
      expect(await property(cell, 'json')).toMatchObject({ code: 'WRONG_TYPE' });
    }
    expect(await property('{"a":1e400}', 'json')).toMatchObject({ code: 'NOT_ALLOWED' });
    expect(await property(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, 'json')).toMatchObject({
      code: 'NOT_ALLOWED',
    });
  });

  it('only makes properties that the API would take', () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.double().map(String)),
        fc.constantFrom('string', 'number', 'boolean', 'json'),
        async (cell, type) => {
          const made = await property(cell, type as 'string');
          if (made !== undefined && !('code' in made))
            expect(IdentityPropertyShape.parse(made)).toEqual(made);
        },
      ),
    ));
});

describe('mapping an NDJSON record', () => {
  it('keeps the types that the values have', async () => {
    const record = {
      id: 42,
      name: 'Ada',
      text: '',
      number: 1.5,
      yes: false,
      object: { a: [1] },
      nothing: null,
    };
    const keys = ['text', 'number', 'yes', 'object', 'nothing', 'absent'];
    expect(await mapJson(record, Object.fromEntries(keys.map((key) => [key, key])))).toMatchObject({
      value: {
        identifierKey: '42',
        properties: [
          { key: 'text', type: 'string', value: '' },
          { key: 'number', type: 'number', value: 1.5 },
          { key: 'yes', type: 'boolean', value: false },
          { key: 'object', type: 'json', value: { a: [1] } },
        ],
      },
    });
  });

  it('turns values into the type asked for, and rejects a list', async () => {
    const record = { id: 'k', name: 'n', number: 5, text: '5', list: [1] };
    expect(
      await mapJson(record, {
        a: { column: 'number', type: 'string' },
        b: { column: 'text', type: 'number' },
      }),
    ).toMatchObject({
      value: {
        properties: [
          { type: 'string', value: '5' },
          { type: 'number', value: 5 },
        ],
      },
    });
    expect(await mapJson(record, { list: 'list' })).toMatchObject({
      rejections: [
        { field: 'properties.list', code: 'WRONG_TYPE', reason: expect.stringContaining('is a list') },
      ],
    });
  });

  it.each(['{"id":1', 'nope', '', '[1]', '"text"', 'null', '1'])('rejects the line %j', async (raw) => {
    expect(await mapLine(raw, {})).toMatchObject({
      ok: false,
      rejections: [{ field: '', code: 'INVALID_JSON' }],
    });
  });

  it('does not take an inherited property for a field', async () => {
    expect(await mapJson({ id: 'k', name: 'n' }, { a: 'toString', b: '__proto__' })).toMatchObject({
      ok: true,
      value: { properties: [] },
    });
  });

  it('answers for any line', () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (raw) => {
        expect(typeof (await mapLine(raw, { a: 'a', b: { column: 'b', type: 'json' } })).ok).toBe('boolean');
      }),
    ));
});

describe('mapping with JSONata', () => {
  it('computes from the names of the columns', async () => {
    const mapping = {
      ...base,
      name: { jsonata: 'Name & " (" & Key & ")"' },
      properties: {
        words: { jsonata: '$count($split(Value, " "))' },
        none: { jsonata: 'Nope' },
        plain: 'Value',
      },
    };
    expect(await map(['MMM', '3M', 'a b c'], mapping)).toMatchObject({
      value: {
        name: '3M (MMM)',
        properties: [
          { key: 'words', type: 'number', value: 3 },
          { key: 'plain', type: 'string', value: 'a b c' },
        ],
      },
    });
  });

  it('reaches into nested records', async () => {
    expect(
      await mapJson({ id: 'k', name: 'n', at: { city: 'Paris' } }, { city: { jsonata: 'at.city' } }),
    ).toMatchObject({
      value: { properties: [{ key: 'city', type: 'string', value: 'Paris' }] },
    });
  });

  it('rejects the row an expression fails on, and only that row', async () => {
    const mapping = await compiled({ ...base, properties: { n: { jsonata: '$number(Value)' } } });
    const [bad, good] = await mapping.mapRows([
      { line: 2, raw: ['a', 'b', 'secret'] },
      { line: 3, raw: ['a', 'b', '4'] },
    ]);
    expect(bad).toMatchObject({
      ok: false,
      rejections: [{ field: 'properties.n', code: 'EXPRESSION_FAILED' }],
    });
    expect(JSON.stringify(bad?.ok === false && bad.rejections)).not.toContain('secret');
    expect(good).toMatchObject({ ok: true, value: { properties: [{ key: 'n', type: 'number', value: 4 }] } });
  });

  it('stops an expression that never ends', async () => {
    const runaway = {
      ...base,
      properties: { n: { jsonata: '($f := function($x) { $f($x + 1) + 1 }; $f(1))' } },
    };
    expect(await map(['a', 'b', 'c'], runaway)).toMatchObject({
      rejections: [{ field: 'properties.n', code: 'EXPRESSION_LIMIT' }],
    });
  });
});

describe('a mapping that does not fit', () => {
  it('names the field, the column, the likely one and those there are', async () => {
    await expect(
      compiled({ ...base, identifier_key: 'Kye', properties: { x: { column: 'Elsewhere' } } }),
    ).rejects.toThrow(
      'identifier_key names the column "Kye", which the file does not have; did you mean "Key"? ' +
        'Its columns are: Key, Name, Value; ' +
        'properties.x names the column "Elsewhere", which the file does not have. Its columns are: Key, Name, Value',
    );
  });

  it('is told before any row when a literal is no identity type', async () => {
    const mapping = compiled({ ...base, identity_type: '=company' });
    await expect(mapping).rejects.toThrow('identity_type has to be one of');
  });

  it('is told where an expression does not compile', async () => {
    await expect(compiled({ ...base, name: { jsonata: 'Name &' } })).rejects.toThrow(
      /name has an expression that does not compile/,
    );
  });

  it.each<[string, unknown]>([
    ['without a key', { name: 'Name', identity_type: '=org' }],
    ['with a field of its own', { ...baseWith(), owner: 'Name' }],
    ['with an unknown type', { ...baseWith(), properties: { a: { column: 'Value', type: 'date' } } }],
    ['with two sources for one field', { ...baseWith(), name: { column: 'Name', jsonata: 'Name' } }],
    ['with an empty property key', { ...baseWith(), properties: { '': 'Value' } }],
  ])('is refused %s', (_name, mapping) => {
    expect(importMappingSchema.safeParse(mapping).success).toBe(false);
  });

  it('reads a column whose name looks like a literal when it is named as a column', async () => {
    const mapping = importMappingSchema.parse({ ...base, name: { column: '=Name' }, properties: {} });
    const [mapped] = await (await compileImportMapping(mapping, ['Key', '=Name'])).mapRows([
      { line: 2, raw: ['k', 'n'] },
    ]);
    expect(mapped).toMatchObject({ ok: true, value: { name: 'n' } });
  });
});

describe('the S&P 500 list', () => {
  it('becomes 503 organisations with typed properties', async () => {
    const mapped = await mapFile('test/fixtures/sp500.csv', {
      identifier_key: 'Symbol',
      name: 'Security',
      identity_type: '=org',
      properties: {
        sector: 'GICS Sector',
        founded: { column: 'Founded', type: 'string' },
        cik: { column: 'CIK', type: 'number' },
      },
    });
    expect(mapped.filter(({ ok }) => !ok)).toEqual([]);
    expect(new Set(mapped.map((row) => row.ok && row.value.identifierKey)).size).toBe(503);
    expect(mapped[0]).toEqual({
      ok: true,
      row: expect.objectContaining({ line: 2 }),
      value: {
        identifierKey: 'MMM',
        name: '3M',
        identityType: 'org',
        properties: [
          { key: 'sector', type: 'string', value: 'Industrials' },
          { key: 'founded', type: 'string', value: '1902' },
          { key: 'cik', type: 'number', value: 66740 },
        ],
      },
    });
  });
});

const base = {
  identifier_key: 'Key',
  name: 'Name',
  identity_type: '=org',
  properties: { value: 'Value' },
} as const;

function baseWith() {
  return { identifier_key: 'Key', name: 'Name', identity_type: '=org' };
}

const typed = (type: 'string' | 'number' | 'boolean' | 'json'): ImportMappingInput => ({
  ...base,
  properties: { value: { column: 'Value', type } },
});

const accepted = (value: ImportedIdentity) => ({ ok: true, row: expect.anything(), value });

const compiled = (mapping: ImportMappingInput) =>
  compileImportMapping(importMappingSchema.parse(mapping), ['Key', 'Name', 'Value']);

async function map(raw: string[], mapping: ImportMappingInput = base): Promise<MappedRow> {
  return only(await (await compiled(mapping)).mapRows([{ line: 2, raw }]));
}

async function property(cell: string, type: 'string' | 'number' | 'boolean' | 'json') {
  const mapped = await map(['k', 'n', cell], typed(type));
  return mapped.ok ? (mapped.value.properties[0] as IdentityProperty | undefined) : mapped.rejections[0];
}

const mapJson = (record: unknown, properties: Record<string, ValueSource>) =>
  mapLine(JSON.stringify(record), properties);

async function mapLine(raw: string, properties: Record<string, ValueSource>): Promise<MappedRow> {
  const mapping = importMappingSchema.parse({
    identifier_key: 'id',
    name: 'name',
    identity_type: '=user',
    properties,
  });
  return only(await (await compileImportMapping(mapping, undefined)).mapRows([{ line: 1, raw }]));
}

async function mapFile(path: string, mapping: ImportMappingInput): Promise<MappedRow[]> {
  const mapped: MappedRow[] = [];
  const format = { kind: 'csv', encoding: 'utf-8', delimiter: ',', quote: '"', newline: '\n' } as const;
  for await (const { columns, rows } of readRecords(createReadStream(path), format)) {
    const compiledMapping = await compileImportMapping(importMappingSchema.parse(mapping), columns);
    mapped.push(...(await compiledMapping.mapRows(rows)));
  }
  return mapped;
}

function only<T>([item]: readonly T[]): T {
  if (item === undefined) throw new Error('Expected one row');
  return item;
}
