import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectorById, mappingSchema } from '#connectors';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { Connection } from '../connections/connection.js';
import type { PreviewInput } from './preview.input.js';

const contacts = mappingSchema.parse(connectorById('hubspot')?.descriptor.tables[0]?.defaultMapping);

describe('a preview', () => {
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

  const create = (properties: Record<string, string>) => world.hubspot.account.contacts.create(properties).id;
  const preview = (request: Partial<PreviewInput>) =>
    world.sync.preview.records(connection.id, { stream: 'contacts', ...request }, 'all');
  const everything = async () => {
    const counts = await Promise.all(
      ['identities', 'links', 'record_outcomes', 'quarantined_records', 'sync_runs', 'sync_cursors'].map(
        (table) => world.pool.query<{ n: string }>(`select count(*) as n from ${table}`),
      ),
    );
    return [await world.eventCount(), ...counts.map(({ rows }) => rows[0]?.n)];
  };

  it('shows a new record, what it would be, and that it would be created', async () => {
    const id = create({ email: 'Ada@x.example', firstname: 'Ada' });
    expect(await preview({})).toMatchObject([
      {
        externalId: id,
        raw: { properties: { email: 'Ada@x.example' } },
        mapped: { identifierKey: 'ada@x.example', name: 'Ada', identityType: 'user' },
        errors: [],
        stored: null,
        action: 'create',
      },
    ]);
  });

  it('writes nothing', async () => {
    create({ email: 'ada@x.example' });
    await world.run(connection, 'full');
    create({ email: 'grace@x.example' });
    const before = await everything();
    await preview({ limit: 20 });
    await preview({ mapping: { ...contacts, name: '$number("x")' } });
    expect(await everything()).toEqual(before);
  });

  it('shows what is stored beside a record that is linked, and what another mapping would change', async () => {
    const id = create({ email: 'ada@x.example', firstname: 'Ada' });
    await world.run(connection, 'full');
    const linked = { foundBy: 'link', identity: { name: 'Ada', identifierKey: 'ada@x.example' } };
    expect(await preview({ external_ids: [id] })).toMatchObject([{ stored: linked, action: 'unchanged' }]);
    const mapping = { ...contacts, name: '$uppercase(properties.firstname)' };
    expect(await preview({ external_ids: [id], mapping })).toMatchObject([
      { stored: linked, action: 'update', diff: { name: { from: 'Ada', to: 'ADA' } } },
    ]);
  });

  it('finds what is stored under the key, too', async () => {
    create({ email: 'ada@x.example', firstname: 'Ada' });
    await world.run(connection, 'full');
    await world.pool.query('delete from links');
    expect(await preview({})).toMatchObject([{ stored: { foundBy: 'identifier_key' }, action: 'unchanged' }]);
  });

  it('says of each field what is wrong with it', async () => {
    create({ email: 'ada@x.example' });
    const mapping = { ...contacts, name: 'nothing', identity_type: '"robot"' };
    expect(await preview({ mapping })).toMatchObject([
      {
        mapped: null,
        action: 'invalid',
        errors: [
          { field: 'name', reason: 'is empty' },
          { field: 'identity_type', reason: expect.stringMatching(/one of/) },
        ],
      },
    ]);
  });

  it('shows that an archived record would be deleted', async () => {
    const id = create({ email: 'ada@x.example' });
    await world.run(connection, 'full');
    world.hubspot.account.contacts.archive(id);
    expect(await preview({ external_ids: [id] })).toMatchObject([
      { raw: null, mapped: null, action: 'delete' },
    ]);
  });

  it('takes notice of nothing that is not there', async () => {
    expect(await preview({ external_ids: ['999'] })).toMatchObject([{ externalId: '999', action: null }]);
    expect(await preview({})).toEqual([]);
  });

  it('shows as many as asked for', async () => {
    for (let n = 0; n < 30; n += 1) create({ email: `c${n}@x.example` });
    expect(await preview({})).toHaveLength(5);
    expect(await preview({ limit: 20 })).toHaveLength(20);
  });

  it.each<[string, Partial<PreviewInput>, RegExp]>([
    ['a stream nobody has', { stream: 'deals' }, /^stream: /],
    [
      'an expression that does not compile',
      { mapping: { ...contacts, name: '$(' } },
      /mapping.contacts.name/,
    ],
  ])('is refused for %s', async (_, request, message) => {
    await expect(preview(request)).rejects.toThrow(message);
  });

  it("knows the vendor's own fields", async () => {
    const fields = await world.sync.preview.fields(connection.id, 'contacts', 'all');
    expect(fields).toContainEqual(expect.objectContaining({ name: 'email', type: 'string' }));
    await expect(world.sync.preview.fields(connection.id, 'deals', 'all')).rejects.toThrow(
      /stream: expected one of contacts/,
    );
  });
});
