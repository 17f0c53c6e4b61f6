import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OdooFake, startOdooFake } from '#connectors/odoo/fake';
import { type FakeServer, startFakeServer } from '#connectors/testing';
import type { Connection } from '#sync';
import { createTestDatabase, type TestDatabase } from '../support/databases.js';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.js';

const START = new Date('2026-09-01T10:00:00.250Z');
const SECRET = 'a-secret-of-the-webhook-path';

/** Odoo through the whole engine, once: its own rules are tested beside the connector. */
describe.each(['json-2', 'json-rpc'])('syncing Odoo by %s', (protocol) => {
  let database: TestDatabase;
  let world: SyncWorld;
  let odoo: OdooFake;
  let connection: Connection;
  let door: FakeServer;

  beforeEach(async () => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url);
    odoo = await startOdooFake({ startAt: START });
    connection = await connect();
    door = await startFakeServer(async ({ method, path, headers, body }) => {
      await world.sync.inbox.receive({
        kind: 'odoo',
        connectionId: connection.id,
        method,
        url: `https://rollcall.example${path}`,
        tail: path.slice(1),
        headers,
        rawBody: body,
      });
      return { status: 200 };
    });
  });

  afterEach(async () => {
    await door.close();
    await odoo.close();
    await world.close();
    await database.drop();
  });

  const partners = () => odoo.database.partners;
  const run = (mode: 'full' | 'incremental') => world.run(connection, mode, 'partners');
  const keys = async () => (await world.identities()).map(({ identifier_key }) => identifier_key);

  it('reads everybody once, then what changed, and a new address is a new key of the same identity', async () => {
    odoo.database.seed({ people: 1_100, companies: 40 });
    expect(await run('full')).toMatchObject({ status: 'completed', counts: { create: 1_140 } });
    const [ada] = partners().create([{ name: 'Ada', email: 'ada@x.example' }]);
    await odoo.database.advance(60_000);
    await run('incremental');
    const before = await world.identity('ada@x.example');
    await odoo.database.advance(3_600_000);
    partners().write([ada?.id ?? 0], { email: 'Countess@x.example' });
    await odoo.database.advance(60_000);
    expect(await run('incremental')).toMatchObject({ mode: 'incremental', counts: { key_change: 1 } });
    expect(await world.identity('countess@x.example')).toMatchObject({ id: before?.id });
    const events = await world.eventCount();
    expect((await run('full')).counts).toEqual({ unchanged: 1_141 });
    expect(await world.eventCount()).toBe(events);
  });

  it('learns by a run that a partner was archived, and that it is back', async () => {
    const [ada] = partners().create([{ name: 'Ada', email: 'ada@x.example' }]);
    await run('full');
    const before = await world.identity('ada@x.example');
    partners().write([ada?.id ?? 0], { active: false });
    expect((await run('incremental')).counts).toEqual({ delete: 1 });
    expect(await keys()).toEqual([]);
    await odoo.database.advance(1_000);
    partners().write([ada?.id ?? 0], { active: true });
    await run('incremental');
    expect(await world.identity('ada@x.example')).toMatchObject({ id: before?.id });
  });

  it('learns of a hard deletion by a flood of hints, which count once', async () => {
    partners().create([
      { name: 'Ada', email: 'ada@x.example' },
      { name: 'Grace', email: 'grace@x.example' },
    ]);
    await run('full');
    for (const trigger of ['on_create_or_write', 'on_unlink'] as const)
      odoo.database.webhooks.add({ url: `${door.url}/${SECRET}`, trigger });
    partners().write([1], { name: 'Augusta' });
    partners().unlink([2]);
    partners().create([{ name: 'Mary', email: 'mary@x.example' }]);
    await odoo.database.webhooks.deliver();
    expect(odoo.database.webhooks.attempts.every(({ status }) => status === 200)).toBe(true);
    const deliveries = await world.sync.deliveries.list({ connectionId: connection.id, limit: 100 }, 'all');
    expect(deliveries).toHaveLength(3);
    await world.sync.work.workOff(connection.id);
    expect(await keys()).toEqual(['ada@x.example', 'mary@x.example']);
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Augusta' });
  });

  it('takes no hint without the secret', async () => {
    odoo.database.webhooks.add({ url: `${door.url}/a-guess-at-the-secret`, copies: 1 });
    partners().create([{ name: 'Mallory' }]);
    await odoo.database.webhooks.deliver();
    expect(odoo.database.webhooks.attempts).toMatchObject([{ status: 500 }]);
    expect(await world.sync.deliveries.list({ connectionId: connection.id, limit: 10 }, 'all')).toEqual([]);
  });

  const connect = () =>
    world.sync.connections.create(
      {
        kind: 'odoo',
        name: 'Odoo',
        settings: { baseUrl: odoo.url, database: 'company', login: odoo.database.login, protocol },
        secrets: { accessToken: odoo.token, webhookSecret: SECRET },
        mapping: undefined,
        every_seconds: null,
        check: true,
      },
      'all',
    );
});
