import { describe, expect, it } from '@jest/globals';
import { preconditionOf, versionsIn } from './etag.js';

describe('the versions in If-Match', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['*', '*'],
    [' * ', '*'],
    ['"3"', [3]],
    ['"1" ,"2","x"', [1, 2, -1]],
    ['"1",', [1]],
    [', "1"', [1]],
    ['"1",, ,"2"', [1, 2]],
    ['"a,b", "1"', [-1, 1]],
    ['"é"', [-1]],
    ['W/"3", "4"', [-1, 4]],
    ['"0"', [-1]],
    ['""', [-1]],
  ])('%s', (header, versions) => expect(versionsIn('If-Match', header)).toEqual(versions));

  it.each(['3', '"3', '"a b"', "'1'", ',', '"1" "2"', '*, "1"', 'w/"1"', '"1"x', '"\u20ac"'])(
    '%s is refused',
    (header) => expect(() => versionsIn('If-Match', header)).toThrow('header.If-Match: expected'),
  );

  it('are looked for in linear time', () =>
    expect(() => versionsIn('If-Match', `${','.repeat(15_000)}"1`)).toThrow('expected'));
});

it('If-None-Match compares weakly', () => expect(versionsIn('If-None-Match', 'W/"3", "4"')).toEqual([3, 4]));

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
