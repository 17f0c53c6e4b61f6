import { describe, expect, it } from '@jest/globals';
import { textsThatCannotBeStored, timesThatCannotBeStored } from '../testing/index.js';
import { isStorable, isStorableJson, isStorableTime, storableForm } from './storable.js';

describe('what can be stored', () => {
  it.each(textsThatCannotBeStored)(
    'is no text with $name, as a value or a key, and its form is',
    ({ text }) => {
      expect(isStorable(text)).toBe(false);
      expect(isStorableJson({ a: [{ b: text }] })).toBe(false);
      expect(isStorableJson([{ [text]: 1 }])).toBe(false);
      expect(isStorable(storableForm(text))).toBe(true);
      expect(storableForm(text)).toMatch(/\\u(0000|d8|df|dc)/);
    },
  );

  it.each(timesThatCannotBeStored)('is no time in $name', ({ time }) => {
    expect(isStorableTime(time)).toBe(false);
  });

  it('is no time that is none', () => expect(isStorableTime(new Date(Number.NaN))).toBe(false));

  it.each(['', 'plain', '😀', '\\u0000', '\ufffd', '\u0001'])(
    'is %j, which its form leaves alone',
    (text) => {
      expect([isStorable(text), isStorableJson({ [text]: [text] }), storableForm(text)]).toEqual([
        true,
        true,
        text,
      ]);
    },
  );

  it.each(['0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'])('is %s', (time) => {
    expect(isStorableTime(new Date(time))).toBe(true);
  });

  it('is a form no longer than was asked for, in whole characters', () => {
    expect(storableForm('a\0b', 4)).toBe('a\\u0');
    expect(isStorable(storableForm('ab😀', 3))).toBe(true);
  });

  it('walks what is deep and what is wide', () => {
    let deep: unknown = '\0';
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(isStorableJson(deep)).toBe(false);
  });
});
