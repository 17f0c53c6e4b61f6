import { expect, it } from '@jest/globals';
import { type Answered, describeApi } from './support/api-process.js';

describeApi('many requests at once', (api) => {
  const ada = (identifier_key: string) => ({ identifier_key, name: 'Ada Lovelace', identity_type: 'user' });
  const create = async (key: string) =>
    (await api.send('POST', '/v1/identities/', { body: ada(key) })).body as { id: string };

  it('20 changes of one identity all happen', async () => {
    const { id } = await create('changed-by-many');
    const keys = Array.from({ length: 20 }, (_, number) => `key-${number}`);
    const answers = await Promise.all(
      keys.map((key) =>
        api.send('PATCH', `/v1/identities/${id}`, {
          body: { properties: [{ key, type: 'boolean', value: true }] },
        }),
      ),
    );
    expect(statuses(answers)).toEqual({ 200: 20 });
    const { body } = await api.send('GET', `/v1/identities/${id}`);
    expect(body.properties.map(({ key }: { key: string }) => key).sort()).toEqual(keys.sort());
  });

  it('64 creates of one key make one identity', async () => {
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => api.send('POST', '/v1/identities/', { body: ada('wanted-by-many') })),
    );
    expect(statuses(answers)).toEqual({ 200: 1, 409: 63 });
    const refused = answers.filter(({ status }) => status === 409);
    expect(new Set(refused.map(({ headers }) => headers.get('x-should-retry')))).toEqual(new Set(['false']));
  });

  it('32 upserts of one key make one identity and all succeed', async () => {
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, number) =>
        api.send('PUT', '/v1/identities/', { body: { ...ada('upserted-by-many'), name: `Ada ${number}` } }),
      ),
    );
    expect(statuses(answers)).toEqual({ 200: 32 });
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  it.each([
    ['create', 'POST', () => '/v1/identities/', ada('idempotent')],
    ['modify', 'PATCH', (id: string) => `/v1/identities/${id}`, { name: 'Ada King' }],
    ['delete', 'DELETE', (id: string) => `/v1/identities/${id}`, undefined],
  ] as const)(
    'one Idempotency-Key, sent 50 times at once, has one effect: %s',
    async (name, method, path, body) => {
      const { id } = await create(`idempotent-${name}`);
      const before = await api.logSize();
      const headers = { 'idempotency-key': `key-of-${name}` };
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => api.send(method, path(id), { body, headers })),
      );
      expect(statuses(answers)).toEqual({ 200: 50 });
      expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
      expect(new Set(answers.map((answer) => answer.headers.get('etag'))).size).toBe(1);
      expect((await api.logSize()).events).toBe(before.events + 1);
    },
  );

  it('of 10 changes made for one version, one happens', async () => {
    const { id } = await create('raced');
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, number) =>
        api.send('PATCH', `/v1/identities/${id}`, {
          body: { name: `Ada ${number}` },
          headers: { 'if-match': '"1"' },
        }),
      ),
    );
    expect(statuses(answers)).toEqual({ 200: 1, 412: 9 });
  });
});

function statuses(answers: readonly Answered[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
