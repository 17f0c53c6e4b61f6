import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createPool, createPrisma, readConfig } from '#platform';
import type { IncomingWebhook, Received, Sync } from '#sync';
import { ConnectionsModule } from '../connections/connections.module.js';
import { createApi } from '../create-api.js';

const NOWHERE = 'postgres://nobody@127.0.0.1:1/nothing';
const ADDRESS = '/v1/webhooks/acme/01999999-9999-7999-8999-999999999999';
const MEGABYTE = 1024 * 1024;

describe('the door for webhooks', () => {
  const pool = createPool({ url: NOWHERE });
  const prisma = createPrisma({ url: NOWHERE });
  let app: NestFastifyApplication;
  let taken: IncomingWebhook[];
  let answer: Received;

  beforeAll(async () => {
    process.env.ROLLCALL_LOG_LEVEL = 'silent';
    const config = readConfig({ ROLLCALL_PUBLIC_URL: 'https://rollcall.example.com' });
    const inbox = {
      receive: async (incoming: IncomingWebhook) => {
        taken.push(incoming);
        return answer;
      },
    };
    const module = ConnectionsModule.over({ sync: { inbox } as unknown as Sync, config });
    const readiness = { queue: async () => {} };
    app = await createApi({ config, pool, prisma, readiness, modules: [module] });
    await app.listen(0);
  });
  afterAll(async () => {
    await app.close();
    await Promise.all([pool.end(), prisma.$disconnect()]);
  });
  beforeEach(() => {
    taken = [];
    answer = { stored: 2, rejected: 0 };
  });

  const send = async (path: string, body: string | Uint8Array<ArrayBuffer>, type?: string) =>
    fetch(`${await app.getUrl()}${path}`, {
      method: 'POST',
      body,
      headers: type === undefined ? {} : { 'content-type': type },
    });

  it.each([
    ['application/json', '[{ "a" : 1 }]\n'],
    ['text/xml; charset=utf-8', '<a/>'],
    ['application/soap+xml', '<a/>'],
    ['application/x-www-form-urlencoded', 'a=1&b=%20'],
    [undefined, 'not { json'],
  ])('takes the very bytes of %s', async (type, body) => {
    const answered = await send(ADDRESS, new TextEncoder().encode(body), type);
    expect(answered.status).toBe(200);
    expect(await answered.json()).toEqual({ new: 2 });
    expect(taken).toMatchObject([{ kind: 'acme', tail: '', url: `https://rollcall.example.com${ADDRESS}` }]);
    expect(taken[0]?.rawBody.toString()).toBe(body);
  });

  it.each([
    ['/partner.created', 'partner.created'],
    ['/a%20secret/and/more?x=1', 'a secret/and/more'],
    ['/', ''],
  ])('hands over what the path has behind the id: %s', async (path, tail) => {
    expect((await send(ADDRESS + path, '{}')).status).toBe(200);
    expect(taken).toMatchObject([{ tail, url: `https://rollcall.example.com${ADDRESS}${path}` }]);
  });

  it('answers what the vendor wants to read', async () => {
    answer = {
      stored: 1,
      rejected: 0,
      acknowledgement: { contentType: 'text/xml; charset=utf-8', body: '<Ack/>' },
    };
    const answered = await send(`${ADDRESS}/tail`, '<a/>', 'text/xml');
    expect(answered.headers.get('content-type')).toBe('text/xml; charset=utf-8');
    expect(await answered.text()).toBe('<Ack/>');
  });

  it.each(['application/json', 'text/xml'])('refuses more than a megabyte of %s', async (type) => {
    expect((await send(ADDRESS, 'x'.repeat(MEGABYTE), type)).status).toBe(200);
    expect((await send(ADDRESS, 'x'.repeat(MEGABYTE + 1), type)).status).toBe(413);
    expect(taken).toHaveLength(1);
  });

  it('knows its method, with a tail and without', async () => {
    for (const path of [ADDRESS, `${ADDRESS}/a/b`]) {
      const answered = await fetch(`${await app.getUrl()}${path}`);
      expect([answered.status, answered.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });

  it('refuses an id that is none, and a tail without end, without repeating it', async () => {
    expect((await send('/v1/webhooks/acme/7', '{}')).status).toBe(422);
    const answered = await send(`${ADDRESS}/${'secret'.repeat(200)}`, '{}');
    expect(answered.status).toBe(422);
    expect(await answered.text()).not.toContain('secret');
    expect(taken).toEqual([]);
  });
});
