import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NetworkPolicy } from '../../port/call-context.js';
import { RateLimited } from '../../port/connector.errors.js';
import { type FakeHandler, type FakeServer, startFakeServer } from '../../testing/fake-server.js';
import { createHttpClient } from './http-client.js';

const NOW = new Date('2026-09-01T10:00:00Z');
const SECRET = 'Bearer very-secret-token';

describe('HTTP client', () => {
  let server: FakeServer;
  let handler: FakeHandler;

  beforeEach(async () => {
    server = await startFakeServer((request, response) => handler(request, response));
  });
  afterEach(() => server.close());

  const call = (network: NetworkPolicy = {}, baseUrl = server.url) =>
    createHttpClient({
      baseUrl,
      headers: () => ({ authorization: SECRET }),
      context: { network: { allowPrivateNetwork: true, timeoutMs: 1_000, ...network }, now: () => NOW },
    })({ method: 'GET', path: '/things', query: { q: 'a b', none: undefined } });

  it('sends the credentials and the query, and hands back the clock of the server', async () => {
    handler = async ({ headers, query }) => ({
      status: 200,
      json: { authorization: headers.authorization, query: query.toString() },
      headers: { date: 'Tue, 01 Sep 2026 09:00:00 GMT' },
    });
    expect(await call()).toMatchObject({
      json: { authorization: SECRET, query: 'q=a+b' },
      serverDate: new Date('2026-09-01T09:00:00Z'),
    });
  });

  it('reads gzip, and counts its length after it is unpacked', async () => {
    handler = async (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' });
      response.end(gzipSync(JSON.stringify({ text: 'x'.repeat(100_000) })));
      return null;
    };
    expect(await call()).toMatchObject({ json: { text: expect.stringMatching(/^x{100000}$/) } });
    await expect(call({ maxResponseBytes: 10_000 })).rejects.toMatchObject({
      code: 'INVALID_RESPONSE',
      message: 'The answer is longer than 10000 bytes',
    });
  });

  it('reports broken gzip, and an encoding nobody asked for', async () => {
    let encoding = 'gzip';
    handler = async (_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding });
      response.end('not gzip at all');
      return null;
    };
    await expect(call()).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
    encoding = 'br';
    await expect(call()).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  });

  it.each([
    [301, 'INVALID_RESPONSE'],
    [400, 'CONFIG_ERROR'],
    [401, 'AUTH_EXPIRED'],
    [403, 'CONFIG_ERROR'],
    [404, 'CONFIG_ERROR'],
    [408, 'TRANSIENT'],
    [418, 'INVALID_RESPONSE'],
    [423, 'TRANSIENT'],
    [429, 'RATE_LIMITED'],
    [500, 'TRANSIENT'],
    [503, 'TRANSIENT'],
  ])('reads status %d as %s', async (status, code) => {
    handler = async () => ({
      status,
      json: { message: 'ada@x.example' },
      headers: { location: 'http://[::1]/' },
    });
    const error = await call().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message: expect.stringContaining(`GET /things answered ${status}`) });
    expect(String(error)).not.toMatch(/very-secret|ada@x|a\+b/);
  });

  it('passes on when an overloaded server wants to be asked again', async () => {
    handler = async () => ({ status: 503, headers: { 'retry-after': '20' } });
    await expect(call()).rejects.toMatchObject({ retryAt: new Date(NOW.getTime() + 20_000) });
  });

  it('does not quote an answer that is not JSON', async () => {
    handler = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"email":"ada@x.example"');
      return null;
    };
    const error = (await call().catch((reason: unknown) => reason)) as Error;
    expect(error.message).toBe('GET /things answered JSON that is cut off or malformed (24 bytes)');
    expect(`${error.stack}${String(error.cause)}`).not.toContain('ada@x');
  });

  it('judges the address a name resolves to, before it connects', async () => {
    let asked = false;
    handler = async () => {
      asked = true;
      return { status: 200, json: {} };
    };
    const port = new URL(server.url).port;
    await expect(call({ allowPrivateNetwork: false }, `https://localhost:${port}`)).rejects.toMatchObject({
      code: 'CONFIG_ERROR',
      message: expect.stringContaining('localhost is rejected'),
    });
    expect(asked).toBe(false);
  });

  it('ends an answer that drips for ever, at the deadline for the whole of it', async () => {
    const hungUp = new Promise<void>((resolve) => {
      handler = async (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 20);
        response.once('close', () => {
          clearInterval(drip);
          resolve();
        });
        return null;
      };
    });
    await expect(call({ timeoutMs: 200 })).rejects.toMatchObject({
      code: 'TRANSIENT',
      message: expect.stringContaining('took too long'),
    });
    await hungUp;
  });

  it('stops unpacking a bomb when it is larger than allowed', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    handler = async (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(bomb);
      return null;
    };
    expect(bomb.length).toBeLessThan(100_000);
    await expect(call({ maxResponseBytes: 100_000 })).rejects.toMatchObject({
      code: 'INVALID_RESPONSE',
      message: 'The answer is longer than 100000 bytes',
    });
  });

  it('does not go where a redirect points', async () => {
    let asked = 0;
    const target = await startFakeServer(async () => {
      asked += 1;
      return { status: 200, json: {} };
    });
    handler = async () => ({ status: 302, headers: { location: target.url } });
    await expect(call()).rejects.toMatchObject({
      code: 'INVALID_RESPONSE',
      message: 'GET /things answered 302, and redirects are not followed',
    });
    expect(asked).toBe(0);
    await target.close();
  });

  it('sends nothing when the budget is spent', async () => {
    let asked = 0;
    handler = async () => {
      asked += 1;
      return { status: 200, json: {} };
    };
    const paths: string[] = [];
    const take = async (path: string) => {
      paths.push(path);
      if (paths.length > 1) throw new RateLimited('spent', NOW, 'burst');
    };
    const client = createHttpClient({
      baseUrl: server.url,
      context: { network: { allowPrivateNetwork: true }, now: () => NOW, budget: { take } },
    });
    await client({ method: 'GET', path: '/things' });
    await expect(client({ method: 'GET', path: '/others' })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect([asked, paths]).toEqual([1, ['/things', '/others']]);
  });

  it('reports a server that is not there', async () => {
    const gone = await startFakeServer(async () => ({ status: 200 }));
    await gone.close();
    await expect(call({}, gone.url)).rejects.toMatchObject({
      code: 'TRANSIENT',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('refuses a base URL that is none', async () => {
    await expect(call({}, 'example')).rejects.toMatchObject({ code: 'CONFIG_ERROR' });
  });
});
