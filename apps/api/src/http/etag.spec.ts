import { describe, expect, it } from '@jest/globals';
import { alreadyHas, versionsIn } from './etag.js';

describe('the versions in If-Match', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['*', '*'],
    ['"3"', [3]],
    ['W/"3"', [3]],
    ['"1" ,W/"2","x"', [1, 2, -1]],
    ['"0"', [-1]],
    ['""', [-1]],
  ])('%s', (header, versions) => expect(versionsIn(header, 'If-Match')).toEqual(versions));

  it.each(['3', '"3', '"a b"', '"1",', "'1'"])('%s is refused', (header) =>
    expect(() => versionsIn(header, 'If-Match')).toThrow('header.If-Match: expected'),
  );
});

describe('If-None-Match', () => {
  it.each([
    ['"3"', true],
    ['"2", "3"', true],
    ['*', true],
    ['"2"', false],
    [undefined, false],
  ])('%s of version 3: %s', (header, has) => expect(alreadyHas(header, 3)).toBe(has));
});
