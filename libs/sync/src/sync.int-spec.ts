import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createTestDatabase,
  describeEachDatabase,
  type TestDatabase,
} from '../../../test/support/databases.js';
import type { Connection } from './connections/connection.js';
import { openSyncWorld, type SyncWorld } from './sync-world.fixture.js';

describeEachDatabase('polling HubSpot', ({ kind }) => {
  let database: TestDatabase;
  let world: SyncWorld;
  let connection: Connection;

  beforeEach(async () => {
    database = await createTestDatabase(kind);
    world = await openSyncWorld(database.url);
    connection = await world.connect();
  });

  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  it('backfills every contact in pages, once', async () => {
    world.hubspot.account.seed({ contacts: 1_500 });
    const first = await world.run(connection, 'full');
    expect(first).toMatchObject({ status: 'completed', counts: { create: 1_500 } });
    expect(first.pages).toBeGreaterThan(15);
    expect(await world.identities()).toHaveLength(1_500);
    const again = await world.run(connection, 'full');
    expect(again.counts).toEqual({ unchanged: 1_500 });
    expect(await world.eventCount()).toBe(1_500);
  });

  it('starts an incremental run without a cursor as a full one, and then reads only what changed', async () => {
    world.hubspot.account.seed({ contacts: 150 });
    expect((await world.run(connection, 'incremental')).mode).toBe('full');
    const ada = world.hubspot.account.contacts.create({ email: 'ada@x.example', firstname: 'Ada' });
    expect(await world.run(connection, 'incremental')).toMatchObject({ mode: 'incremental' });
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Ada', identity_type: 'user' });
    world.hubspot.account.contacts.update(ada.id, { firstname: 'Augusta' });
    await world.run(connection, 'incremental');
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Augusta', version: 2 });
  });
});
