import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeServer, startFakeServer } from '../../testing/fake-server.js';
import { type PipedriveFake, startPipedriveFake } from './pipedrive-fake.js';

const START = new Date('2026-09-01T10:00:00.250Z');

describe('Pipedrive fake', () => {
  let fake: PipedriveFake;
  beforeEach(async () => {
    fake = await startPipedriveFake({ startAt: START });
  });
  afterEach(() => fake.close());

  const get = (path: string) => fetch(fake.url + path, { headers: { 'x-api-token': fake.token } });
  const admin = (method: string, path: string, body?: unknown) =>
    fetch(fake.adminUrl + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });

  it('allows as many requests in two seconds as the plan says, by its own clock', async () => {
    for (let n = 0; n < 20; n += 1) expect((await get('/api/v2/persons')).status).toBe(200);
    const refused = await get('/api/v2/persons');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-ratelimit-reset')).toBe('2');
    expect(await refused.json()).toMatchObject({ success: false, errorCode: 429 });
    await fake.company.advance(2_000);
    expect((await get('/api/v2/persons')).status).toBe(200);
  });

  it('takes ten tokens of the day for a list and one for a record, until midnight', async () => {
    const { id } = fake.company.persons.create({ name: 'Ada' });
    await get('/api/v2/persons');
    await get(`/api/v2/persons/${id}`);
    expect(fake.company.rates.remainingToday).toBe(30_000 - 11);
    fake.company.rates.limits = { ...fake.company.rates.limits, dailyTokens: 15 };
    const refused = await get('/api/v2/persons');
    expect([refused.status, refused.headers.get('x-daily-ratelimit-token-remaining')]).toEqual([429, '0']);
    await fake.company.advance(14 * 3_600_000);
    expect((await get('/api/v2/persons')).status).toBe(200);
  });

  it.each(['limit=501', 'cursor=nonsense', 'sort_by=name', 'updated_until=2026-09-01'])(
    'answers 400 to %s',
    async (query) => expect((await get(`/api/v2/persons?${query}`)).status).toBe(400),
  );

  it('is played from its admin port', async () => {
    expect((await admin('GET', '/nothing')).status).toBe(404);
    const made = (await (await admin('POST', '/persons', { name: 'Ada' })).json()) as { id: number };
    await admin('PATCH', `/persons/${made.id}`, { name: 'Augusta' });
    await admin('POST', '/faults', { kind: 'status', status: 503 });
    expect((await get(`/api/v2/persons/${made.id}`)).status).toBe(503);
    expect(await (await get(`/api/v2/persons/${made.id}`)).json()).toMatchObject({
      data: { name: 'Augusta' },
    });
    await admin('DELETE', `/persons/${made.id}`);
    await admin('POST', '/seed', { persons: 3, organizations: 2 });
    await admin('POST', '/clock/advance', { ms: 60_000 });
    expect(await (await admin('GET', '/state')).json()).toMatchObject({
      persons: 3,
      organizations: 2,
      now: '2026-09-01T10:01:00.250Z',
    });
  });

  it('makes the same world of the same seed', async () => {
    const other = await startPipedriveFake({ startAt: START, seed: { persons: 20, organizations: 4 } });
    fake.company.seed({ persons: 20, organizations: 4 });
    const names = ({ company }: PipedriveFake) => company.persons.visible().map(({ fields }) => fields);
    expect(names(other)).toEqual(names(fake));
    await other.close();
  });

  describe('webhooks', () => {
    let receiver: FakeServer;
    let status = 200;
    let received: { authorization?: string; meta: Record<string, unknown> }[] = [];
    beforeEach(async () => {
      status = 200;
      received = [];
      receiver = await startFakeServer(async ({ headers, body }) => {
        received.push({ authorization: headers.authorization, meta: JSON.parse(body.toString('utf8')).meta });
        return { status };
      });
    });
    afterEach(() => receiver.close());

    const subscribe = () =>
      fake.company.webhooks.subscribe({ url: receiver.url, user: 'u', password: 'p', entity: 'person' });

    it('carry one event each, with Basic credentials, of the entities asked for', async () => {
      subscribe();
      const { id } = fake.company.persons.create({ name: 'Ada' });
      fake.company.organizations.create({ name: 'Not asked for' });
      fake.company.persons.delete(id);
      await fake.company.webhooks.deliver();
      expect(received.map(({ meta }) => meta.action)).toEqual(['create', 'delete']);
      expect(received[0]?.authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
    });

    it('come again after 3, 30 and 150 seconds with the same id, and then no more', async () => {
      subscribe();
      status = 500;
      fake.company.persons.create({ name: 'Ada' });
      await fake.company.webhooks.deliver();
      for (const seconds of [2, 1, 29, 1, 149, 1, 3_600]) await fake.company.advance(seconds * 1_000);
      expect(received.map(({ meta }) => meta.attempt)).toEqual([1, 2, 3, 4]);
      expect(new Set(received.map(({ meta }) => meta.id)).size).toBe(1);
    });

    it('stop for half an hour after ten first attempts that failed, and for ever after three days', async () => {
      subscribe();
      status = 500;
      for (let n = 0; n < 10; n += 1) fake.company.persons.create({ name: `person ${n}` });
      await fake.company.webhooks.deliver();
      received = [];
      fake.company.webhooks.lose();
      fake.company.persons.create({ name: 'during the ban' });
      await fake.company.webhooks.deliver();
      expect(received).toEqual([]);
      await fake.company.advance(3 * 24 * 3_600_000);
      fake.company.persons.create({ name: 'the last one' });
      await fake.company.webhooks.deliver();
      expect(received).toHaveLength(1);
      expect(fake.company.webhooks.subscribed).toEqual([]);
    });
  });
});
