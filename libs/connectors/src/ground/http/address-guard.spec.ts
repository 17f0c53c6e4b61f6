import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { guarded, guardUrl, isPublicAddress, type Resolver } from './address-guard.js';

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

describe.each([
  ['one family at a time', false],
  ['both families', true],
])('a name that resolves differently the second time, asked for %s', (_, autoSelectFamily) => {
  it('is connected to where it was judged, and asked for once', async () => {
    const names = namesThatTurn(['8.8.8.8'], ['127.0.0.1']);
    expect(await targets(names.resolve, autoSelectFamily)).toEqual(['8.8.8.8']);
    expect(names.asked()).toBe(1);
  });

  it('is refused on the next connection, which judges anew', async () => {
    const names = namesThatTurn(['8.8.8.8'], ['127.0.0.1']);
    await targets(names.resolve, autoSelectFamily);
    await expect(targets(names.resolve, autoSelectFamily)).rejects.toThrow(/not on the public internet/);
  });

  it('is refused when one of its addresses is private', async () => {
    const { resolve } = namesThatTurn(['8.8.8.8', '10.0.0.1']);
    await expect(targets(resolve, autoSelectFamily)).rejects.toThrow(/not on the public internet/);
  });
});

function namesThatTurn(...answers: readonly (readonly string[])[]) {
  let asked = 0;
  const resolve: Resolver = (_hostname, _options, callback) => {
    const addresses = answers[asked] ?? [];
    asked += 1;
    setImmediate(() =>
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      ),
    );
  };
  return { resolve, asked: () => asked };
}

/** What a socket is about to connect to; it is closed before it does. */
async function targets(resolve: Resolver, autoSelectFamily: boolean): Promise<string[]> {
  const socket = connect({ host: 'turns.example', port: 443, lookup: guarded(resolve), autoSelectFamily });
  const found: string[] = [];
  socket.on('lookup', (error, address) => {
    if (error) return;
    found.push(address);
    socket.destroy();
  });
  await once(socket, 'close');
  return found;
}
