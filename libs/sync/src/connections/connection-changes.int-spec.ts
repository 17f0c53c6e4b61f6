import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectorById, mappingSchema, type ParsedMapping } from '#connectors';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { ConnectionPatchInput } from './connection.input.js';
import type { Connection } from './connection.js';

const contacts = mappingSchema.parse(connectorById('hubspot')?.descriptor.tables[0]?.defaultMapping);
const shouting: ParsedMapping = { ...contacts, name: '$uppercase(properties.firstname)' };

describe('a connection that is changed', () => {
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

  const patch = (changes: Partial<ConnectionPatchInput>, actor = 'key:1') =>
    world.sync.connections.patch(connection.id, { check: true, ...changes }, 'all', actor);

  it('keeps what is not named', async () => {
    const { updatedAt: _, ...before } = connection;
    expect(await patch({ name: 'Renamed' })).toMatchObject({ ...before, name: 'Renamed' });
  });

  it('stays as it is when told what it is', async () => {
    const { name, mapping, settings } = connection;
    const same = await patch({
      name,
      mapping: { ...mapping },
      settings: settings as Record<string, unknown>,
    });
    expect(same).toMatchObject({ mappingVersion: 1, settings });
    expect(await world.sync.connections.mappingVersions(connection.id, 'all')).toHaveLength(1);
  });

  it('replaces a setting as a whole, and takes one away', async () => {
    const properties = { contacts: ['zip'] };
    expect((await patch({ settings: { properties } })).settings).toEqual({
      baseUrl: world.hubspot.url,
      properties,
    });
    expect((await patch({ settings: { properties: null } })).settings).toEqual({
      baseUrl: world.hubspot.url,
    });
  });

  it('replaces a policy as a whole, and sets one back', async () => {
    const fields = { name: 'local_wins' };
    expect((await patch({ policies: { fields, retention_days: 7 } })).policies).toMatchObject({
      fields,
      retention_days: 7,
      key_conflict: 'hold',
    });
    expect((await patch({ policies: { retention_days: null } })).policies).toMatchObject({
      fields,
      retention_days: 30,
    });
  });

  it.each<[string, Partial<ConnectionPatchInput>, RegExp]>([
    ['a setting nobody knows', { settings: { baseUlr: 'x' } }, /settings.*baseUlr/],
    ['a policy nobody knows', { policies: { key_conflicts: 'hold' } }, /policies.*key_conflicts/],
    ['a policy that cannot be', { policies: { sweep_max_share: 2 } }, /policies.sweep_max_share/],
    ['no stream at all', { mapping: { contacts: null, companies: null } }, /contacts, companies/],
    [
      'a mapping that does not compile',
      { mapping: { contacts: { ...contacts, name: '$(' } } },
      /contacts.name/,
    ],
    ['a version it never had', { mapping_version: 7 }, /mapping_version: there is no version 7/],
    ['a cron expression that is none', { cron: 'daily' }, /cron: expected five fields/],
    ['two schedules', { cron: '0 3 * * *', every_seconds: 60 }, /cron: expected either/],
    [
      'settings with which nobody answers',
      { settings: { baseUrl: 'http://127.0.0.1:1' } },
      /could not be used/,
    ],
  ])('is refused %s, and stays as it was', async (_, changes, message) => {
    await expect(patch({ name: 'Other', ...changes })).rejects.toThrow(message);
    expect(await world.sync.connections.get(connection.id, 'all')).toEqual(connection);
  });

  it('is refused a name that is taken', async () => {
    await world.connect({ name: 'Other' });
    await expect(patch({ name: 'Other' })).rejects.toMatchObject({ code: 'CONNECTION_NAME_TAKEN' });
  });

  it('is not there for those who may not see its project', async () => {
    const refused = world.sync.connections.patch(connection.id, { check: true, name: 'x' }, ['p1']);
    await expect(refused).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
  });

  it('loses no change of two that come at once', async () => {
    await Promise.all([
      patch({ mapping: { contacts: shouting } }),
      patch({ policies: { retention_days: 7 } }),
      patch({ mapping: { companies: null } }),
    ]);
    const after = await world.sync.connections.get(connection.id, 'all');
    expect(after).toMatchObject({ mappingVersion: 3, mapping: { contacts: shouting } });
    expect(Object.keys(after.mapping)).toEqual(['contacts']);
    expect(after.policies.retention_days).toBe(7);
  });

  describe('in its mapping', () => {
    it('keeps every version with who made it, and goes back to one', async () => {
      await patch({ mapping: { contacts: shouting } }, 'key:2');
      const restored = await patch({ mapping_version: 1 }, 'key:3');
      expect(restored).toMatchObject({ mappingVersion: 3, mapping: connection.mapping });
      const versions = await world.sync.connections.mappingVersions(connection.id, 'all');
      expect(versions.map(({ version, actor }) => [version, actor])).toEqual([
        [3, 'key:3'],
        [2, 'key:2'],
        [1, 'unknown'],
      ]);
      expect(versions[1]?.mapping).toMatchObject({ contacts: shouting });
    });

    it('looks at every record of that stream again, and not at those of others', async () => {
      world.hubspot.account.contacts.create({ email: 'ada@x.example', firstname: 'Ada' });
      await world.run(connection, 'full');
      await world.run(connection, 'full', 'companies');
      await patch({ mapping: { contacts: shouting } });
      const run = await world.run(connection, 'incremental');
      expect(run).toMatchObject({ mode: 'full', counts: { update: 1 } });
      expect(await world.identity('ada@x.example')).toMatchObject({ name: 'ADA' });
      expect(await world.run(connection, 'incremental', 'companies')).toMatchObject({ mode: 'incremental' });
    });

    it('begins a run again that is under way', async () => {
      for (let n = 0; n < 150; n += 1)
        world.hubspot.account.contacts.create({ email: `c${n}@x.example`, firstname: 'Ada' });
      const [run] = await world.sync.runs.start(connection.id, { mode: 'full', stream: 'contacts' }, 'all');
      const runId = run?.id ?? '';
      while ((await world.identities()).length === 0) await world.sync.pages.next(runId);
      await patch({ mapping: { contacts: shouting } });
      expect(await world.finish(runId)).toMatchObject({ status: 'completed', mode: 'full' });
      const names = new Set((await world.identities()).map(({ name }) => name));
      expect([...names]).toEqual(['ADA']);
    });

    it('ends the run of a stream that is synced no more', async () => {
      const [run] = await world.sync.runs.start(connection.id, { mode: 'full', stream: 'companies' }, 'all');
      await patch({ mapping: { companies: null } });
      expect(await world.sync.runs.get(run?.id ?? '', 'all')).toMatchObject({ status: 'cancelled' });
    });
  });

  describe('in its secrets', () => {
    const compare = (secrets: Record<string, unknown>) =>
      world.sync.connections.compareSecrets(connection.id, secrets, 'all');

    it('knows those it was given again', async () => {
      const { token, clientSecret } = world.hubspot;
      expect(await compare({ accessToken: token, clientSecret })).toEqual({
        accessToken: 'same',
        clientSecret: 'same',
      });
      expect(await compare({ accessToken: 'other', clientId: 'x' })).toEqual({
        accessToken: 'changed',
        clientId: 'new',
        clientSecret: 'removed',
      });
    });

    it('by name, when one of them is rotated or taken away', async () => {
      const { token } = world.hubspot;
      const secrets = { clientSecret: 'rotated' };
      const rotated = await world.sync.connections.rotate(connection.id, { secrets, check: true }, 'all');
      expect(await compare({ accessToken: token, ...secrets })).toEqual({
        accessToken: 'same',
        clientSecret: 'same',
      });
      expect(rotated.secretFingerprints.accessToken).toBe(connection.secretFingerprints.accessToken);
      const without = { secrets: { clientSecret: null }, check: false };
      await world.sync.connections.rotate(connection.id, without, 'all');
      expect(await compare({ accessToken: token })).toEqual({ accessToken: 'same' });
    });

    it('not to those of another account', async () => {
      await world.prisma.connection.update({ where: { id: connection.id }, data: { accountId: '1' } });
      const secrets = { accessToken: world.hubspot.token };
      const refused = world.sync.connections.rotate(connection.id, { secrets, check: true }, 'all');
      await expect(refused).rejects.toThrow(/another account/);
    });
  });
});
