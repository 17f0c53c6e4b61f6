import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { type ApiKey, createPool, createPrisma, readConfig, type Scope } from '#platform';
import { createApi } from './create-api.js';
import { type CallOf, endpoint } from './http/endpoint.js';
import { Serve } from './http/serve.decorator.js';
import type { OpenApiDocument } from './openapi/openapi.document.js';

const NOWHERE = 'postgres://nobody@127.0.0.1:1/nothing';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const MEGABYTE = 'x'.repeat(1024 * 1024);

describe('an API with modules of its own', () => {
  const pool = createPool({ url: NOWHERE });
  const prisma = createPrisma({ url: NOWHERE });
  let app: NestFastifyApplication;
  beforeAll(async () => {
    // What these requests provoke on purpose would fill the screen.
    process.env.ROLLCALL_LOG_LEVEL = 'silent';
    const readiness = { queue: () => Promise.reject(new Error('no queue at redis://secret@host')) };
    const keys = { authenticate: (bearer: string) => testKeys[bearer as Scope] };
    app = await createApi({
      config: readConfig({}),
      pool,
      prisma,
      readiness,
      keys,
      modules: [ExampleModule],
    });
    await app.listen(0);
  });
  afterAll(async () => {
    await app.close();
    await Promise.all([pool.end(), prisma.$disconnect()]);
  });

  const send = async (method: string, path: string, init: RequestInit & { key?: string } = {}) => {
    const { key = 'admin', headers, ...rest } = init;
    const url = `${await app.getUrl()}${path}`;
    return fetch(url, { method, headers: { authorization: `Bearer ${key}`, ...headers }, ...rest });
  };

  it('parses what an endpoint takes, and answers with its status', async () => {
    const answer = await send('POST', '/v1/examples/7?loud=yes', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'hello' }),
    });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ id: 7, text: 'HELLO' });
  });

  it('hands over the very bytes, of any type', async () => {
    const body = '{ "a" : 1 }\n';
    for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
      const answer = await send('POST', '/v1/examples/bytes', { headers: { 'content-type': type }, body });
      expect(await answer.json()).toBe(createHash('sha256').update(body).digest('hex'));
    }
    expect(await (await send('POST', '/v1/examples/bytes')).json()).toBe(createHash('sha256').digest('hex'));
  });

  it('refuses more bytes than it reads at once, and streams without a bound', async () => {
    const body = MEGABYTE.repeat(9);
    const headers = { 'content-type': 'text/csv' };
    expect(await (await send('POST', '/v1/examples/stream', { headers, body })).json()).toBe(body.length);
    expect(await (await send('POST', '/v1/examples/stream')).json()).toBe(0);
    const chunked = {
      headers,
      body: Readable.from([body]) as unknown as string,
      duplex: 'half',
    } as RequestInit;
    expect(await (await send('POST', '/v1/examples/bytes', chunked)).json()).toEqual({
      detail: 'The request body is too large',
      code: 'BODY_TOO_LARGE',
      trace_id: expect.any(String),
    });
  });

  it('sends a stream as it comes', async () => {
    const answer = await send('GET', '/v1/examples/table');
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(await answer.text()).toBe('a,b\n1,2\n');
  });

  it('breaks off when a stream fails half way', async () => {
    const answer = await send('GET', '/v1/examples/broken');
    await expect(answer.text()).rejects.toThrow();
  });

  it('asks for the scope that the endpoint names', async () => {
    expect((await send('GET', '/v1/examples/table', { key: 'read' })).status).toBe(200);
    expect((await send('POST', '/v1/examples/bytes', { key: 'read' })).status).toBe(403);
  });

  it('keeps a route that names no endpoint for admins', async () => {
    expect((await send('GET', '/v1/examples/forgotten', { key: 'write' })).status).toBe(403);
    expect((await send('GET', '/v1/examples/forgotten')).status).toBe(200);
  });

  it('says nothing about an error of ours but the request it was', async () => {
    const answer = await send('GET', '/v1/examples/bug', { headers: { traceparent: TRACEPARENT } });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({
      detail: `An internal error occurred (request ${TRACE})`,
      code: 'INTERNAL_ERROR',
      trace_id: TRACE,
    });
  });

  it('answers 503 while the database is away', async () => {
    const answer = await send('GET', '/v1/identities/count');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toEqual({
      detail: 'The database is temporarily unavailable. Please try again later.',
      code: 'DATABASE_UNAVAILABLE',
      trace_id: answer.headers.get('x-request-id'),
    });
  });

  it('is alive but not ready while the queue is away, and does not say why to everybody', async () => {
    expect((await send('GET', '/health/live')).status).toBe(200);
    const answer = await send('GET', '/health/ready');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      status: 'unavailable',
      checks: { queue: 'failed' },
      detail: 'Something the service cannot work without does not answer; see checks',
      code: 'NOT_READY',
      trace_id: answer.headers.get('x-request-id'),
    });
  });

  it('describes their endpoints with its own', async () => {
    const { paths } = (await (await send('GET', '/openapi.json')).json()) as OpenApiDocument;
    expect(paths['/v1/examples/{id}']?.post).toMatchObject({
      operationId: 'example',
      parameters: [
        { name: 'id', in: 'path' },
        { name: 'loud', in: 'query' },
      ],
      responses: { 202: {}, 422: {} },
    });
  });

  it('answers 503 while it is unknown who asks', async () => {
    // What Prisma says when it finds no server. (Let it look for one, and its timer outlives the spec.)
    const away = Object.assign(new Error("Can't reach database server"), { code: 'P1001' });
    const keys = { authenticate: () => Promise.reject(away) };
    const blind = await createApi({ config: readConfig({}), pool, prisma, readiness: {}, keys });
    expect(await blind.inject({ url: '/v1/identities/' })).toMatchObject({ statusCode: 503 });
    await blind.close();
  });
});

