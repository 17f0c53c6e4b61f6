import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PostgresEventStore } from '#event-sourcing';
import { IdentityRepository, identityProjection, modifyIdentity } from '#identity';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { Connection } from '../connections/connection.js';

describe('fields that belong to somebody', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let connection: Connection;
  let recordId: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url);
    connection = await world.connect();
    recordId = contacts().create({ email: 'ada@x.example', firstname: 'Ada', jobtitle: 'Analyst' }).id;
    await world.run(connection, 'full');
  });

  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  const contacts = () => world.hubspot.account.contacts;
  const ada = () => world.identity('ada@x.example');
  const setPolicies = (fields: object) =>
    world.pool.query('update connections set policies = $1', [JSON.stringify({ fields })]);
  const renameHere = async (name: string) => {
    const store = new PostgresEventStore(world.pool, [identityProjection]);
    const { id = '' } = (await ada()) ?? {};
    const metadata = { actor: 'key:1', source: 'rest', correlationId: 'c' };
    await new IdentityRepository(store).transact(id, modifyIdentity(id, { name }), { metadata }, () => null);
  };
  const lastOutcome = async () => {
    const filter = { connectionId: connection.id, externalId: recordId, limit: 1 };
    return (await world.sync.outcomes.list(filter, 'all'))[0];
  };

  it('stay as they were changed here, while the others follow the source', async () => {
    await setPolicies({ name: 'local_wins' });
    await renameHere('Countess Ada');
    contacts().update(recordId, { firstname: 'Augusta', jobtitle: 'Countess' });
    await world.run(connection, 'full');
    expect(await ada()).toMatchObject({
      name: 'Countess Ada',
      properties: expect.arrayContaining([expect.objectContaining({ value: 'Countess' })]),
    });
    expect(await lastOutcome()).toMatchObject({
      action: 'update',
      code: 'FIELDS_KEPT',
      reason: 'kept: name',
    });
  });

  it('follow the source until somebody changes them here', async () => {
    await setPolicies({ name: 'local_wins' });
    contacts().update(recordId, { firstname: 'Augusta' });
    await world.run(connection, 'full');
    expect(await ada()).toMatchObject({ name: 'Augusta' });
  });

  it('follow the source where no policy says otherwise', async () => {
    await renameHere('Countess Ada');
    contacts().update(recordId, { firstname: 'Augusta' });
    await world.run(connection, 'full');
    expect(await ada()).toMatchObject({ name: 'Augusta' });
  });

  it('follow whoever was last', async () => {
    await setPolicies({ name: 'newest_wins' });
    await renameHere('Countess Ada');
    await world.hubspot.account.advance(3_600_000);
    contacts().update(recordId, { firstname: 'Augusta' });
    await world.run(connection, 'full');
    expect(await ada()).toMatchObject({ name: 'Augusta' });
  });

  it('are looked at again when the policy changes, though the record did not', async () => {
    await setPolicies({ name: 'local_wins' });
    await renameHere('Countess Ada');
    const kept = await world.run(connection, 'full');
    expect(kept.counts).toEqual({ unchanged: 1 });
    expect(await lastOutcome()).toMatchObject({ action: 'unchanged', code: 'FIELDS_KEPT' });
    await setPolicies({});
    await world.run(connection, 'full');
    expect(await ada()).toMatchObject({ name: 'Ada' });
    const events = await world.eventCount();
    await world.run(connection, 'full');
    expect(await world.eventCount()).toBe(events);
  });
});
