import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serveWorkerHealth } from './worker-health.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('the health of a worker whose queue is away', () => {
  let health: Awaited<ReturnType<typeof serveWorkerHealth>>;
  beforeAll(async () => {
    process.env.ROLLCALL_LOG_LEVEL = 'silent';
    const queue = () => Promise.reject(new Error('no queue at redis://secret@host'));
    health = await serveWorkerHealth({ queue }, { host: '127.0.0.1', port: 0 });
  });
  afterAll(() => health.close());

  const get = async (path: string) => {
    const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
    const answer = await fetch(`${health.url}${path}`, { headers });
    return { status: answer.status, id: answer.headers.get('x-request-id'), body: await answer.json() };
  };

  it('is alive', async () =>
    expect(await get('/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } }));

  it('is not ready, and refuses as the API does', async () =>
    expect(await get('/health/ready')).toEqual({
      status: 503,
      id: TRACE,
      body: {
        status: 'unavailable',
        checks: { queue: 'failed' },
        detail: expect.any(String),
        code: 'NOT_READY',
        trace_id: TRACE,
      },
    }));

  it('has nothing else', async () =>
    expect(await get('/v1/identities/')).toEqual({
      status: 404,
      id: TRACE,
      body: { detail: 'Not Found', code: 'ROUTE_NOT_FOUND', trace_id: TRACE },
    }));
});
