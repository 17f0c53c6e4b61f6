import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ImportMappingInput, importMappingSchema } from '../mapping/import-mapping.schema.js';
import { packRows, rowsPerChunk, unpackRows } from './chunk-rows.js';

describe('the rows of a chunk', () => {
  it('come back as they were, whatever characters they hold', () =>
    fc.assert(
      fc.asyncProperty(fc.array(row), async (rows) => {
        expect(await unpackRows(await packRows(rows))).toEqual(rows);
      }),
    ));

  it('are a thousand for a usual mapping', () => expect(rowsPerChunk(mappingOf(10))).toBe(1_000));

  it('are fewer when each of them becomes many values', () => {
    expect(rowsPerChunk(mappingOf(1_000))).toBeLessThan(50);
    expect(rowsPerChunk(mappingOf(1_000))).toBeGreaterThan(0);
  });
});

const text = fc.string({ unit: 'binary' });

const row = fc.record({ line: fc.nat(), raw: fc.oneof(text, fc.array(text)) });

function mappingOf(properties: number) {
  const mapping: ImportMappingInput = {
    identifier_key: 'key',
    name: 'name',
    identity_type: '=user',
    properties: Object.fromEntries(Array.from({ length: properties }, (_, index) => [`p${index}`, 'column'])),
  };
  return importMappingSchema.parse(mapping);
}
