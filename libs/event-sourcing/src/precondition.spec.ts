import { describe, expect, it } from '@jest/globals';
import { inWords, isMet } from './precondition.js';

describe('a precondition', () => {
  it.each([
    [{}, 0, true],
    [{ is: [3] }, 3, true],
    [{ is: [2, 3] }, 3, true],
    [{ is: [2] }, 3, false],
    [{ is: [-1] }, 3, false],
    [{ is: [3] }, 0, false],
    [{ is: '*' }, 3, true],
    [{ is: '*' }, 0, false],
    [{ isNot: [3] }, 3, false],
    [{ isNot: [2, 4] }, 3, true],
    [{ isNot: [3] }, 0, true],
    [{ isNot: '*' }, 3, false],
    [{ isNot: '*' }, 0, true],
    [{ is: '*', isNot: [2] }, 3, true],
    [{ is: '*', isNot: [3] }, 3, false],
  ] as const)('%j of version %i: %s', (precondition, version, met) =>
    expect(isMet(precondition, version)).toBe(met),
  );

  it.each([
    [{ is: [2, 3] }, 'version 2 or 3'],
    [{ is: '*' }, 'any version'],
    [{ isNot: '*' }, 'none yet'],
    [{ is: '*', isNot: [2] }, 'any version and another than version 2'],
    [{ is: [-1] }, 'version of another tag'],
  ] as const)('%j is said as: %s', (precondition, words) => expect(inWords(precondition)).toBe(words));
});
