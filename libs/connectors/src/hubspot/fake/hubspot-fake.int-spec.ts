import { afterEach, describe, expect, it } from '@jest/globals';
import { type FakeServer, startFakeServer } from '../../testing/fake-server.js';
import { type HubSpotFake, type HubSpotFakeOptions, startHubSpotFake } from './hubspot-fake.js';

const START = new Date('2026-09-01T10:00:00.000Z');
const MINUTE_MS = 60_000;

describe('HubSpot fake', () => {
  const open: (FakeServer | HubSpotFake)[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });

  const start = async (options: HubSpotFakeOptions = {}) => {
    const fake = await startHubSpotFake({ startAt: START, searchLagMs: 0, ...options });
    open.push(fake);
    return fake;
  };
  const receive = async (answer: () => number) => {
    const batches: Record<string, unknown>[][] = [];
    const receiver = await startFakeServer(async ({ body }) => {
      batches.push(JSON.parse(body.toString()));
      return { status: answer() };
    });
    open.push(receiver);
    return { url: receiver.url, batches };
  };

  describe('search', () => {
    it('shows a change only when the index has caught up', async () => {
      const fake = await start({ searchLagMs: 5_000 });
      fake.account.contacts.create({ email: 'a@x.example' });
      expect((await search(fake, {})).json.total).toBe(0);
      await fake.account.advance(5_000);
      expect((await search(fake, {})).json.total).toBe(1);
    });

    it('pages, and refuses to page past 10,000', async () => {
      const fake = await start({ seed: { contacts: 250 } });
      const first = await search(fake, { limit: 200 });
      expect(first.json).toMatchObject({ total: 250, paging: { next: { after: '200' } } });
      expect((await search(fake, { limit: 200, after: '200' })).json.results).toHaveLength(50);
      expect((await search(fake, { limit: 200, after: '9900' })).status).toBe(400);
    });

    it.each([
      ['a page beyond 200', { limit: 201 }],
      [
        'a property that does not exist',
        { filterGroups: [{ filters: [{ propertyName: 'nope', operator: 'EQ', value: '1' }] }] },
      ],
      ['more than 3,000 characters', { properties: ['x'.repeat(3_000)] }],
    ])('refuses %s', async (_name, body) => {
      expect(await search(await start(), body)).toMatchObject({
        status: 400,
        json: { category: 'VALIDATION_ERROR' },
      });
    });

    it.each([
      [{ propertyName: 'email', operator: 'EQ', value: 'B@x.example' }, ['b']],
      [{ propertyName: 'email', operator: 'IN', values: ['a@x.example', 'b@x.example'] }, ['a', 'b']],
      [{ propertyName: 'email', operator: 'NOT_HAS_PROPERTY' }, ['c']],
      [{ propertyName: 'firstname', operator: 'CONTAINS_TOKEN', value: 'b*' }, ['b']],
      [{ propertyName: 'lastmodifieddate', operator: 'GT', value: String(START.getTime()) }, ['c']],
      [{ propertyName: 'hs_object_id', operator: 'BETWEEN', value: '501', highValue: '502' }, ['a', 'b']],
    ])('filters by %j', async (filter, names) => {
      const fake = await start();
      for (const name of ['a', 'b'])
        fake.account.contacts.create({ email: `${name}@x.example`, firstname: name });
      await fake.account.advance(1);
      fake.account.contacts.create({ firstname: 'c', email: null });
      const { json } = await search(fake, {
        filterGroups: [{ filters: [filter] }],
        properties: ['firstname'],
      });
      expect(json.results.map(({ properties }) => properties.firstname)).toEqual(names);
    });
  });

  it('refuses a URL of more than 8,000 characters', async () => {
    const { url, token } = await start();
    const statusOf = async (length: number) => {
      const path = '/crm/objects/2026-09/contacts?properties=';
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(url + path.padEnd(length, 'x'), { headers })).status;
    };
    expect([await statusOf(8_000), await statusOf(8_001), await statusOf(40_000)]).toEqual([200, 414, 414]);
  });

  describe('limits', () => {
    it('counts a rolling window of ten seconds and says so in headers', async () => {
      const fake = await start({ limits: { tenSecondly: 2 } });
      expect((await list(fake)).headers.get('x-hubspot-ratelimit-remaining')).toBe('1');
      await list(fake);
      expect(await list(fake)).toMatchObject({ status: 429, json: { policyName: 'TEN_SECONDLY_ROLLING' } });
      await fake.account.advance(10_000);
      expect((await list(fake)).status).toBe(200);
    });

    it('takes a hundred requests in ten seconds from an account of the lowest tier', async () => {
      const fake = await start();
      const statuses = await Promise.all(Array.from({ length: 101 }, async () => (await list(fake)).status));
      expect(statuses.filter((status) => status === 200)).toHaveLength(100);
      expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    });

    it('takes as many as the admin port says', async () => {
      const fake = await start();
      await admin(fake, 'POST', '/limits', { tenSecondly: 1 });
      expect([(await list(fake)).status, (await list(fake)).status]).toEqual([200, 429]);
    });

    it('allows five searches a second, without rate headers', async () => {
      const fake = await start();
      for (let n = 0; n < 5; n += 1)
        expect((await search(fake, {})).headers.has('x-hubspot-ratelimit-max')).toBe(false);
      expect(await search(fake, {})).toMatchObject({
        status: 429,
        json: { policyName: 'SECONDLY', errorType: 'RATE_LIMIT' },
      });
    });

    it('ends a day’s quota with the day', async () => {
      const fake = await start({ limits: { daily: 1 } });
      await list(fake);
      expect(await list(fake)).toMatchObject({ status: 429, json: { policyName: 'DAILY' } });
      await fake.account.advance(14 * 60 * MINUTE_MS);
      expect((await list(fake)).status).toBe(200);
    });
  });

  describe('webhooks', () => {
    it('sends batches below 100, in order', async () => {
      const fake = await start();
      const { url, batches } = await receive(() => 200);
      fake.account.webhooks.send({ url });
      for (let n = 0; n < 150; n += 1) fake.account.contacts.create({});
      await fake.account.webhooks.deliver();
      expect(batches.map((batch) => batch.length)).toEqual([99, 51]);
      const times = batches.flat().map(({ eventId }) => eventId);
      expect(times).toEqual(Array.from({ length: 150 }, (_, n) => n + 1));
    });

    it('doubles and shuffles when it is asked to', async () => {
      const fake = await start();
      const { url, batches } = await receive(() => 200);
      fake.account.webhooks.send({ url, duplicate: true, shuffle: true });
      for (let n = 0; n < 20; n += 1) fake.account.contacts.create({});
      await fake.account.webhooks.deliver();
      const ids = batches.flat().map(({ eventId }) => Number(eventId));
      const doubled = Array.from({ length: 20 }, (_, n) => [n + 1, n + 1]).flat();
      expect(ids).not.toEqual(doubled);
      expect([...ids].sort((a, b) => a - b)).toEqual(doubled);
    });

    it('tries ten more times within a day and a bit, with a growing attempt number', async () => {
      const fake = await start();
      const { url, batches } = await receive(() => 503);
      fake.account.webhooks.send({ url });
      fake.account.contacts.create({});
      await fake.account.webhooks.deliver();
      for (let minutes = 0; minutes < 27 * 60; minutes += 10) await fake.account.advance(10 * MINUTE_MS);
      expect(batches.map(([event]) => event?.attemptNumber)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });

    it('stops trying when it was accepted', async () => {
      const fake = await start();
      const answers = [500, 200];
      const { url } = await receive(() => answers.shift() ?? 200);
      fake.account.webhooks.send({ url });
      fake.account.contacts.create({});
      await fake.account.webhooks.deliver();
      for (let n = 0; n < 3; n += 1) await fake.account.advance(60 * MINUTE_MS);
      expect(fake.account.webhooks.attempts.map(({ status }) => status)).toEqual([500, 200]);
    });
  });

  it('delivers by itself on the real clock, and again soon after a failure', async () => {
    const fake = await startHubSpotFake({ retrySpeed: 1_000_000 });
    open.push(fake);
    const answers = [500, 200];
    const accepted = new Promise<void>((resolve) => {
      const answer = () => {
        const status = answers.shift() ?? 200;
        if (status === 200) resolve();
        return status;
      };
      void receive(answer).then(({ url }) => {
        fake.account.webhooks.send({ url, automatic: true });
        fake.account.contacts.create({ email: 'a@x.example' });
      });
    });
    await accepted;
    expect(fake.account.webhooks.attempts[0]).toMatchObject({ status: 500, attempt: 0 });
  });

  describe('admin port', () => {
    it('plays people: creates, changes, archives, restores, merges, erases', async () => {
      const fake = await start();
      const a = await admin(fake, 'POST', '/contacts', { properties: { email: 'a@x.example' } });
      const b = await admin(fake, 'POST', '/contacts', { properties: { email: 'b@x.example' } });
      await admin(fake, 'PATCH', `/contacts/${a.json.id}`, { properties: { firstname: 'A' } });
      await admin(fake, 'DELETE', `/contacts/${a.json.id}`);
      await admin(fake, 'POST', `/contacts/${a.json.id}/restore`);
      const winner = await admin(fake, 'POST', '/contacts/merge', { primary: a.json.id, other: b.json.id });
      expect((await admin(fake, 'GET', '/state')).json).toMatchObject({ contacts: 1, archivedContacts: 0 });
      await admin(fake, 'POST', `/contacts/${winner.json.id}/erase`);
      expect((await admin(fake, 'GET', '/state')).json).toMatchObject({ contacts: 0, archivedContacts: 0 });
    });

    it('plays a bad day, and moves the clock', async () => {
      const fake = await start();
      await admin(fake, 'POST', '/faults', { kind: 'status', status: 502, times: 2 });
      expect([(await list(fake)).status, (await list(fake)).status, (await list(fake)).status]).toEqual([
        502, 502, 200,
      ]);
      await admin(fake, 'POST', '/clock/advance', { ms: 1_000 });
      expect((await admin(fake, 'GET', '/state')).json).toMatchObject({ now: '2026-09-01T10:00:01.000Z' });
    });

    it('lists its routes for whoever asks for anything else', async () => {
      const { status, json } = await admin(await start(), 'GET', '/what');
      expect(status).toBe(404);
      expect(json.routes).toContain('POST /faults');
    });
  });
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: {
    readonly id?: string;
    readonly total?: number;
    readonly routes?: string[];
    readonly results: { readonly properties: Record<string, string | null> }[];
  };
}

async function ask(url: string, method: string, body?: unknown, token = ''): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const json = (text === '' ? {} : JSON.parse(text)) as Answer['json'];
  return { status: response.status, headers: response.headers, json };
}

function search(fake: HubSpotFake, body: unknown) {
  return ask(`${fake.url}/crm/objects/2026-09/contacts/search`, 'POST', body, fake.token);
}

function list(fake: HubSpotFake) {
  return ask(`${fake.url}/crm/objects/2026-09/contacts`, 'GET', undefined, fake.token);
}

function admin(fake: HubSpotFake, method: string, path: string, body?: unknown) {
  return ask(fake.adminUrl + path, method, body);
}
