import { describe, expect, it } from '@jest/globals';
import { guardUrl, isPublicAddress } from './address-guard.js';

describe('address guard', () => {
  it.each(['8.8.8.8', '104.16.1.1', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '2a00:1450:4001::200e'])(
    'lets the public address %s pass',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'ff02::1',
    'not-an-address',
  ])('stops %s', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each([
    'https://127.0.0.1',
    'https://127.1',
    'https://2130706433',
    'https://0x7f000001',
    'https://0177.0.0.1',
    'https://[::1]',
    'https://[::ffff:10.0.0.1]',
    'https://169.254.169.254/latest/meta-data',
  ])('sees through the spelling of %s', (url) => {
    expect(() => guardUrl(new URL(url), false)).toThrow(/not on the public internet/);
  });

  it.each(['http://example.com', 'ftp://example.com', 'file:///etc/passwd'])(
    'refuses the scheme of %s',
    (url) => {
      expect(() => guardUrl(new URL(url), false)).toThrow(/has to use https/);
    },
  );

  it('refuses credentials in the URL without repeating them', () => {
    expect(() => guardUrl(new URL('https://user:pass@example.com'), false)).toThrow(
      /on example\.com must not contain/,
    );
  });

  it('lets names pass, which are judged when they resolve, and private addresses when the operator allows them', () => {
    expect(() => guardUrl(new URL('https://api.hubapi.com'), false)).not.toThrow();
    expect(() => guardUrl(new URL('http://127.0.0.1:8080'), true)).not.toThrow();
    expect(() => guardUrl(new URL('file:///etc/passwd'), true)).toThrow(/has to use https/);
  });
});
