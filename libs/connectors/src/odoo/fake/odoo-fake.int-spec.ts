import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeServer, startFakeServer } from '../../testing/fake-server.js';
import { type OdooFake, startOdooFake } from './odoo-fake.js';

const START = new Date('2026-09-01T10:00:00.250Z');

describe('Odoo fake', () => {
  let fake: OdooFake;
  beforeEach(async () => {
    fake = await startOdooFake({ startAt: START });
  });
  afterEach(() => fake.close());

  const call = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${fake.url}/json/2/${path}`, {
      method: 'POST',
      headers: { authorization: `bearer ${fake.token}`, ...headers },
      body: JSON.stringify(body),
    });
  const admin = (method: string, path: string, body?: unknown) =>
    fetch(fake.adminUrl + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const names = async (domain: unknown[]) => {
    const rows = await (await call('res.partner/search_read', { domain, fields: ['name'] })).json();
    return (rows as { name: string }[]).map(({ name }) => name);
  };

  it('creates, writes, reads and deletes by JSON-2, in bare arrays', async () => {
    const vals_list = [{ name: 'Ada' }, { name: 'Grace' }];
    const ids = (await (await call('res.partner/create', { vals_list })).json()) as number[];
    expect(ids).toEqual([1, 2]);
    await fake.database.advance(1_000);
    expect(await (await call('res.partner/write', { ids: [1], vals: { name: 'Augusta' } })).json()).toBe(
      true,
    );
    await call('res.partner/unlink', { ids: [2] });
    const fields = ['name', 'email', 'write_date'];
    expect(await (await call('res.partner/read', { ids: [1, 2], fields })).json()).toEqual([
      { id: 1, name: 'Augusta', email: false, write_date: '2026-09-01 10:00:01' },
    ]);
  });

  it('hides archived records from who does not ask for them', async () => {
    fake.database.partners.create([{ name: 'Ada' }, { name: 'Grace' }]);
    await call('res.partner/action_archive', { ids: [1] });
    expect(await names([])).toEqual(['Grace']);
    expect(await names([['active', 'in', [true, false]]])).toEqual(['Ada', 'Grace']);
    expect(await names(['|', ['active', '=', true], ['active', '=', false]])).toEqual(['Ada', 'Grace']);
  });

  it('compares times by microseconds, and shows seconds', async () => {
    fake.database.partners.create([{ name: 'Ada' }]);
    expect(await names([['write_date', '>', '2026-09-01 10:00:00']])).toEqual(['Ada']);
    expect(await names(['!', ['write_date', '<=', '2026-09-01 10:00:00']])).toEqual(['Ada']);
  });

  it('answers a wrong key with 401 and a traceback, and a database it does not have with 404', async () => {
    const wrong = await call('res.partner/search_read', {}, { authorization: 'bearer wrong' });
    expect(wrong.status).toBe(401);
    expect(await wrong.json()).toMatchObject({
      name: 'werkzeug.exceptions.Unauthorized',
      message: 'Invalid apikey',
      debug: expect.stringContaining('Traceback'),
    });
    expect((await call('res.partner/search_read', {}, { 'x-odoo-database': 'other' })).status).toBe(404);
    expect((await call('res.partner/no_such_method', {})).status).toBe(404);
    expect((await call('res.partner/read', { ids: 'all' })).status).toBe(422);
  });

  it('is played from its admin port', async () => {
    expect((await admin('GET', '/nothing')).status).toBe(404);
    await admin('POST', '/seed', { people: 5, companies: 2 });
    await admin('POST', '/partners/1/archive');
    await admin('DELETE', '/partners/2');
    await admin('PATCH', '/partners/3', { name: 'Renamed' });
    await admin('POST', '/clock/advance', { ms: 60_000 });
    await admin('POST', '/faults', { kind: 'status', status: 502 });
    expect((await call('res.partner/search_read', {})).status).toBe(502);
    expect(await names([['id', '=', 3]])).toEqual(['Renamed']);
    expect(await (await admin('GET', '/state')).json()).toMatchObject({
      partners: 5,
      archived: 1,
      now: '2026-09-01T10:01:00.250Z',
    });
  });

  describe('webhooks', () => {
    let receiver: FakeServer;
    let received: unknown[] = [];
    beforeEach(async () => {
      received = [];
      receiver = await startFakeServer(async ({ body }) => {
        received.push(JSON.parse(body.toString('utf8')));
        return { status: 500 };
      });
    });
    afterEach(() => receiver.close());

    it('come eleven times for a creation and twice for a change, and never again when they fail', async () => {
      fake.database.webhooks.add({ url: receiver.url, fields: ['email', 'write_date'] });
      const [ada] = fake.database.partners.create([{ name: 'Ada' }]);
      await fake.database.webhooks.deliver();
      expect(received).toHaveLength(11);
      expect(received[0]).toEqual({
        _action: 'push webhook(#235)',
        _id: 1,
        _model: 'res.partner',
        email: false,
        write_date: '2026-09-01 10:00:00.250001',
      });
      received = [];
      await fake.database.advance(3_600_000);
      fake.database.partners.write([ada?.id ?? 0], { email: 'ada@x.example' });
      await fake.database.webhooks.deliver();
      expect(received).toHaveLength(2);
    });

    it('of deletions are an automation of their own', async () => {
      fake.database.partners.create([{ name: 'Ada' }, { name: 'Grace' }]);
      fake.database.webhooks.add({ url: receiver.url, trigger: 'on_unlink', copies: 1 });
      fake.database.partners.merge(1, [2]);
      await fake.database.webhooks.deliver();
      expect(received).toMatchObject([{ _id: 2 }]);
    });
  });
});
