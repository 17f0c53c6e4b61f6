import { describe, expect, it } from '@jest/globals';
import { newSecretKey, SecretBox } from './secret-box.js';

const [OLD, NEW] = [newSecretKey(), newSecretKey()];
const old = new SecretBox(OLD);
const rotated = new SecretBox(`${NEW},${OLD}`);
const forgetful = new SecretBox(NEW);

describe('a master key that is rotated', () => {
  it('still opens what it sealed', () =>
    expect(rotated.open(old.seal('s3cret', 'row'), 'row').toString()).toBe('s3cret'));

  it('seals no more: what is sealed from now on opens with the new key alone', () => {
    const sealed = rotated.seal('s3cret', 'row');
    expect(forgetful.open(sealed, 'row').toString()).toBe('s3cret');
    expect(() => old.open(sealed, 'row')).toThrow(/ROLLCALL_SECRET_KEY/);
  });

  it('is missed once it is gone', () =>
    expect(() => forgetful.open(old.seal('s3cret', 'row'), 'row')).toThrow(/ROLLCALL_SECRET_KEY/));
});

describe('a sealed secret', () => {
  it('opens at its own place only', () =>
    expect(() => old.open(old.seal('s3cret', 'row 1'), 'row 2')).toThrow(/another place/));

  it('does not open when a byte of it was changed', () => {
    const sealed = old.seal('s3cret', 'row');
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    expect(() => old.open(sealed, 'row')).toThrow(/was changed/);
  });
});

describe('a fingerprint', () => {
  const print = old.fingerprint('s3cret', 'row');

  it('is known again, also after the key was rotated', () => {
    expect(old.hasFingerprint('s3cret', 'row', print)).toBe(true);
    expect(rotated.hasFingerprint('s3cret', 'row', print)).toBe(true);
  });

  it.each([
    ['another secret', old, 's3cret!', 'row'],
    ['another place', old, 's3cret', 'row 2'],
    ['a key that is gone', forgetful, 's3cret', 'row'],
  ])('does not fit %s', (_, box, secret, place) =>
    expect(box.hasFingerprint(secret, place, print)).toBe(false),
  );

  it('says nothing that is not a fingerprint', () => {
    for (const text of ['', ':', 'x:y', print.slice(0, -2)])
      expect(old.hasFingerprint('s3cret', 'row', text)).toBe(false);
  });
});
