import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectorById } from '#connectors';
import { type SalesforceFake, startSalesforceFake } from '#connectors/salesforce/fake';
import { type FakeServer, startFakeServer } from '#connectors/testing';
import { createTestDatabase, type TestDatabase } from '../../../test/support/databases.js';
import { openSyncBench, type SyncBench } from '../../../test/support/sync-world.js';
import type { Connection } from './connections/connection.js';

const START = new Date('2026-09-01T10:00:00.250Z');
const SECRET = 'a-webhook-secret-0001';
const MINUTE_MS = 60_000;

/** From the org to the roster and back to nothing, by runs and by Outbound Messages. */
describe('a Salesforce org, synced', () => {
  let database: TestDatabase;
  let fake: SalesforceFake;
  let bench: SyncBench;
  let connection: Connection;

  beforeEach(async () => {
    database = await createTestDatabase();
    fake = await startSalesforceFake({ startAt: START });
    bench = openSyncBench(database.url, { now: () => new Date(fake.org.clock.now()) });
    const { clientId, clientSecret, refreshToken } = fake.org.logins;
    connection = await bench.sync.connections.create(
      {
        kind: 'salesforce',
        name: 'Salesforce',
        settings: { loginUrl: fake.url, pageSize: 100 },
        secrets: { clientId, clientSecret, refreshToken, webhookSecret: SECRET },
        every_seconds: null,
        check: true,
      },
      'all',
    );
  });
  afterEach(async () => {
    await bench.close();
    await fake.close();
    await database.drop();
  });

  const contacts = () => fake.org.contacts;
  const run = (mode: 'full' | 'incremental', stream = 'contacts') => bench.run(connection, mode, stream);
  const keys = async () => (await bench.identities()).map(({ identifier_key }) => identifier_key);

  it('reads all three streams with credentials alone, and nothing twice', async () => {
    fake.org.seed({ contacts: 250, accounts: 30, leads: 120 });
    for (const stream of ['contacts', 'accounts', 'leads'])
      expect(await run('full', stream)).toMatchObject({ status: 'completed' });
    expect(await keys()).toHaveLength(400);
    const events = await bench.eventCount();
    await fake.org.advance(MINUTE_MS);
    await run('full');
    await run('incremental', 'leads');
    expect(await bench.eventCount()).toBe(events);
  });

  it('follows changes, deletions, and restorations', async () => {
    const { id } = contacts().create({ LastName: 'King', Email: 'Ada@x.example' });
    await run('full');
    const before = await bench.identity('ada@x.example');
    await fake.org.advance(MINUTE_MS);
    contacts().update(id, { Email: 'ada.king@x.example', FirstName: 'Ada' });
    await fake.org.advance(MINUTE_MS);
    await run('incremental');
    expect(await bench.identity('ada.king@x.example')).toMatchObject({ id: before?.id, name: 'Ada King' });
    contacts().remove(id);
    await fake.org.advance(MINUTE_MS);
    await run('incremental');
    expect(await keys()).toEqual([]);
    contacts().undelete(id);
    await fake.org.advance(MINUTE_MS);
    await run('incremental');
    expect(await bench.identity('ada.king@x.example')).toMatchObject({ id: before?.id });
  });

  it('ends a merge with one identity, that of the winner', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map(
      (name) => contacts().create({ LastName: name, Email: `${name}@x.example` }).id,
    );
    await run('full');
    const winner = await bench.identity('a@x.example');
    await fake.org.advance(MINUTE_MS);
    contacts().merge(String(a), String(b), String(c));
    await fake.org.advance(MINUTE_MS);
    expect(await run('incremental')).toMatchObject({ status: 'completed' });
    expect(await bench.identities()).toMatchObject([{ id: winner?.id, identifier_key: 'a@x.example' }]);
  });

  it('goes on when the session ends in the middle, with the token that a refresh brings', async () => {
    fake.org.logins.rotating = true;
    fake.org.seed({ contacts: 10 });
    fake.org.logins.expireAll();
    expect(await run('full')).toMatchObject({ status: 'completed' });
    fake.org.logins.expireAll();
    await fake.org.advance(MINUTE_MS);
    expect(await run('incremental')).toMatchObject({ status: 'completed' });
  });

  it('waits visibly when the day’s requests are used up', async () => {
    fake.org.usage.limits = { ...fake.org.usage.limits, daily: 0 };
    await run('full');
    const paused = await bench.sync.connections.get(connection.id, 'all');
    expect(paused.pausedUntil?.getTime()).toBeGreaterThan(fake.org.clock.now());
  });

  describe('by Outbound Messages', () => {
    let door: FakeServer;
    let answers: number[];

    beforeEach(async () => {
      answers = [];
      door = await openDoor(bench, connection, answers);
      fake.org.messages.send({ url: `${door.url}/${SECRET}`, duplicate: true, shuffle: true });
    });
    afterEach(() => door.close());

    const workOff = () => bench.sync.work.workOff(connection.id);

    it('hears of a change within a delivery, once, and acknowledges it', async () => {
      const { id } = contacts().create({ LastName: 'King', Email: 'ada@x.example' });
      contacts().update(id, { FirstName: 'Ada & Co' });
      await fake.org.messages.deliver();
      await workOff();
      expect(await bench.identity('ada@x.example')).toMatchObject({ name: 'Ada & Co King', version: 1 });
      expect(fake.org.messages.attempts).toEqual([{ notifications: 4, attempt: 0, acknowledged: true }]);
      expect(answers).toEqual([200]);
    });

    it('does not bring back what was deleted before the message was worked off', async () => {
      const { id } = contacts().create({ LastName: 'King', Email: 'ada@x.example' });
      await fake.org.messages.deliver();
      contacts().remove(id);
      await workOff();
      expect(await keys()).toEqual([]);
    });

    it('learns of deletions by change events', async () => {
      fake.org.messages.send({ url: `${door.url}/${SECRET}`, format: 'changes' });
      const { id } = contacts().create({ LastName: 'King', Email: 'ada@x.example' });
      await fake.org.messages.deliver();
      await workOff();
      expect(await keys()).toEqual(['ada@x.example']);
      contacts().remove(id);
      await fake.org.messages.deliver();
      await workOff();
      expect(await keys()).toEqual([]);
    });

    it('is sent it again until it is accepted, and takes nothing without the secret', async () => {
      fake.org.messages.send({ url: `${door.url}/another-secret-0001` });
      contacts().create({ LastName: 'King', Email: 'ada@x.example' });
      await fake.org.messages.deliver();
      fake.org.messages.send({ url: `${door.url}/${SECRET}` });
      await fake.org.advance(MINUTE_MS);
      await workOff();
      expect(fake.org.messages.attempts.map(({ acknowledged }) => acknowledged)).toEqual([false, true]);
      expect(await keys()).toEqual(['ada@x.example']);
    });
  });
});

/** The HTTP door in small: what it hands to the inbox, and what it answers. */
function openDoor(bench: SyncBench, { id, kind }: Connection, answers: number[]): Promise<FakeServer> {
  const acknowledgement = connectorById(kind)?.webhook?.acknowledgement;
  return startFakeServer(async ({ method, path, headers, body }, response) => {
    const url = `https://rollcall.example/v1/webhooks/salesforce/${id}${path}`;
    const incoming = { method, url, tail: path.slice(1), headers, rawBody: body, kind, connectionId: id };
    const refused = await bench.sync.inbox.receive(incoming).then(
      () => null,
      (error: Error) => error.name,
    );
    if (refused !== null && refused !== 'WebhookRejectedError') throw new Error(refused);
    answers.push(refused ? 401 : 200);
    if (refused) return { status: 401 };
    response.writeHead(200, { 'content-type': acknowledgement?.contentType ?? 'text/plain' });
    response.end(acknowledgement?.body);
    return null;
  });
}
