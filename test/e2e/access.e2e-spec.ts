import { beforeAll, describe, expect, it } from '@jest/globals';
import { describeApi } from './support/api-process.js';

const ada = { identifier_key: 'ada', name: 'Ada Lovelace', identity_type: 'user' };
const AGENT = 'agent-123e4567-e89b-42d3-8456-426614174000';

describeApi('who may do what', (api) => {
  it('needs no key for health and the reference', async () => {
    for (const path of ['/health/live', '/health/ready', '/v1/health', '/openapi.json', '/docs']) {
      expect(await api.send('GET', path, { key: null })).toMatchObject({ status: 200 });
    }
    expect((await api.send('GET', '/v1/health')).body).toEqual({ status: 'ok', version: expect.any(String) });
  });

  it.each([
    ['no key', null],
    ['an unknown key', `rc_${'x'.repeat(43)}`],
    ['what is no key', 'x'],
  ])('answers 401 to %s, before it looks at the request', async (_, key) => {
    const { status, body, headers } = await api.send('POST', '/v1/identities/', { key, body: '{' });
    expect({ status, body }).toEqual({
      status: 401,
      body: { detail: 'Unauthorized', code: 'UNAUTHORIZED', trace_id: headers.get('x-request-id') },
    });
    expect(headers.get('www-authenticate')).toBe('Bearer realm="rollcall"');
  });

  it('lets a read key read and nothing else', async () => {
    const key = await api.makeKey({ scopes: ['read'] });
    expect(await api.send('GET', '/v1/identities/', { key })).toMatchObject({ status: 200 });
    expect(await api.send('POST', '/v1/identities/', { key, body: ada })).toMatchObject({
      status: 403,
      body: { detail: 'This API key lacks the scope "write"; use one that has it', code: 'SCOPE_MISSING' },
    });
  });

  it('feels a revoked key at once', async () => {
    const key = await api.makeKey({ scopes: ['read'] });
    expect(await api.send('GET', '/v1/identities/', { key })).toMatchObject({ status: 200 });
    await api.revokeKey(key);
    await eventually(async () =>
      expect(await api.send('GET', '/v1/identities/', { key })).toMatchObject({ status: 401 }),
    );
  });

  describe('a key of some projects', () => {
    let one: string;
    let two: string;
    let elsewhere: string;
    beforeAll(async () => {
      one = await api.makeKey({ scopes: ['write'], projectIds: ['p1'] });
      two = await api.makeKey({ scopes: ['write'], projectIds: ['p1', 'p2'] });
      const { body } = await api.send('POST', '/v1/identities/', { body: { ...ada, project_id: 'p3' } });
      elsewhere = `/v1/identities/${body.id}`;
    });

    it('creates in its only project without naming it', async () => {
      const { body } = await api.send('POST', '/v1/identities/', { key: one, body: ada });
      expect(body).toMatchObject({ project_id: 'p1' });
    });

    it('has to name one of several', async () => {
      expect(await api.send('POST', '/v1/identities/', { key: two, body: ada })).toMatchObject({
        status: 403,
      });
      const headers = { 'x-project': 'p2' };
      expect(
        (await api.send('POST', '/v1/identities/', { key: two, body: ada, headers })).body,
      ).toMatchObject({
        project_id: 'p2',
      });
    });

    it('creates nowhere else', async () => {
      const body = { ...ada, project_id: 'p3' };
      for (const method of ['POST', 'PUT']) {
        expect(await api.send(method, '/v1/identities/', { key: one, body })).toMatchObject({ status: 403 });
      }
    });

    it('does not see the identities of others, whatever it asks', async () => {
      const before = await api.logSize();
      const id = elsewhere.slice('/v1/identities/'.length);
      const asks: [string, string, unknown?][] = [
        ['GET', elsewhere],
        ['GET', `${elsewhere}?as_of=1`],
        ['GET', `${elsewhere}/events`],
        ['GET', `${elsewhere}/agents`],
        ['GET', `${elsewhere}/blocks`],
        ['PATCH', elsewhere, { name: 'Eve' }],
        ['PUT', `${elsewhere}/properties`, []],
        ['DELETE', `${elsewhere}/properties/plan`],
        ['DELETE', elsewhere],
        ['PATCH', `/v1/agents/${AGENT}/identities/attach/${id}`],
        ['GET', `/v1/identities/?after=${id}`],
      ];
      for (const [method, path, body] of asks) {
        expect([method, path, (await api.send(method, path, { key: one, body })).status]).toEqual([
          method,
          path,
          404,
        ]);
      }
      expect((await api.send('GET', '/v1/identities/', { key: one })).body).toMatchObject([
        { project_id: 'p1' },
      ]);
      const since = 'updated_after=2001-01-01T00:00:00Z';
      expect((await api.send('GET', `/v1/identities/?${since}`, { key: one })).body).toMatchObject([
        { project_id: 'p1' },
      ]);
      expect((await api.send('GET', `/v1/identities/count?${since}`, { key: one })).body).toBe(1);
      expect((await api.send('GET', '/v1/identities/count?project_id=p3', { key: one })).body).toBe(0);
      expect(await api.logSize()).toEqual(before);
    });
  });
});

describeApi(
  'a budget of requests',
  (api) => {
    it('answers 429 with Retry-After to a caller that spent it, and serves the others', async () => {
      const key = await api.makeKey({ scopes: ['read'] });
      const answers = [];
      // One more than the budget, and again as many in case the minute turns in between.
      for (let number = 0; number < 12; number++)
        answers.push(await api.send('GET', '/v1/identities/', { key }));
      const refused = answers.find(({ status }) => status === 429);
      expect(refused?.body.detail).toMatch(/^More than 5 requests in a minute/);
      expect(refused?.body.code).toBe('TOO_MANY_REQUESTS');
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await api.send('GET', '/v1/identities/')).toMatchObject({ status: 200 });
      expect(await api.send('GET', '/health/ready', { key })).toMatchObject({ status: 200 });
    });
  },
  () => ({ ROLLCALL_RATE_LIMIT: '5' }),
);

/** Until it holds, with the suite's own timeout as the bound. */
async function eventually(assertion: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (!(error instanceof Error && 'matcherResult' in error)) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
