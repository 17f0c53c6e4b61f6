import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadManifests } from '#connectors';
import { type EspoFake, startEspoFake } from '#connectors/espocrm/fake';
import { type FakeServer, startFakeServer } from '#connectors/testing';
import { createTestDatabase, type TestDatabase } from '../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../test/support/sync-world.js';
import type { Connection } from './connections/connection.js';

/** A connector that is a YAML file, through the engine that knows nothing of that. */
describe('EspoCRM by manifest, through the engine', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let espo: EspoFake;
  let connection: Connection;
  let door: FakeServer;
  let answers: string[];

  beforeEach(async () => {
    await loadManifests();
    database = await createTestDatabase();
    world = await openSyncWorld(database.url);
    espo = await startEspoFake({ seed: { contacts: 450, accounts: 10 } });
    answers = [];
    door = await startFakeServer(async ({ path, headers, body }) => {
      const code = await receive(path.slice(1), headers, body);
      answers.push(code);
      return { status: code === 'new' ? 200 : 401 };
    });
    for (const event of ['Contact.create', 'Contact.update', 'Contact.delete'])
      espo.site.subscribe({ event, url: `${door.url}/${event}` });
    connection = await world.sync.connections.create(
      {
        kind: 'espocrm',
        name: 'Our EspoCRM',
        settings: { baseUrl: espo.url },
        secrets: {
          apiKey: espo.apiKey,
          webhookSecrets: espo.site.webhooks.map(({ secretKey }) => secretKey),
        },
        every_seconds: null,
        check: true,
      },
      'all',
    );
  });

  afterEach(async () => {
    await door.close();
    await espo.close();
    await world.close();
    await database.drop();
  });

  it('names the account, reads everything, then only what changed, and then nothing', async () => {
    expect(connection.accountId).toBe(new URL(espo.url).host);
    expect(await world.run(connection, 'full')).toMatchObject({ status: 'completed' });
    expect(await world.run(connection, 'full', 'accounts')).toMatchObject({ status: 'completed' });
    expect(await world.identities()).toHaveLength(460);
    const { id } = espo.site.contacts.create({ emailAddress: 'New@x.example', lastName: 'New' });
    expect(await world.run(connection, 'incremental')).toMatchObject({ status: 'completed' });
    expect(await world.identity('new@x.example')).toMatchObject({ name: 'New', identity_type: 'user' });
    espo.site.contacts.update(id, { emailAddress: 'newer@x.example' });
    await world.run(connection, 'incremental');
    expect(await world.identity('newer@x.example')).toMatchObject({ name: 'New' });
    const events = await world.eventCount();
    await world.run(connection, 'incremental');
    expect(await world.eventCount()).toBe(events);
    expect(await world.identities()).toHaveLength(461);
  });

  it('hears of changes by webhook, and refuses those that are not signed', async () => {
    const { id } = espo.site.contacts.create({ emailAddress: 'ada@x.example', firstName: 'Ada' });
    await espo.site.deliver();
    await world.sync.work.workOff(connection.id);
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Ada' });
    espo.site.contacts.update(id, { lastName: 'Lovelace' });
    await espo.site.deliver();
    await world.sync.work.workOff(connection.id);
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Ada Lovelace' });
    espo.site.contacts.delete(id);
    await espo.site.deliver();
    await world.sync.work.workOff(connection.id);
    expect(await world.identity('ada@x.example')).toBeUndefined();
    expect(answers).toEqual(['new', 'new', 'new']);
    const forged = await fetch(`${door.url}/Contact.delete`, {
      method: 'POST',
      body: JSON.stringify([{ id }]),
    });
    expect(forged.status).toBe(401);
  });

  async function receive(
    tail: string,
    headers: Record<string, string | string[] | undefined>,
    rawBody: Buffer,
  ) {
    try {
      const url = `https://rollcall.example/v1/webhooks/espocrm/${connection.id}/${tail}`;
      await world.sync.inbox.receive({
        kind: 'espocrm',
        connectionId: connection.id,
        method: 'POST',
        url,
        tail,
        headers,
        rawBody,
      });
      return 'new';
    } catch (error) {
      return String((error as { code?: string }).code);
    }
  }
});
