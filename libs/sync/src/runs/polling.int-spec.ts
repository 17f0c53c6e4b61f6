import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createTestDatabase,
  describeMainlyOn,
  type TestDatabase,
} from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { Connection } from '../connections/connection.js';

const START = new Date('2026-09-01T10:00:00.250Z');

describeMainlyOn('embedded', 'polling HubSpot', ({ kind }) => {
  let database: TestDatabase;
  let world: SyncWorld;
  let connection: Connection;

  beforeEach(async () => {
    database = await createTestDatabase(kind);
    world = await openSyncWorld(database.url, {
      startAt: START,
      limits: { tenSecondly: 10_000, searchPerSecond: 1_000 },
    });
    connection = await world.connect();
  });

  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  const contacts = () => world.hubspot.account.contacts;
  const minuteLater = () => world.hubspot.account.advance(60_000);

  describe('what is there', () => {
    it('is read to the last page, once', async () => {
      world.hubspot.account.seed({ contacts: 1_500 });
      const first = await world.run(connection, 'full');
      expect(first).toMatchObject({ status: 'completed', counts: { create: 1_500 } });
      expect(await world.identities()).toHaveLength(1_500);
      const again = await world.run(connection, 'full');
      expect(again.counts).toEqual({ unchanged: 1_500 });
      expect(await world.eventCount()).toBe(1_500);
    });

    it('brings the companies of a contact along', async () => {
      const { account } = world.hubspot;
      const acorn = account.companies.create({ name: 'Acorn' }).id;
      const beacon = account.companies.create({ name: 'Beacon' }).id;
      const ada = contacts().create({ email: 'ada@x.example', firstname: 'Ada' }).id;
      for (const company of [acorn, beacon]) account.associations.add(ada, company);
      expect((await world.run(connection, 'full')).counts).toEqual({ create: 1 });
      expect((await world.identity('ada@x.example'))?.properties).toContainEqual(
        expect.objectContaining({ key: 'hubspot_company_ids', value: `${acorn};${beacon}` }),
      );
    });

    it('is planned by a dry run, which writes nothing but its outcomes', async () => {
      contacts().create({ email: 'ada@x.example', firstname: 'Ada' });
      const run = await world.run(connection, 'dry_run');
      expect(run).toMatchObject({ status: 'completed', counts: { create: 1 } });
      const [outcome] = await world.sync.runs.outcomes(run.id, { limit: 10 }, 'all');
      expect(outcome?.diff).toMatchObject({ name: { from: null, to: 'Ada' } });
      expect(await world.eventCount()).toBe(0);
      expect((await world.run(connection, 'incremental')).mode).toBe('full');
    });
  });

  describe('what changed', () => {
    it('is read from where the run before it began', async () => {
      const ada = contacts().create({ email: 'ada@x.example', firstname: 'Ada' });
      await world.run(connection, 'incremental');
      await minuteLater();
      contacts().update(ada.id, { firstname: 'Augusta', email: 'Countess@x.example' });
      const run = await world.run(connection, 'incremental');
      expect(run).toMatchObject({ mode: 'incremental', counts: { key_change: 1 } });
      expect(await world.identity('countess@x.example')).toMatchObject({ name: 'Augusta', version: 2 });
    });

    it('is found when it becomes visible behind the cursor', async () => {
      await world.run(connection, 'incremental');
      contacts().create({ email: 'late@x.example' }, { visibleAfterMs: 120_000 });
      await minuteLater();
      expect((await world.run(connection, 'incremental')).counts).toEqual({});
      await minuteLater();
      expect((await world.run(connection, 'incremental')).counts).toEqual({ create: 1 });
    });

    it('is found when it changed during the backfill, on a page that was read before', async () => {
      world.hubspot.account.seed({ contacts: 150 });
      const [first] = contacts().listed(false);
      const [run] = await world.sync.runs.start(connection.id, { mode: 'full', stream: 'contacts' }, 'all');
      while ((await world.identities()).length === 0) await world.sync.pages.next(run?.id ?? '');
      await world.hubspot.account.advance(5_000);
      contacts().update(first?.id ?? '', { email: 'moved@x.example' });
      await world.finish(run?.id ?? '');
      await minuteLater();
      await world.run(connection, 'incremental');
      expect(await world.identity('moved@x.example')).toBeDefined();
    });
  });

  describe('what is gone', () => {
    it('is not looked for in a long archive by each incremental run', async () => {
      for (let n = 0; n < 501; n += 1)
        contacts().archive(contacts().create({ email: `old${n}@x.example` }).id);
      const { id } = contacts().create({ email: 'ada@x.example' });
      await world.run(connection, 'full');
      contacts().archive(id);
      expect(await world.run(connection, 'incremental')).toMatchObject({ counts: {}, apiCalls: 1 });
      expect((await world.run(connection, 'dry_run')).counts).toMatchObject({ delete: 1 });
      expect((await world.run(connection, 'incremental')).counts).toEqual({});
      await world.pool.query(`update sync_runs set created_at = created_at - interval '1 minute'`);
      expect((await world.run(connection, 'incremental')).counts).toEqual({ delete: 1 });
      expect(await world.identity('ada@x.example')).toBeUndefined();
    });

    it('is deleted when it was archived, and not brought back by a search that lags behind', async () => {
      const { id } = contacts().create({ email: 'ada@x.example' });
      await world.run(connection, 'incremental');
      contacts().archive(id, { visibleAfterMs: 3_600_000 });
      expect((await world.run(connection, 'incremental')).counts).toMatchObject({ delete: 1 });
      expect(await world.identity('ada@x.example')).toBeUndefined();
      const events = await world.eventCount();
      await world.run(connection, 'incremental');
      expect(await world.eventCount()).toBe(events);
    });

    it('comes back as the identity it was', async () => {
      const { id } = contacts().create({ email: 'ada@x.example' });
      await world.run(connection, 'full');
      const before = await world.identity('ada@x.example');
      contacts().archive(id);
      await world.run(connection, 'full');
      contacts().restore(id);
      await world.run(connection, 'full');
      expect(await world.identity('ada@x.example')).toMatchObject({ id: before?.id, version: 3 });
    });

    it('by a merge leaves one identity, and its key to the survivor', async () => {
      const primary = contacts().create({ email: '', firstname: 'Ada' });
      const other = contacts().create({ email: 'ada@x.example' });
      await world.run(connection, 'full');
      const holder = await world.identity('ada@x.example');
      await minuteLater();
      contacts().merge(primary.id, other.id);
      const { counts } = await world.run(connection, 'incremental');
      expect(counts).toMatchObject({ merge: 2, update: 1 });
      expect(await world.identities()).toMatchObject([{ id: holder?.id, identifier_key: 'ada@x.example' }]);
    });
  });

  describe('what cannot be taken', () => {
    it('is set aside with its reason, and the run goes on', async () => {
      const [a, bad, c] = ['a', 'bad', 'c'].map((name) => contacts().create({ email: `${name}@x.example` }));
      contacts().disguise(bad?.id ?? '', { id: bad?.id, properties: 'none' });
      const run = await world.run(connection, 'full');
      expect(run).toMatchObject({ status: 'completed_with_errors', counts: { create: 2, invalid: 1 } });
      const [held] = await world.sync.quarantine.list({ connectionId: connection.id, limit: 10 }, 'all');
      expect(held).toMatchObject({ externalId: bad?.id, code: 'INVALID_RECORD', attempts: 1 });
      contacts().disguise(bad?.id ?? '', undefined);
      await retriesAreDue();
      expect((await world.run(connection, 'incremental')).counts).toMatchObject({ create: 1 });
      expect(await world.sync.quarantine.list({ connectionId: connection.id, limit: 10 }, 'all')).toEqual([]);
      expect([a, c]).toHaveLength(2);
    });

    it('because its key is taken, is taken when the key is free', async () => {
      const first = contacts().create({ email: 'shared@x.example', firstname: 'First' });
      contacts().create({ email: 'Shared@x.example', firstname: 'Second' });
      const run = await world.run(connection, 'full');
      expect(run).toMatchObject({ status: 'completed_with_errors', counts: { create: 1, conflict: 1 } });
      contacts().archive(first.id);
      await retriesAreDue();
      await world.run(connection, 'incremental');
      expect(await world.identities()).toMatchObject([
        { identifier_key: 'shared@x.example', name: 'Second' },
      ]);
    });

    it('passes a key on within one page, whatever the order', async () => {
      const a = contacts().create({ email: 'a@x.example' });
      const b = contacts().create({ email: 'b@x.example' });
      await world.run(connection, 'full');
      await minuteLater();
      contacts().update(b.id, { email: 'c@x.example' });
      contacts().update(a.id, { email: 'b@x.example' });
      expect((await world.run(connection, 'incremental')).counts).toEqual({ key_change: 2 });
    });

    it('stops the run when it is most of the first two hundred', async () => {
      await world.sync.connections.remove(connection.id, 'all');
      const properties = [{ key: 'n', type: 'number' as const, value: 'properties.email' }];
      const document = {
        version: 1 as const,
        identifier_key: 'id',
        name: 'id',
        identity_type: '"user"',
        properties,
      };
      const wrong = await world.connect({ mapping: { contacts: document } });
      world.hubspot.account.seed({ contacts: 500 });
      const run = await world.run(wrong, 'full');
      expect(run).toMatchObject({
        status: 'failed',
        errorCode: 'TOO_MANY_INVALID',
        counts: { invalid: expect.any(Number) },
      });
    });
  });

  describe('a run', () => {
    it('is taken up by another worker where the last one left it, without doing anything twice', async () => {
      world.hubspot.account.seed({ contacts: 450 });
      const [run] = await world.sync.runs.start(connection.id, { mode: 'full', stream: 'contacts' }, 'all');
      const id = run?.id ?? '';
      await world.sync.pages.next(id);
      await world.sync.pages.next(id);
      const heir = world.restarted();
      // Both believe that the next page is theirs; one of them comes too late.
      await Promise.all([world.sync.pages.next(id), heir.pages.next(id)]);
      expect((await world.finish(id)).counts).toEqual({ create: 450 });
      expect(await world.eventCount()).toBe(450);
    });

    it('is alone with its stream', async () => {
      const start = () => world.sync.runs.start(connection.id, { mode: 'full' }, 'all');
      const [run] = await start();
      await expect(start()).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
      expect(await world.sync.runs.cancel(run?.id ?? '', 'all')).toMatchObject({ status: 'cancelled' });
      expect(await world.sync.pages.next(run?.id ?? '')).toBeNull();
    });

    it('waits as long as the vendor says, and then goes on', async () => {
      contacts().create({ email: 'ada@x.example' });
      world.hubspot.account.faults.add({ kind: 'status', status: 429, headers: { 'retry-after': '30' } });
      const [run] = await world.sync.runs.start(connection.id, { mode: 'full', stream: 'contacts' }, 'all');
      const next = await world.sync.pages.next(run?.id ?? '');
      expect(next?.afterMs).toBeGreaterThan(0);
      const waiting = await world.sync.runs.get(run?.id ?? '', 'all');
      expect(waiting).toMatchObject({ status: 'waiting', errorCode: 'RATE_LIMITED', attempts: 0 });
      await world.sync.housekeeping.wake(connection.id);
      expect(await world.finish(run?.id ?? '')).toMatchObject({ status: 'completed', errorCode: null });
    });

    it.each([
      ['html', 'INVALID_RESPONSE'],
      ['truncated', 'INVALID_RESPONSE'],
    ] as const)('fails with a reason on %s instead of records', async (kind, errorCode) => {
      world.hubspot.account.faults.add({ kind });
      const run = await world.run(connection, 'full');
      expect(run).toMatchObject({ status: 'failed', errorCode });
      expect(run.error).toContain('/contacts');
    });

    it('tries again after a server error', async () => {
      world.hubspot.account.faults.add({ kind: 'status', status: 503 });
      const run = await world.run(connection, 'full');
      expect(run).toMatchObject({ status: 'waiting', errorCode: 'TRANSIENT', attempts: 1 });
    });
  });

  /** A minute passes for those that were set aside. */
  const retriesAreDue = () =>
    world.pool.query(`update quarantined_records set next_retry_at = now() - interval '1 second'`);
});