describe('an API that is stopped while a body is under way', () => {
  it.each([
    ['JSON', '/v1/examples/1', 'application/json'],
    ['bytes', '/v1/examples/bytes', 'text/plain'],
    ['a stream', '/v1/examples/stream', 'text/csv'],
  ])('refuses the rest of %s as it refuses all', async (_, path, type) => {
    const pool = createPool({ url: NOWHERE });
    const prisma = createPrisma({ url: NOWHERE });
    const keys = { authenticate: () => testKeys.admin };
    const parts = { config: readConfig({}), pool, prisma, readiness: {}, keys, modules: [ExampleModule] };
    const app = await createApi(parts);
    await app.listen(0, '127.0.0.1');
    const socket = connect(Number(new URL(await app.getUrl()).port), '127.0.0.1');
    const head = ['Host: a', `Content-Type: ${type}`, 'Content-Length: 100', `traceparent: ${TRACEPARENT}`];
    socket.write(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n{`);
    await once(app.getHttpServer(), 'request');
    const [answer] = await Promise.all([text(socket), app.close()]);
    expect(answer).toMatch(/^HTTP\/1\.1 503 .*\r\nretry-after: 1\r\n/s);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      code: 'SERVICE_CLOSING',
      trace_id: TRACE,
    });
    await Promise.all([pool.end(), prisma.$disconnect()]);
  });
});

const common = { tag: 'examples', scope: 'write', method: 'POST' } as const;
const example = endpoint({
  ...common,
  id: 'example',
  summary: 'An example',
  path: '/v1/examples/{id}',
  params: z.object({ id: z.coerce.number() }),
  query: z.object({ loud: z.enum(['yes', 'no']).optional() }),
  body: z.strictObject({ text: z.string() }),
  answer: z.object({ id: z.number(), text: z.string() }),
  status: 202,
});
const bytes = endpoint({
  ...common,
  id: 'bytes',
  summary: 'Bytes',
  path: '/v1/examples/bytes',
  body: 'bytes',
  answer: z.string(),
});
const stream = endpoint({
  ...common,
  id: 'stream',
  summary: 'A stream',
  path: '/v1/examples/stream',
  body: 'stream',
  answer: z.number(),
});
const reading = { tag: 'examples', scope: 'read', method: 'GET' } as const;
const table = endpoint({
  ...reading,
  id: 'table',
  summary: 'A table',
  path: '/v1/examples/table',
  answer: { mediaType: 'text/csv; charset=utf-8' },
});
const broken = endpoint({
  ...reading,
  id: 'broken',
  summary: 'Half',
  path: '/v1/examples/broken',
  answer: table.answer,
});
const bug = endpoint({ ...reading, id: 'bug', summary: 'A bug', path: '/v1/examples/bug', answer: z.null() });

@Controller()
class ExampleController {
  @Serve(example)
  example({ params, query, body }: CallOf<typeof example>) {
    return { id: params.id, text: query.loud === 'yes' ? body.text.toUpperCase() : body.text };
  }

  @Serve(bytes)
  bytes({ body }: CallOf<typeof bytes>) {
    return createHash('sha256').update(body).digest('hex');
  }

  @Serve(stream)
  async stream({ body }: CallOf<typeof stream>) {
    let size = 0;
    for await (const chunk of body) size += chunk.length;
    return size;
  }

  @Serve(table)
  table() {
    return Readable.from(['a,b\n', '1,2\n']);
  }

  @Serve(broken)
  async broken() {
    const half = new Readable({ read() {} });
    half.push('a,b\n');
    once(half, 'resume').then(() => half.destroy(new Error('half way')));
    return half;
  }

  @Serve(bug)
  bug(): null {
    throw new Error('secret of the house');
  }

  @Get('/v1/examples/forgotten')
  forgotten() {
    return {};
  }
}

@Module({ controllers: [ExampleController] })
class ExampleModule {}

const keyWith = (scope: Scope): ApiKey => ({
  id: scope,
  name: scope,
  hint: '',
  scopes: [scope],
  projectIds: [],
  createdAt: new Date(0),
  revokedAt: null,
});
const testKeys: Partial<Record<Scope, ApiKey>> = {
  read: keyWith('read'),
  write: keyWith('write'),
  admin: keyWith('admin'),
};
