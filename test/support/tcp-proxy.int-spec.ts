import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TcpProxy } from './tcp-proxy.js';

describe('a way that can be broken', () => {
  let echo: Server;
  let proxy: TcpProxy;
  let heard: string;
  const clients: Socket[] = [];
  beforeEach(async () => {
    heard = '';
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        heard += chunk;
        socket.write(chunk);
      });
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await TcpProxy.to((echo.address() as { port: number }).port);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.close();
    echo.close();
  });

  it('passes what is said, both ways', async () => expect(await say('hello')).toBe('hello'));

  it('resets who is there and who comes while it is cut, and heals', async () => {
    const there = await open();
    const ended = once(there, 'error');
    proxy.cut();
    expect((await ended)[0]).toMatchObject({ code: 'ECONNRESET' });
    await expect(say('hello')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await proxy.heal();
    expect(await say('hello')).toBe('hello');
  });

  it('swallows everything as a black hole, and stays open', async () => {
    const there = await open();
    proxy.blackhole();
    there.write('hello');
    (await open()).write('anybody?');
    await new Promise((resolve) => setTimeout(resolve, 100)); // Nothing happens, so there is nothing to wait for.
    expect([heard, there.closed]).toEqual(['', false]);
    await proxy.heal();
    expect(await say('again')).toBe('again');
  });

  it('loses answers, and lets what is asked arrive', async () => {
    proxy.loseAnswers();
    const socket = await open();
    socket.write('hello');
    await until(() => heard === 'hello');
    expect([socket.bytesRead, socket.closed]).toEqual([0, false]);
    await proxy.heal();
    expect(await say('again')).toBe('again');
  });

  it('refuses new connections while it is down', async () => {
    await proxy.down();
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.heal();
    expect(await say('hello')).toBe('hello');
  });

  it.each(['before', 'after'] as const)('cuts %s the server has read what matches', async (when) => {
    proxy.cutAt(/commit/, when);
    await expect(say('commit')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await say('commit')).toBe('commit');
    expect(heard).toBe(when === 'before' ? 'commit' : 'commitcommit');
  });

  async function open(): Promise<Socket> {
    const socket = connect(proxy.port, '127.0.0.1');
    socket.on('error', () => undefined); // Asked for where it matters.
    clients.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  async function say(text: string): Promise<string> {
    const socket = await open();
    socket.write(text);
    const [answer] = await once(socket, 'data');
    return String(answer);
  }
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
