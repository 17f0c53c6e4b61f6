import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startFakeServer } from '#connectors/testing';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/databases.js';
import { describeEachBackend, until } from '../../../../test/support/queue-world.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { Connection } from '../connections/connection.js';
import type { Sync } from '../sync.js';

const LIMIT = 20;

describeEachBackend('call budgets of two workers', (queue) => {
  let database: TestDatabase;
  let world: SyncWorld;
  let connection: Connection;

  beforeEach(async () => {
    database = await createTestDatabase();
    const limits = { tenSecondly: LIMIT, searchPerSecond: 1_000 };
    const options = { limits, seed: { contacts: 1_200, companies: 1_200 } };
    world = await openSyncWorld(database.url, options, queue().backend.calls);
    connection = await world.connect({ settings: { limits: [{ requests: LIMIT, perMs: 10_000 }] } });
  });
  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  it('never exceed the vendor’s limit together, and let webhooks through meanwhile', async () => {
    const [a, b] = [world.sync, world.restarted()];
    const runs = await a.runs.start(connection.id, { mode: 'full' }, 'all');
    const [one, two] = runs.map(({ id }) => id);
    const working = Promise.all([workOff(a, one ?? ''), workOff(b, two ?? '')]);
    await until(async () => {
      const asked = `select 1 from sync_runs where error_code = 'RATE_LIMITED'`;
      return (await world.pool.query(asked)).rowCount !== 0;
    });
    await deliver(world, connection, () => world.hubspot.account.contacts.create({ email: 'ada@x.example' }));
    await workDeliveriesOff(b, connection);
    expect(await world.identity('ada@x.example')).toBeDefined();
    await working;
    expect((await world.identities()).length).toBe(2_401);
    expect(world.hubspot.account.rates.refused).toBe(0);
  });

  it('let a webhook ask for the record whose key it wants, while polling has used up its share', async () => {
    const { contacts } = world.hubspot.account;
    const scarce = await world.connect({
      name: 'scarce for polling',
      settings: { limits: [{ requests: LIMIT, perMs: 60_000 }] },
      policies: { webhook_share: 0.9 },
    });
    const ada = contacts.create({ email: 'ada@x.example', firstname: 'Ada' });
    const grace = contacts.create({ email: 'grace@x.example', firstname: 'Grace' });
    await deliver(world, scarce, () => {
      for (const { id } of [ada, grace]) contacts.update(id, { lastname: 'Of Navy' });
    });
    await workDeliveriesOff(world.sync, scarce);
    expect(await world.run(scarce, 'full')).toMatchObject({ errorCode: 'RATE_LIMITED' });
    contacts.update(ada.id, { email: 'lovelace@x.example' }, { silent: true });
    await deliver(world, scarce, () => contacts.update(grace.id, { email: 'ada@x.example' }));
    await workDeliveriesOff(world.sync, scarce);
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Grace Of Navy' });
    expect(await world.identity('lovelace@x.example')).toMatchObject({ name: 'Ada Of Navy' });
  });
});

/** A worker's part: a run that has to wait comes back when it said it would. */
async function workOff(sync: Sync, runId: string): Promise<void> {
  for (let next = await sync.pages.next(runId); next; next = await sync.pages.next(runId))
    await sleep(next.afterMs);
}

/** The same for deliveries, which are collected for a while when there are few calls left. */
async function workDeliveriesOff(sync: Sync, { id }: Connection): Promise<void> {
  for (let more = await sync.work.workOff(id); more; more = await sync.work.workOff(id))
    await sleep(more.afterMs);
}

async function deliver({ hubspot, sync }: SyncWorld, { id }: Connection, change: () => void): Promise<void> {
  const door = await startFakeServer(async ({ method, headers, body }) => {
    const url = `http://${headers.host}/`;
    await sync.inbox.receive({
      kind: 'hubspot',
      connectionId: id,
      method,
      url,
      tail: '',
      headers,
      rawBody: body,
    });
    return { status: 204 };
  });
  hubspot.account.webhooks.send({ url: `${door.url}/` });
  change();
  await hubspot.account.webhooks.deliver();
  hubspot.account.webhooks.send(null);
  await door.close();
}
