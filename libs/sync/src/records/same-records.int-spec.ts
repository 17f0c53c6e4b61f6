import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PostgresEventStore } from '#event-sourcing';
import { deleteIdentity, IdentityRepository, identityProjection } from '#identity';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { Connection } from '../connections/connection.js';

/** Where a link has this hash, its record was not planned: a plan would have written the right one. */
const WRONG_HASH = Buffer.alloc(32, 7);

describe('a record that says what it said before', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let connection: Connection;
  let recordId: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url);
    connection = await world.connect();
    recordId = contacts().create({ email: 'ada@x.example', firstname: 'Ada' }).id;
    await world.run(connection, 'full');
    await world.pool.query('update links set content_hash = $1', [WRONG_HASH]);
  });

  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  const contacts = () => world.hubspot.account.contacts;
  const link = async () =>
    (await world.prisma.link.findMany()).find(({ externalId }) => externalId === recordId);
  const wasPlanned = async () => !WRONG_HASH.equals((await link())?.contentHash ?? WRONG_HASH);
  const outcomes = () =>
    world.sync.outcomes.list({ connectionId: connection.id, externalId: recordId, limit: 10 }, 'all');
  const change = (changes: object) =>
    world.sync.connections.patch(connection.id, { check: false, ...changes }, 'all');

  it('is not planned again, and has its outcome and its mark all the same', async () => {
    const run = await world.run(connection, 'full');
    expect(run).toMatchObject({ status: 'completed', counts: { unchanged: 1 } });
    expect(await wasPlanned()).toBe(false);
    const identityId = (await world.identity('ada@x.example'))?.id;
    expect(await outcomes()).toMatchObject([
      { runId: run.id, action: 'unchanged', identityId },
      { action: 'create', identityId },
    ]);
    expect(await link()).toMatchObject({ lastSeenRun: run.id, identityId });
  });

  it('stands beside others that changed', async () => {
    contacts().create({ email: 'grace@x.example' });
    expect((await world.run(connection, 'full')).counts).toEqual({ unchanged: 1, create: 1 });
    expect(await wasPlanned()).toBe(false);
  });

  it('is planned when it changes', async () => {
    contacts().update(recordId, { firstname: 'Augusta' });
    expect((await world.run(connection, 'incremental')).counts).toEqual({ update: 1 });
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Augusta' });
  });

  it('is planned in a dry run, which marks nothing', async () => {
    const before = await link();
    expect((await world.run(connection, 'dry_run')).counts).toEqual({ unchanged: 1 });
    expect(await link()).toEqual(before);
  });

  it('brings back the identity that somebody deleted here', async () => {
    const identity = await world.identity('ada@x.example');
    const id = identity?.id ?? '';
    const store = new PostgresEventStore(world.pool, [identityProjection]);
    const metadata = { actor: 'key:1', source: 'rest', correlationId: 'c' };
    await new IdentityRepository(store).transact(id, deleteIdentity(id), { metadata }, () => null);
    expect((await world.run(connection, 'full')).counts).toEqual({ create: 1 });
    expect((await outcomes())[0]).toMatchObject({ action: 'create', code: 'RESTORED', identityId: id });
  });

  it('leaves quarantine', async () => {
    contacts().disguise(recordId, { id: recordId, properties: { email: 'not an address\u0000' } });
    expect((await world.run(connection, 'full')).counts.invalid).toBeGreaterThan(0);
    contacts().disguise(recordId, undefined);
    expect((await world.run(connection, 'full')).counts).toEqual({ unchanged: 1 });
    expect(await world.sync.quarantine.list({ connectionId: connection.id, limit: 10 }, 'all')).toEqual([]);
  });

  it('is planned when a later look at it is known', async () => {
    await world.pool.query(`update links set seen_at = now() + interval '1 hour'`);
    expect((await world.run(connection, 'full')).counts).toEqual({ stale: 1 });
  });

  it('is planned by a new mapping', async () => {
    const stream = connection.mapping.contacts;
    const contactsMapping = { ...stream, name: '"Countess"' };
    await change({ mapping: { ...connection.mapping, contacts: contactsMapping } });
    expect((await world.run(connection, 'full')).counts).toEqual({ update: 1 });
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Countess' });
  });

  it('is planned by new policies', async () => {
    await change({ policies: { ...connection.policies, fields: { name: 'local_wins' } } });
    await world.run(connection, 'full');
    expect(await wasPlanned()).toBe(true);
  });

  it('is planned each time by a mapping that says something else each time', async () => {
    const stream = connection.mapping.contacts;
    const contactsMapping = { ...stream, name: '"Ada " & $millis()' };
    await change({ mapping: { ...connection.mapping, contacts: contactsMapping } });
    for (let n = 0; n < 2; n += 1)
      expect((await world.run(connection, 'full')).counts).toEqual({ update: 1 });
  });
});
