import { describe, expect, it } from '@jest/globals';
import { preconditionOf, versionsIn } from './etag.js';

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

describe('the precondition of a request', () => {
  it.each([
    [{}, undefined],
    [{ 'if-match': '' }, undefined],
    [{ 'if-match': '"3"' }, { is: [3] }],
    [{ 'if-none-match': '*' }, { isNot: '*' }],
    [
      { 'if-match': '*', 'if-none-match': '"1", "2"' },
      { is: '*', isNot: [1, 2] },
    ],
  ])('%j', (headers, precondition) => expect(preconditionOf(headers)).toEqual(precondition));
});
