import { expect, it } from '@jest/globals';
import { isNewer, isVersion } from './version.js';

it.each([
  ['0.2.0', '0.1.0'],
  ['0.10.0', '0.9.9'],
  ['1.0.0', '0.99.99'],
  ['1.2.10', '1.2.9'],
  ['2.0.0-rc.1', '1.9.0'],
])('%s is newer than %s, and not the other way round', (newer, older) => {
  expect(isNewer(newer, older)).toBe(true);
  expect(isNewer(older, newer)).toBe(false);
});

it.each([
  ['1.2.3', '1.2.3'],
  ['1.2.3-rc.1', '1.2.3'],
  ['1.2.3+build', '1.2.3-rc.2'],
])('%s and %s are the same release', (one, other) => {
  expect(isNewer(one, other)).toBe(false);
  expect(isNewer(other, one)).toBe(false);
});

it.each(['1.2', 'latest', '', 'v1.2.3', '1.2.x'])('"%s" is no version', (text) => {
  expect(isVersion(text)).toBe(false);
  expect(() => isNewer(text, '1.0.0')).toThrow('is no version');
});
