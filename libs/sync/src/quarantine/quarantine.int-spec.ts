import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { Connection } from '../connections/connection.js';

describe('a record in quarantine', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let connection: Connection;

  beforeEach(async () => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url);
    connection = await world.connect();
  });

  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  const contacts = () => world.hubspot.account.contacts;
  const list = (filter: { status?: 'waiting' | 'discarded'; stream?: string; code?: string } = {}) =>
    world.sync.quarantine.list({ connectionId: connection.id, limit: 10, ...filter }, 'all');
  const outcomesOf = (externalId: string) =>
    world.sync.outcomes.list({ connectionId: connection.id, externalId, limit: 10 }, 'all');
  const setAside = async (properties: Record<string, string>) => {
    const { id } = contacts().create(properties);
    contacts().disguise(id, { id, properties: { ...properties, email: 'not an address\u0000' } });
    await world.run(connection, 'full');
    const held = (await list()).find(({ externalId }) => externalId === id);
    if (!held) throw new Error('the record was taken');
    return { recordId: id, held };
  };
  const repair = (id: string) => contacts().disguise(id, undefined);

  it('keeps its reason, and its payload sealed', async () => {
    const { recordId, held } = await setAside({ email: 'ada@x.example', firstname: 'Ada' });
    expect(held).toMatchObject({ externalId: recordId, status: 'waiting', attempts: expect.any(Number) });
    expect(held).not.toHaveProperty('payload');
    expect(JSON.stringify(await world.sync.quarantine.payloadOf(held.id, 'all'))).toContain('Ada');
    const { rows } = await world.pool.query('select payload::text from quarantined_records');
    expect(JSON.stringify(rows)).not.toContain(Buffer.from('Ada').toString('hex'));
  });

  it('is listed by stream and code, page by page', async () => {
    await setAside({ email: 'a@x.example' });
    const { held } = await setAside({ email: 'b@x.example' });
    expect(await list({ code: held.code, stream: 'contacts' })).toHaveLength(2);
    expect(await list({ code: 'ANOTHER' })).toEqual([]);
    expect(await list({ stream: 'companies' })).toEqual([]);
    const rest = await world.sync.quarantine.list(
      { connectionId: connection.id, limit: 10, after: held.id },
      'all',
    );
    expect(rest.every(({ id }) => id < held.id)).toBe(true);
    expect(rest).toHaveLength(1);
  });

  it('is fetched again on request, and gone from here when it can be taken', async () => {
    const { recordId, held } = await setAside({ email: 'ada@x.example', firstname: 'Ada' });
    repair(recordId);
    await world.sync.quarantine.replay(held.id, 'all');
    await world.sync.quarantine.replay(held.id, 'all');
    await world.sync.work.workOff(connection.id);
    expect(await list()).toEqual([]);
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Ada' });
    const [latest, earlier] = await outcomesOf(recordId);
    expect([latest?.action, earlier?.action]).toEqual(['create', 'invalid']);
    const deliveries = await world.sync.deliveries.list({ connectionId: connection.id, limit: 10 }, 'all');
    expect(deliveries).toMatchObject([{ origin: 'quarantine', externalId: recordId, status: 'done' }]);
  });

  it('stays, with one more attempt, when it still cannot be taken', async () => {
    const { held } = await setAside({ email: 'ada@x.example' });
    await world.sync.quarantine.replay(held.id, 'all');
    await world.sync.work.workOff(connection.id);
    expect(await list()).toMatchObject([{ id: held.id, attempts: held.attempts + 1 }]);
    await world.sync.quarantine.replay(held.id, 'all');
    await world.sync.work.workOff(connection.id);
    expect(await list()).toMatchObject([{ id: held.id, attempts: held.attempts + 2 }]);
  });

  it('is replayed with the others that match, and with no others', async () => {
    const first = await setAside({ email: 'a@x.example' });
    const second = await setAside({ email: 'b@x.example' });
    repair(first.recordId);
    repair(second.recordId);
    const replay = (filter: object) => world.sync.quarantine.replayAll(connection.id, filter, 'all');
    expect(await replay({ code: 'ANOTHER' })).toBe(0);
    expect(await replay({ stream: 'contacts', code: first.held.code })).toBe(2);
    await world.sync.work.workOff(connection.id);
    expect(await world.identities()).toHaveLength(2);
    expect(await replay({})).toBe(0);
  });

  it('does not come back once it was discarded, and fails no run any more', async () => {
    const { recordId, held } = await setAside({ email: 'ada@x.example', firstname: 'Ada' });
    await world.sync.quarantine.discard(held.id, 'all');
    expect(await list()).toEqual([]);
    expect(await world.sync.quarantine.payloadOf(held.id, 'all')).toBeNull();
    const run = await world.run(connection, 'full');
    expect(run).toMatchObject({ status: 'completed', counts: { unchanged: 1 } });
    expect(await list()).toEqual([]);
    expect(await list({ status: 'discarded' })).toMatchObject([
      { id: held.id, attempts: held.attempts + 1, discardedAt: expect.any(Date) },
    ]);
    expect((await outcomesOf(recordId))[0]).toMatchObject({ action: 'unchanged', code: 'DISCARDED' });
  });

  it('comes back when it changes at the source, though it was discarded', async () => {
    const { recordId, held } = await setAside({ email: 'ada@x.example', firstname: 'Ada' });
    expect(await world.sync.quarantine.discardAll(connection.id, { code: held.code }, 'all')).toBe(1);
    const { disguise } = contacts();
    disguise.call(contacts(), recordId, { id: recordId, properties: { email: 'still none\u0000' } });
    expect(await world.run(connection, 'full')).toMatchObject({ status: 'completed_with_errors' });
    expect(await list()).toMatchObject([{ id: held.id, attempts: 1, discardedAt: null }]);
  });

  it('is taken when it can be, though it was discarded', async () => {
    const { recordId, held } = await setAside({ email: 'ada@x.example' });
    await world.sync.quarantine.discard(held.id, 'all');
    repair(recordId);
    await world.run(connection, 'full');
    expect(await world.identity('ada@x.example')).toBeDefined();
    expect(await list({ status: 'discarded' })).toEqual([]);
  });

  it('is nobody else’s to see', async () => {
    const { held } = await setAside({ email: 'ada@x.example' });
    for (const work of [
      world.sync.quarantine.get(held.id, ['another']),
      world.sync.quarantine.payloadOf(held.id, ['another']),
      world.sync.quarantine.replay(held.id, ['another']),
      world.sync.quarantine.discard(held.id, ['another']),
    ]) {
      await expect(work).rejects.toMatchObject({ code: 'QUARANTINED_RECORD_NOT_FOUND' });
    }
    await expect(world.sync.quarantine.replayAll(connection.id, {}, ['another'])).rejects.toMatchObject({
      code: 'CONNECTION_NOT_FOUND',
    });
    expect(await list()).toHaveLength(1);
  });
});

describe('outcomes', () => {
  it('are kept for as long as the connection says', async () => {
    const database = await createTestDatabase();
    const world = await openSyncWorld(database.url);
    const connection = await world.connect();
    world.hubspot.account.contacts.create({ email: 'ada@x.example' });
    const kept = async () =>
      (await world.sync.outcomes.list({ connectionId: connection.id, limit: 10 }, 'all')).length;
    await world.run(connection, 'full');
    const age = (days: number) =>
      world.pool.query(`update record_outcomes set created_at = now() - make_interval(days => $1)`, [days]);
    await age(29);
    await world.sync.housekeeping.forgetOldWork();
    expect(await kept()).toBe(1);
    await world.pool.query(`update connections set policies = '{"retention_days": 90}'`);
    await age(89);
    await world.sync.housekeeping.forgetOldWork();
    expect(await kept()).toBe(1);
    await age(91);
    await world.sync.housekeeping.forgetOldWork();
    expect(await kept()).toBe(0);
    await world.close();
    await database.drop();
  });
});
