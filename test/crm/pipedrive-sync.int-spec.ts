import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type PipedriveFake, startPipedriveFake } from '#connectors/pipedrive/fake';
import { type FakeServer, startFakeServer } from '#connectors/testing';
import type { Connection } from '#sync';
import { createTestDatabase, type TestDatabase } from '../support/databases.js';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.js';

const START = new Date('2026-09-01T10:00:00.250Z');
const PASSWORD = 'a-long-webhook-password';

/** Pipedrive through the whole engine, once: its own rules are tested beside the connector. */
describe('syncing Pipedrive', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let pipedrive: PipedriveFake;
  let connection: Connection;
  let door: FakeServer;

  beforeEach(async () => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url);
    pipedrive = await startPipedriveFake({ startAt: START, limits: { burst: 10_000 } });
    connection = await connect();
    door = await startFakeServer(async ({ method, headers, body }) => {
      await world.sync.inbox.receive({
        kind: 'pipedrive',
        connectionId: connection.id,
        method,
        url: 'https://rollcall.example/v1/webhooks/pipedrive/x',
        tail: '',
        headers,
        rawBody: body,
      });
      return { status: 200 };
    });
  });

  afterEach(async () => {
    await door.close();
    await pipedrive.close();
    await world.close();
    await database.drop();
  });

  const persons = () => pipedrive.company.persons;
  const minuteLater = () => pipedrive.company.advance(60_000);
  const keys = async () => (await world.identities()).map(({ identifier_key }) => identifier_key);

  it('reads everybody once, then what changed, and a new address is a new key of the same identity', async () => {
    pipedrive.company.seed({ persons: 1_200, organizations: 30 });
    expect(await world.run(connection, 'full', 'persons')).toMatchObject({
      status: 'completed',
      counts: { create: 1_200 },
    });
    const { counts } = await world.run(connection, 'full', 'organizations');
    expect(counts).toEqual({ create: 30 });
    const ada = persons().create({ name: 'Ada', emails: email('ada@x.example') });
    await minuteLater();
    await world.run(connection, 'incremental', 'persons');
    const before = await world.identity('ada@x.example');
    await minuteLater();
    persons().update(ada.id, { emails: email('Countess@x.example') });
    await minuteLater();
    const run = await world.run(connection, 'incremental', 'persons');
    expect(run).toMatchObject({ mode: 'incremental', counts: { key_change: 1 } });
    expect(await world.identity('countess@x.example')).toMatchObject({ id: before?.id });
  });

  it('writes nothing when nothing changed', async () => {
    pipedrive.company.seed({ persons: 20 });
    await world.run(connection, 'full', 'persons');
    const events = await world.eventCount();
    expect((await world.run(connection, 'full', 'persons')).counts).toEqual({ unchanged: 20 });
    expect(await world.eventCount()).toBe(events);
  });

  it('learns of a deletion and of a merge by webhook, and that one was undone', async () => {
    const [ada, twin, other] = ['ada', 'twin', 'other'].map((name) =>
      persons().create({ name, emails: email(`${name}@x.example`) }),
    );
    await world.run(connection, 'full', 'persons');
    const before = await world.identity('other@x.example');
    pipedrive.company.webhooks.subscribe({ url: door.url, user: 'rollcall', password: PASSWORD });
    persons().merge(ada?.id ?? 0, twin?.id ?? 0);
    persons().delete(other?.id ?? 0);
    await pipedrive.company.webhooks.deliver();
    await world.sync.work.workOff(connection.id);
    expect(pipedrive.company.webhooks.attempts.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await keys()).toEqual(['ada@x.example']);
    const [run] = await world.sync.runs.list(connection.id, { limit: 1 }, 'all');
    expect(run?.counts).toMatchObject({ merge: 1, delete: 1 });
    persons().restore(other?.id ?? 0);
    await pipedrive.company.webhooks.deliver();
    await world.sync.work.workOff(connection.id);
    expect(await world.identity('other@x.example')).toMatchObject({ id: before?.id });
  });

  it('takes no webhook with another password, or of another company', async () => {
    pipedrive.company.webhooks.subscribe({ url: door.url, user: 'rollcall', password: 'guessed' });
    persons().create({ name: 'Mallory' });
    await pipedrive.company.webhooks.deliver();
    await world.pool.query(`update connections set account_id = '1' where id = $1`, [connection.id]);
    pipedrive.company.webhooks.unsubscribeAll();
    pipedrive.company.webhooks.subscribe({ url: door.url, user: 'rollcall', password: PASSWORD });
    persons().create({ name: 'Mallory' });
    await pipedrive.company.webhooks.deliver();
    expect(pipedrive.company.webhooks.attempts.map(({ status }) => status)).toEqual([500, 500]);
    expect(await world.sync.deliveries.list({ connectionId: connection.id, limit: 10 }, 'all')).toEqual([]);
  });

  const connect = () =>
    world.sync.connections.create(
      {
        kind: 'pipedrive',
        name: 'Pipedrive',
        settings: { baseUrl: pipedrive.url, oauthUrl: pipedrive.url },
        secrets: { accessToken: pipedrive.token, webhookPassword: PASSWORD },
        mapping: undefined,
        every_seconds: null,
        check: true,
      },
      'all',
    );
});

const email = (value: string) => [{ value, primary: true, label: 'work' }];
