import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rebuildIdentities } from '#identity';
import {
  createTestDatabase,
  describeMainlyOn,
  type TestDatabase,
} from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { Connection } from '../connections/connection.js';
import type { ConnectionPolicies } from '../connections/connection-policies.js';
import type { Resolution } from '../resolutions/resolutions.js';

const START = new Date('2026-09-01T10:00:00.250Z');

describeMainlyOn('embedded', 'key conflicts', ({ kind }) => {
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
    expect((await rebuildIdentities(world.pool, { checkOnly: true })).differences.count).toBe(0);
    await world.close();
    await database.drop();
  });

  describe('on hold', () => {
    it('names the record, the key it wants and who has it', async () => {
      const { ada, grace } = await graceWantsAdasKey();
      expect(await open()).toMatchObject([
        {
          externalId: grace.id,
          identifierKey: 'ada@x.example',
          identityId: (await identity('grace@x.example')).id,
          holderIdentityId: (await identity('ada@x.example')).id,
          holderStream: 'contacts',
          holderExternalId: ada.id,
          status: 'open',
        },
      ]);
    });

    it('is one conflict however often the record is seen', async () => {
      await graceWantsAdasKey();
      const [before] = await open();
      await world.run(connection, 'full');
      expect((await open()).map(({ id }) => id)).toEqual([before?.id]);
    });

    it('is gone when the key becomes free', async () => {
      const { ada, grace } = await graceWantsAdasKey();
      change(ada.id, { email: 'lovelace@x.example' });
      change(grace.id, { firstname: 'Grace H.' });
      await world.run(connection, 'incremental');
      expect(await all()).toMatchObject([{ status: 'gone', resolution: null }]);
      expect(await keys()).toEqual({ 'ada@x.example': 'Grace H.', 'lovelace@x.example': 'Ada' });
    });

    it('is gone when the record is', async () => {
      const { grace } = await graceWantsAdasKey();
      contacts().archive(grace.id);
      await world.run(connection, 'incremental');
      expect(await all()).toMatchObject([{ status: 'gone' }]);
    });

    it('is forgotten with its connection', async () => {
      await graceWantsAdasKey();
      await world.sync.connections.remove(connection.id, 'all');
      const { rows } = await world.pool.query('select id from conflicts');
      expect(rows).toEqual([]);
    });

    it('is not written by a dry run', async () => {
      contacts().create({ email: 'ada@x.example', firstname: 'Ada' });
      contacts().create({ email: 'ada@x.example', firstname: 'Twin' });
      const run = await world.run(connection, 'dry_run');
      expect(run.counts).toMatchObject({ conflict: 1 });
      expect(await all()).toEqual([]);
    });
  });

  describe('merge', () => {
    it('ends the identity of the record in the holder, which the record mirrors', async () => {
      const { grace } = await graceWantsAdasKey();
      const [lost, won] = [await identity('grace@x.example'), await identity('ada@x.example')];
      const resolved = await resolve({ action: 'merge' });
      expect(resolved).toMatchObject({ status: 'resolved', resolution: 'merge', resolvedBy: 'key:1' });
      expect(await keys()).toEqual({ 'ada@x.example': 'Grace' });
      expect(await deletions()).toEqual([{ id: lost.id, into: won.id, cause: `conflict:${resolved.id}` }]);
      change(grace.id, { firstname: 'Grace H.' });
      await world.run(connection, 'incremental');
      expect(await keys()).toEqual({ 'ada@x.example': 'Grace H.' });
    });

    it('is settled: nothing happens when everything is read again', async () => {
      await graceWantsAdasKey();
      await resolve({ action: 'merge' });
      const events = await world.eventCount();
      expect((await world.run(connection, 'full')).counts).toEqual({ unchanged: 2 });
      expect(await world.eventCount()).toBe(events);
    });

    it('takes a record in that has no identity', async () => {
      await twins();
      expect(await resolve({ action: 'merge' })).toMatchObject({ status: 'resolved' });
      expect(await keys()).toEqual({ 'ada@x.example': 'Twin' });
      expect(await quarantined()).toEqual([]);
    });

    it('keeps the identity while one of its records is there, and gives it back when both come and go', async () => {
      const { ada, twin } = await twins();
      await resolve({ action: 'merge' });
      const { id } = await identity('ada@x.example');
      contacts().archive(ada.id);
      await world.run(connection, 'incremental');
      expect(await identity('ada@x.example')).toMatchObject({ id });
      contacts().archive(twin.id);
      await world.run(connection, 'incremental');
      expect(await keys()).toEqual({});
      contacts().restore(twin.id);
      await world.run(connection, 'full');
      expect(await identity('ada@x.example')).toMatchObject({ id, name: 'Twin' });
    });

    it('takes along what another connection had linked to the identity that ended', async () => {
      const another = await world.connect({ name: 'Another' });
      const grace = contacts().create({ email: 'grace@x.example', firstname: 'Grace' });
      contacts().create({ email: 'ada@x.example', firstname: 'Ada' });
      await world.run(connection, 'full');
      await world.run(another, 'full');
      change(grace.id, { email: 'ada@x.example' });
      await world.run(connection, 'incremental');
      await resolve({ action: 'merge' });
      const won = await identity('ada@x.example');
      const { rows } = await world.pool.query('select distinct identity_id from links');
      expect(rows).toEqual([{ identity_id: won.id }]);
      await world.run(another, 'full');
      expect(Object.keys(await keys())).toEqual(['ada@x.example']);
    });
  });

  describe('keep', () => {
    it('leaves the identity its key, and mirrors the rest', async () => {
      const { grace } = await graceWantsAdasKey();
      await resolve({ action: 'keep' });
      change(grace.id, { firstname: 'Grace H.' });
      const run = await world.run(connection, 'incremental');
      expect(run.status).toBe('completed');
      expect(await keys()).toEqual({ 'ada@x.example': 'Ada', 'grace@x.example': 'Grace H.' });
      expect(await open()).toEqual([]);
    });

    it('ends when the record wants another key', async () => {
      const { grace } = await graceWantsAdasKey();
      await resolve({ action: 'keep' });
      change(grace.id, { email: 'hopper@x.example' });
      await world.run(connection, 'incremental');
      expect(await keys()).toEqual({ 'ada@x.example': 'Ada', 'hopper@x.example': 'Grace' });
    });

    it('leaves a record without an identity out until it changes', async () => {
      const { twin } = await twins();
      await resolve({ action: 'keep' });
      const run = await world.run(connection, 'full');
      expect(run).toMatchObject({ status: 'completed', counts: { unchanged: 2 } });
      expect(await open()).toEqual([]);
      change(twin.id, { firstname: 'Not Ada' });
      expect((await world.run(connection, 'incremental')).counts).toMatchObject({ conflict: 1 });
      expect(await open()).toMatchObject([{ externalId: twin.id }]);
    });
  });

  describe('rekey', () => {
    it('gives the identity the named key, and keeps it', async () => {
      const { grace } = await graceWantsAdasKey();
      await resolve({ action: 'rekey', identifierKey: 'hopper' });
      expect(await keys()).toEqual({ 'ada@x.example': 'Ada', hopper: 'Grace' });
      change(grace.id, { firstname: 'Grace H.' });
      await world.run(connection, 'incremental');
      expect(await keys()).toEqual({ 'ada@x.example': 'Ada', hopper: 'Grace H.' });
    });

    it('makes an identity for a record that has none, and gives it back under its key', async () => {
      const { twin } = await twins();
      await resolve({ action: 'rekey', identifierKey: 'twin' });
      const { id } = await identity('twin');
      contacts().archive(twin.id);
      await world.run(connection, 'incremental');
      expect(await keys()).toEqual({ 'ada@x.example': 'Ada' });
      contacts().restore(twin.id);
      await world.run(connection, 'full');
      expect(await identity('twin')).toMatchObject({ id });
    });

    it('refuses a key that is taken, and changes nothing', async () => {
      await graceWantsAdasKey();
      const before = await world.eventCount();
      await expect(resolve({ action: 'rekey', identifierKey: 'ada@x.example' })).rejects.toThrow(
        expect.objectContaining({ code: 'NAMED_KEY_TAKEN' }),
      );
      expect(await world.eventCount()).toBe(before);
      expect(await open()).toHaveLength(1);
    });
  });

  describe('a resolution that comes too late', () => {
    it('is refused when the conflict was decided', async () => {
      await graceWantsAdasKey();
      const [conflict] = await open();
      await resolve({ action: 'keep' });
      await expect(resolve({ action: 'merge' }, conflict?.id)).rejects.toThrow(
        expect.objectContaining({ code: 'CONFLICT_OVER' }),
      );
    });

    it('is refused when the record no longer wants the key, which is taken over instead', async () => {
      const { grace } = await graceWantsAdasKey();
      change(grace.id, { email: 'hopper@x.example' });
      await expect(resolve({ action: 'merge' })).rejects.toThrow(
        expect.objectContaining({ code: 'CONFLICT_OVER' }),
      );
      expect(await keys()).toEqual({ 'ada@x.example': 'Ada', 'hopper@x.example': 'Grace' });
      expect(await all()).toMatchObject([{ status: 'gone' }]);
    });

    it('is refused when the record wants the key of another identity by now', async () => {
      const { grace } = await graceWantsAdasKey();
      contacts().create({ email: 'edsger@x.example', firstname: 'Edsger' });
      await world.run(connection, 'incremental');
      change(grace.id, { email: 'edsger@x.example' });
      await expect(resolve({ action: 'merge' })).rejects.toThrow(
        expect.objectContaining({ code: 'CONFLICT_CHANGED' }),
      );
      expect(await open()).toMatchObject([{ identifierKey: 'edsger@x.example' }]);
      expect(await world.identities()).toHaveLength(3);
    });
  });

  it('is nothing that a caller of another project may see', async () => {
    await graceWantsAdasKey();
    const [conflict] = await open();
    const id = conflict?.id ?? '';
    const { conflicts } = world.sync;
    await expect(conflicts.get(id, ['other'])).rejects.toThrow(/No conflict/);
    const { resolutions } = world.sync;
    await expect(resolutions.resolve(id, { action: 'merge' }, 'key:2', ['other'])).rejects.toThrow(
      /No conflict/,
    );
    await expect(conflicts.list({ connectionId: connection.id, limit: 5 }, ['other'])).rejects.toThrow();
  });

  describe('by policy', () => {
    it('merges', async () => {
      await policy({ key_conflict: 'merge' });
      const run = await graceWantsAdasKey();
      expect(await keys()).toEqual({ 'ada@x.example': 'Grace' });
      expect(await all()).toMatchObject([{ status: 'resolved', resolution: 'merge', resolvedBy: 'policy' }]);
      const outcomes = await world.sync.runs.outcomes(run.runId, { limit: 5 }, 'all');
      expect(outcomes).toEqual(
        expect.arrayContaining([expect.objectContaining({ action: 'merge', code: 'CONFLICT_MERGED' })]),
      );
    });

    it('keeps the old key', async () => {
      await policy({ key_conflict: 'keep_old' });
      await graceWantsAdasKey();
      expect(await keys()).toEqual({ 'ada@x.example': 'Ada', 'grace@x.example': 'Grace' });
      expect(await all()).toMatchObject([{ status: 'resolved', resolution: 'keep', resolvedBy: 'policy' }]);
    });

    it('cannot keep the key of a record that has none: it is on hold', async () => {
      await policy({ key_conflict: 'keep_old' });
      await twins();
      expect(await open()).toHaveLength(1);
    });

    it('does not merge what exchanges its keys, also when only one of both is on the page', async () => {
      await policy({ key_conflict: 'merge' });
      const ada = contacts().create({ email: 'ada@x.example', firstname: 'Ada' });
      const grace = contacts().create({ email: 'grace@x.example', firstname: 'Grace' });
      await world.run(connection, 'full');
      contacts().update(ada.id, { email: 'grace@x.example' }, { visibleAfterMs: 600_000 });
      change(grace.id, { email: 'ada@x.example' });
      await world.run(connection, 'incremental');
      expect(await keys()).toEqual({ 'ada@x.example': 'Grace', 'grace@x.example': 'Ada' });
    });
  });

  const contacts = () => world.hubspot.account.contacts;

  function change(id: string, properties: Record<string, string>): void {
    void world.hubspot.account.advance(60_000);
    contacts().update(id, properties);
  }

  async function graceWantsAdasKey() {
    const ada = contacts().create({ email: 'ada@x.example', firstname: 'Ada' });
    const grace = contacts().create({ email: 'grace@x.example', firstname: 'Grace' });
    await world.run(connection, 'full');
    change(grace.id, { email: 'ada@x.example' });
    const { id: runId } = await world.run(connection, 'incremental');
    return { ada, grace, runId };
  }

  async function twins() {
    const ada = contacts().create({ email: 'ada@x.example', firstname: 'Ada' });
    await world.run(connection, 'full');
    await world.hubspot.account.advance(60_000);
    const twin = contacts().create({ email: 'ada@x.example', firstname: 'Twin' });
    await world.run(connection, 'incremental');
    return { ada, twin };
  }

  async function policy(policies: Partial<ConnectionPolicies>): Promise<void> {
    await world.pool.query('update connections set policies = policies || $2 where id = $1', [
      connection.id,
      JSON.stringify(policies),
    ]);
  }

  const all = () => world.sync.conflicts.list({ connectionId: connection.id, limit: 10 }, 'all');
  const open = () =>
    world.sync.conflicts.list({ connectionId: connection.id, status: 'open', limit: 10 }, 'all');

  async function resolve(resolution: Resolution, id?: string) {
    const conflictId = id ?? (await open())[0]?.id ?? '';
    return world.sync.resolutions.resolve(conflictId, resolution, 'key:1', 'all');
  }

  async function identity(key: string) {
    const found = await world.identity(key);
    if (!found) throw new Error('there is no such identity');
    return found;
  }

  const keys = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await world.identities()).map(({ identifier_key, name }) => [identifier_key, name]));

  const quarantined = async () =>
    (await world.pool.query(`select * from quarantined_records where status = 'waiting'`)).rows;

  async function deletions() {
    const { rows } = await world.pool.query(
      `select stream_id as id, data->>'mergedInto' as into, meta->>'causationId' as cause
       from es.events where type = 'IdentityDeleted'`,
    );
    return rows;
  }
});
