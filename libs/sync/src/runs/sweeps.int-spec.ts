import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createTestDatabase,
  describeEachDatabase,
  describeMainlyOn,
  type TestDatabase,
} from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { Connection } from '../connections/connection.js';

const START = new Date('2026-09-01T10:00:00.250Z');

describeMainlyOn('embedded', 'sweeping HubSpot', ({ kind }) => {
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
  const keys = async () => (await world.identities()).map(({ identifier_key }) => identifier_key);
  const outcomes = (runId: string) => world.sync.runs.outcomes(runId, { limit: 100 }, 'all');

  /** Erased for good: no archive lists it, no webhook told. */
  const erase = (id: string) => contacts().erase(id, { silent: true });

  it('deletes what is gone and was never reported', async () => {
    const { id } = contacts().create({ email: 'gone@x.example' });
    contacts().create({ email: 'stays@x.example' });
    await world.run(connection, 'full');
    erase(id);
    expect((await world.run(connection, 'incremental')).counts).toEqual({ unchanged: 1 });
    const run = await world.run(connection, 'sweep');
    expect(run).toMatchObject({
      mode: 'sweep',
      status: 'completed',
      phase: 'quarantine',
      counts: { delete: 1 },
    });
    expect(run).toMatchObject({ rowsRead: 1, expected: 2 });
    expect(await keys()).toEqual(['stays@x.example']);
    expect((await world.run(connection, 'sweep')).counts).toEqual({});
  });

  it('is part of a full run', async () => {
    const { id } = contacts().create({ email: 'gone@x.example' });
    contacts().create({ email: 'stays@x.example' });
    await world.run(connection, 'full');
    erase(id);
    expect((await world.run(connection, 'full')).counts).toEqual({ unchanged: 1, delete: 1 });
    expect(await keys()).toEqual(['stays@x.example']);
  });

  it('is foretold by a dry run, record by record', async () => {
    const [gone, changed] = ['gone', 'changed', 'same'].map((name) =>
      contacts().create({ email: `${name}@x.example` }),
    );
    await world.run(connection, 'full');
    erase(gone?.id ?? '');
    contacts().update(changed?.id ?? '', { email: 'other@x.example' });
    contacts().create({ email: 'new@x.example' });
    contacts().create({ email: 'same@x.example', firstname: 'Late' });
    const before = await world.eventCount();
    const dry = await world.run(connection, 'dry_run');
    expect(await world.eventCount()).toBe(before);
    expect(dry.counts).toEqual({ unchanged: 1, key_change: 1, create: 1, conflict: 1, delete: 1 });
    expect((await world.sync.runs.samples(dry)).map(({ action }) => action).sort()).toEqual([
      'conflict',
      'create',
      'delete',
      'key_change',
      'unchanged',
    ]);
    const real = await world.run(connection, 'full');
    const classified = async (id: string) =>
      (await outcomes(id)).map(({ externalId, action, code }) => [externalId, action, code]).sort();
    expect(await classified(real.id)).toEqual(await classified(dry.id));
  });

  it('asks before it deletes: what a listing left out by mistake stays', async () => {
    const { id } = contacts().create({ email: 'hidden@x.example' });
    contacts().create({ email: 'stays@x.example' });
    await world.run(connection, 'full');
    const [run] = await world.sync.runs.start(connection.id, { mode: 'sweep', stream: 'contacts' }, 'all');
    contacts().archive(id);
    await world.sync.pages.next(run?.id ?? '');
    contacts().restore(id);
    expect(await world.finish(run?.id ?? '')).toMatchObject({
      status: 'completed',
      counts: { unchanged: 1 },
    });
    expect(await keys()).toHaveLength(2);
  });

  it('leaves alone what a webhook brought while it listed', async () => {
    contacts().create({ email: 'stays@x.example' });
    await world.run(connection, 'full');
    const [run] = await world.sync.runs.start(connection.id, { mode: 'sweep', stream: 'contacts' }, 'all');
    await world.sync.pages.next(run?.id ?? '');
    const { id } = contacts().create({ email: 'new@x.example' });
    await world.run(connection, 'record', 'contacts', { externalIds: [id] });
    expect(await world.finish(run?.id ?? '')).toMatchObject({ status: 'completed', counts: {} });
    expect(await keys()).toEqual(['new@x.example', 'stays@x.example']);
  });

  describe('that would delete more than its share', () => {
    beforeEach(async () => {
      const made = Array.from({ length: 20 }, (_, n) => contacts().create({ email: `c${n}@x.example` }));
      await world.run(connection, 'full');
      for (const { id } of made.slice(0, 6)) erase(id);
    });

    it.each(['sweep', 'full'] as const)('deletes nothing and says so: %s', async (mode) => {
      const run = await world.run(connection, mode);
      expect(run).toMatchObject({ status: 'completed_with_errors', errorCode: 'SWEEP_LIMIT' });
      expect(run.error).toMatch(/^6 of 20 .* delete 5 /);
      expect(await keys()).toHaveLength(20);
    });

    it('deletes when that was allowed, in as many pages as it takes', async () => {
      const run = await world.run(connection, 'sweep', 'contacts', { allowSweep: true });
      expect(run).toMatchObject({ status: 'completed', counts: { delete: 6 } });
      expect(await keys()).toHaveLength(14);
    });
  });

  it('deletes nothing when the CRM shows nothing', async () => {
    const { id } = contacts().create({ email: 'only@x.example' });
    await world.run(connection, 'full');
    erase(id);
    const run = await world.run(connection, 'sweep', 'contacts', { allowSweep: true });
    expect(run).toMatchObject({ status: 'completed_with_errors', errorCode: 'EMPTY_LISTING', counts: {} });
    expect(await keys()).toEqual(['only@x.example']);
  });

  it('goes on in another process from the page it committed', async () => {
    const made = Array.from({ length: 250 }, (_, n) => contacts().create({ email: `c${n}@x.example` }));
    await world.run(connection, 'full');
    erase(made[0]?.id ?? '');
    const [run] = await world.sync.runs.start(connection.id, { mode: 'sweep', stream: 'contacts' }, 'all');
    await world.sync.pages.next(run?.id ?? '');
    const heir = world.restarted();
    await Promise.all([world.sync.pages.next(run?.id ?? ''), heir.pages.next(run?.id ?? '')]);
    expect(await world.finish(run?.id ?? '')).toMatchObject({ counts: { delete: 1 }, rowsRead: 249 });
  });

  it('is alone with its stream', async () => {
    await world.sync.runs.start(connection.id, { mode: 'sweep', stream: 'contacts' }, 'all');
    const other = world.sync.runs.start(connection.id, { mode: 'incremental', stream: 'contacts' }, 'all');
    await expect(other).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
  });

  describe('by schedule', () => {
    const started = async () => {
      await world.sync.housekeeping.startDueRuns();
      const runs = await world.sync.runs.list(connection.id, { limit: 100 }, 'all');
      return runs.filter(({ mode }) => mode === 'sweep').map(({ stream }) => stream);
    };

    beforeEach(async () => {
      await world.run(connection, 'full');
      await world.pool.query(`update connections set every_seconds = 86400`);
    });

    it('is not due on the day of a full run', async () => expect(await started()).toEqual([]));

    it('is due an hour after it when it failed', async () => {
      await world.pool.query(
        `update sync_runs set created_at = created_at - interval '50 minutes', status = 'failed' where mode = 'full'`,
      );
      expect(await started()).toEqual([]);
      await world.pool.query(`update sync_runs set created_at = created_at - interval '11 minutes'`);
      expect(await started()).toEqual(['contacts']);
    });

    it('is due a day after it, once', async () => {
      await world.pool.query(
        `update sync_runs set created_at = created_at - interval '25 hours' where mode = 'full'`,
      );
      await world.pool.query(
        `insert into sync_runs (id, connection_id, stream, mode, trigger, status, finished_at)
         values (gen_random_uuid(), $1, 'contacts', 'incremental', 'schedule', 'completed', now())`,
        [connection.id],
      );
      expect(await started()).toEqual(['contacts']);
      expect(await started()).toEqual(['contacts']);
    });
  });
});

describeEachDatabase('single records of HubSpot', ({ kind }) => {
  it('are read by id, changed, made or deleted, and their calls are counted', async () => {
    const database = await createTestDatabase(kind);
    const world = await openSyncWorld(database.url, { startAt: START });
    try {
      const connection = await world.connect();
      const { contacts } = world.hubspot.account;
      const a = contacts.create({ email: 'a@x.example' });
      const b = contacts.create({ email: 'b@x.example' });
      await world.run(connection, 'full');
      contacts.update(a.id, { firstname: 'Ada' });
      contacts.archive(b.id);
      const c = contacts.create({ email: 'c@x.example' });
      const externalIds = [a.id, b.id, c.id, c.id, '404404'];
      const run = await world.run(connection, 'record', 'contacts', { externalIds });
      expect(run).toMatchObject({
        status: 'completed',
        counts: { update: 1, delete: 1, create: 1 },
        rowsRead: 4,
        expected: 4,
        // The batch, and its associations.
        apiCalls: 2,
      });
      expect(await world.identity('a@x.example')).toMatchObject({ name: 'Ada' });
    } finally {
      await world.close();
      await database.drop();
    }
  });
});
