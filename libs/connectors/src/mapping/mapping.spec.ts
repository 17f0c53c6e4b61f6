import { describe, expect, it } from '@jest/globals';
import { mapOne } from '../testing/map-one.js';
import type { InvalidMappingError } from './mapping.errors.js';
import { compileMapping } from './mapping.js';
import type { MappingDocument } from './mapping.schema.js';

describe('a mapping document', () => {
  it('turns a record into an identity with typed properties', async () => {
    const mapping = await compileMapping({
      ...document,
      properties: [
        { key: 'age', type: 'number', value: '$number(age)' },
        { key: 'vip', type: 'boolean', value: 'age > 30' },
        { key: 'tags', type: 'json', value: 'tags' },
        { key: 'nothing', type: 'string', value: 'missing' },
      ],
    });
    expect(mapping.propertyKeys).toEqual(['age', 'vip', 'tags', 'nothing']);
    expect(await mapping.map([{ id: 'a', name: 'Ada', age: 36, tags: ['x', 'y'] }])).toEqual([
      {
        ok: true,
        identity: {
          identifierKey: 'a',
          name: 'Ada',
          identityType: 'user',
          properties: [
            { key: 'age', type: 'number', value: 36 },
            { key: 'vip', type: 'boolean', value: true },
            { key: 'tags', type: 'json', value: ['x', 'y'] },
          ],
        },
      },
    ]);
  });

  it('gives the same for the second record as for the first', async () => {
    const mapping = await compileMapping(document);
    const results = await mapping.map([
      { id: '1', name: 'A' },
      { id: '2', name: 'B' },
    ]);
    expect(results).toMatchObject([
      { identity: { identifierKey: '1' } },
      { identity: { identifierKey: '2' } },
    ]);
  });

  it.each([
    ['$fromMillis($millis())', true],
    ['($clock := $now; $clock())', true],
    ['[id, $shuffle(tags)]', true],
    ['$random()', true],
    ['$toMillis(created, "[H]:[m]")', true],
    ['$lowercase(name)', false],
    ['now & "$now()"', false],
  ])('says whether it may map an unchanged record anew: %s', async (value, volatile) => {
    const properties = [{ key: 'p', type: 'string' as const, value }];
    expect((await compileMapping({ ...document, properties })).volatile).toBe(volatile);
  });

  it('lists every field that is wrong with one record', async () => {
    const properties = [{ key: 'age', type: 'number' as const, value: 'age' }];
    const result = await mapOne(
      { ...document, identity_type: 'type', properties },
      { name: 7, type: 'robot', age: 'old' },
    );
    expect(result).toEqual({
      ok: false,
      errors: [
        { field: 'identifier_key', code: 'MISSING', reason: 'is empty' },
        { field: 'name', code: 'WRONG_TYPE', reason: 'has to be a string, not a number' },
        { field: 'identity_type', code: 'NOT_ALLOWED', reason: 'has to be one of org, user, other' },
        { field: 'properties.age', code: 'WRONG_TYPE', reason: 'has to be a number, not a string' },
      ],
    });
  });

  it.each([
    ['NUL', 'a\0b', 'NOT_ALLOWED'],
    ['half a character pair', 'a\ud800', 'NOT_ALLOWED'],
    ['a key of 513 characters', 'k'.repeat(513), 'TOO_LONG'],
  ])('refuses %s in a key', async (_name, id, code) => {
    expect(await mapOne(document, { id, name: 'x' })).toMatchObject({ errors: [{ code }] });
  });

  it('refuses NUL deep inside a json property, and takes the text \\u0000 for what it is', async () => {
    const mapping = await compileMapping({
      ...document,
      properties: [{ key: 'p', type: 'json', value: 'p' }],
    });
    const mapped = async (p: unknown) => (await mapping.map([{ id: '1', name: 'x', p }]))[0];
    expect(await mapped({ a: ['b', { 'c\0': 1 }] })).toMatchObject({ errors: [{ code: 'NOT_ALLOWED' }] });
    expect(await mapped({ a: '\\u0000' })).toMatchObject({ ok: true });
  });

  it('does not quote the record when an expression fails on it', async () => {
    const result = await mapOne({ ...document, name: '$number(name)' }, { id: '1', name: 'Ada Lovelace' });
    expect(JSON.stringify(result)).not.toContain('Ada');
  });
});

describe('a mapping document that cannot be used', () => {
  it.each([
    ['syntax', { name: 'a +' }, 'name', 'INVALID_EXPRESSION'],
    ['a regular expression', { name: '$match(name, /(a+)+$/)' }, 'name', 'INVALID_EXPRESSION'],
    ['$eval', { name: '($e := $eval; $e("1"))' }, 'name', 'INVALID_EXPRESSION'],
    ['an empty expression', { name: ' ' }, 'name', 'NOT_ALLOWED'],
    ['an unknown field', { nom: 'x' }, 'mapping', 'NOT_ALLOWED'],
    ['another version', { version: 2 }, 'version', 'NOT_ALLOWED'],
    ['a key twice', { properties: [property('a'), property('a')] }, 'properties.1.key', 'NOT_ALLOWED'],
    [
      'a type that does not exist',
      { properties: [{ ...property('a'), type: 'date' }] },
      'properties.0.type',
      'NOT_ALLOWED',
    ],
  ])('is refused for %s, with the field', async (_name, changes, field, code) => {
    expect(await errorsOf({ ...document, ...changes })).toEqual([expect.objectContaining({ field, code })]);
  });

  it('is refused for all its faults at once', async () => {
    const errors = await errorsOf({
      ...document,
      name: 'a +',
      properties: [{ ...property('p'), value: '(' }],
    });
    expect(errors.map(({ field }) => field)).toEqual(['name', 'properties.p']);
  });
});

const document: MappingDocument = { version: 1, identifier_key: 'id', name: 'name', identity_type: '"user"' };

function property(key: string) {
  return { key, type: 'string' as const, value: 'x' };
}

async function errorsOf(bad: unknown) {
  try {
    await compileMapping(bad);
  } catch (error) {
    return (error as InvalidMappingError).errors;
  }
  throw new Error('it was accepted');
}
