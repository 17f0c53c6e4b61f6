import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HubSpotFakeOptions } from '#connectors/hubspot/fake';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { Connection } from '../connections/connection.js';

const START = new Date('2026-09-01T10:00:00.250Z');

describe('webhooks of HubSpot', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let connection: Connection;
  let door: Door;

  const open = async (options: HubSpotFakeOptions = {}) => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url, { startAt: START, ...options });
    connection = await world.connect();
    door = await openDoor(world, () => connection.id);
    world.hubspot.account.webhooks.send({ url: door.url });
  };

  beforeEach(() => open());

  afterEach(() => close());

  const close = async () => {
    await door.close();
    await world.close();
    await database.drop();
  };

  const contacts = () => world.hubspot.account.contacts;
  const deliver = () => world.hubspot.account.webhooks.deliver();
  const workOff = () => world.sync.work.workOff(connection.id);
  const deliveries = (status?: 'waiting' | 'done' | 'failed') =>
    world.sync.deliveries.list({ connectionId: connection.id, status, limit: 1_000 }, 'all');

  it('have one effect, however often and in whatever order they come', async () => {
    world.hubspot.account.webhooks.send({ url: door.url, duplicate: true, shuffle: true });
    const { id } = contacts().create({ email: 'ada@x.example', firstname: 'Ada' });
    contacts().update(id, { firstname: 'Augusta' });
    contacts().update(id, { lastname: 'King' });
    await deliver();
    const waiting = await deliveries('waiting');
    expect(waiting).toHaveLength(5);
    await Promise.all([workOff(), world.restarted().work.workOff(connection.id)]);
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Augusta King', version: 1 });
    expect(await deliveries('done')).toHaveLength(5);
    expect(await world.eventCount()).toBe(1);
    const runs = await world.sync.runs.list(connection.id, { limit: 10 }, 'all');
    expect(runs[0]).toMatchObject({ mode: 'record', trigger: 'webhook', status: 'completed' });
  });

  it('answer before anything is fetched, and find the record gone if it is by then', async () => {
    const { id } = contacts().create({ email: 'ada@x.example' });
    await deliver();
    contacts().archive(id);
    await workOff();
    expect(await world.identities()).toEqual([]);
    await deliver();
    await workOff();
    expect(await world.eventCount()).toBe(0);
  });

  it('name the cause of each change: the delivery, and the run it was worked off in', async () => {
    contacts().create({ email: 'ada@x.example' });
    await deliver();
    await workOff();
    const ids = (await deliveries('done')).map((delivery) => delivery.id);
    const { rows } = await world.pool.query<{ meta: Record<string, string> }>('select meta from es.events');
    const [run] = await world.sync.runs.list(connection.id, { limit: 1 }, 'all');
    expect(rows[0]?.meta).toMatchObject({
      actor: `connection:${connection.id}`,
      source: 'sync',
      correlationId: run?.id,
    });
    expect(ids).toContain(rows[0]?.meta.causationId);
  });

  it('of another account are refused, also when the signature is right', async () => {
    await world.pool.query(`update connections set account_id = '1' where id = $1`, [connection.id]);
    contacts().create({ email: 'ada@x.example' });
    await deliver();
    expect(door.answers).toEqual(['WEBHOOK_REFUSED']);
    expect(await deliveries()).toEqual([]);
  });

  it('of a connection that was never tested are refused: nobody knows its account', async () => {
    await world.pool.query('update connections set account_id = null where id = $1', [connection.id]);
    contacts().create({ email: 'ada@x.example' });
    await deliver();
    expect(door.answers).toEqual(['WEBHOOK_REFUSED']);
    expect(await deliveries()).toEqual([]);
  });

  it('signed with a secret that was rotated away are refused, and taken while both are valid', async () => {
    const old = world.hubspot.clientSecret;
    const rotate = (secrets: Record<string, unknown>) =>
      world.sync.connections.rotate(connection.id, { secrets, check: true }, 'all');
    await rotate({ clientSecret: 'a-new-secret' });
    contacts().create({ email: 'a@x.example' });
    await deliver();
    await rotate({ previousClientSecrets: [old] });
    contacts().create({ email: 'b@x.example' });
    await deliver();
    expect(door.answers).toEqual(['WEBHOOK_REFUSED', 'new']);
  });

  it('are refused as soon as the connection was removed, also when it was known before', async () => {
    contacts().create({ email: 'a@x.example' });
    await deliver();
    await world.restarted().connections.remove(connection.id, 'all');
    contacts().create({ email: 'b@x.example' });
    await deliver();
    expect(door.answers).toEqual(['new', 'CONNECTION_NOT_FOUND']);
    const { rows } = await world.pool.query('select 1 from webhook_deliveries');
    expect(rows).toEqual([]);
  });

  it('are judged by what another process has made of the connection', async () => {
    contacts().create({ email: 'a@x.example' });
    await deliver();
    const elsewhere = world.restarted().connections;
    const secrets = { clientSecret: 'a-new-secret' };
    await elsewhere.rotate(connection.id, { secrets, check: false }, 'all');
    contacts().create({ email: 'b@x.example' });
    await deliver();
    const both = { previousClientSecrets: [world.hubspot.clientSecret] };
    await elsewhere.rotate(connection.id, { secrets: both, check: false }, 'all');
    contacts().create({ email: 'c@x.example' });
    await deliver();
    expect(door.answers).toEqual(['new', 'WEBHOOK_REFUSED', 'new']);
  });

  it('wait while the connection is paused, and are worked off when it goes on', async () => {
    await world.sync.connections.pause(connection.id, 'all');
    contacts().create({ email: 'ada@x.example' });
    await deliver();
    expect(await workOff()).toBeNull();
    expect(await deliveries('waiting')).not.toEqual([]);
    await world.sync.connections.resume(connection.id, 'all');
    await workOff();
    expect(await world.identity('ada@x.example')).toBeDefined();
  });

  it('are put off when the vendor is not there, and given up at last', async () => {
    contacts().create({ email: 'ada@x.example' });
    await deliver();
    for (let tries = 1; tries < 8; tries++) {
      world.hubspot.account.faults.add({ kind: 'status', status: 503 });
      expect((await workOff())?.afterMs).toBeGreaterThan(0);
      await world.pool.query(`update webhook_deliveries set due_at = now()`);
    }
    world.hubspot.account.faults.add({ kind: 'status', status: 503 });
    await workOff();
    const [failed] = await deliveries('failed');
    expect(failed).toMatchObject({ attempts: 8, error: expect.stringContaining('TRANSIENT') });
  });

  it('are worked off again on request, and counted', async () => {
    const { id } = contacts().create({ email: 'ada@x.example' }, { silent: true });
    contacts().update(id, { firstname: 'Ada' });
    await deliver();
    await world.pool.query(`update webhook_deliveries set status = 'failed', error = 'no', attempts = 8`);
    const failed = await deliveries('failed');
    const replay = (filter: object) => world.sync.deliveries.replayAll(connection.id, filter, 'all');
    expect(await replay({ status: 'done' })).toBe(0);
    expect(await replay({ externalId: 'another' })).toBe(0);
    expect(await replay({ since: new Date(Date.now() + 60_000) })).toBe(0);
    expect(await replay({ until: new Date(0) })).toBe(0);
    expect(await replay({ status: 'failed', stream: 'contacts', externalId: id })).toBe(failed.length);
    expect(await replay({})).toBe(0);
    await workOff();
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Ada' });
    const [done] = await deliveries('done');
    expect(done).toMatchObject({ replays: 1, attempts: 0, error: null });
    expect(await world.sync.deliveries.replay(done?.id ?? '', 'all')).toMatchObject({
      status: 'waiting',
      replays: 2,
    });
    await expect(world.sync.deliveries.replay(done?.id ?? '', ['another'])).rejects.toMatchObject({
      code: 'DELIVERY_NOT_FOUND',
    });
  });

  it('are listed by record, stream and time', async () => {
    const { id } = contacts().create({ email: 'ada@x.example' });
    contacts().create({ email: 'grace@x.example' });
    await deliver();
    const list = async (filter: object) =>
      (await world.sync.deliveries.list({ connectionId: connection.id, limit: 10, ...filter }, 'all')).map(
        ({ externalId }) => externalId,
      );
    expect(new Set(await list({ externalId: id }))).toEqual(new Set([id]));
    expect(await list({ stream: 'companies' })).toEqual([]);
    expect(await list({ since: new Date(Date.now() + 60_000) })).toEqual([]);
    expect((await list({ since: new Date(0) })).length).toBeGreaterThan(1);
  });

  it('set a record aside that nobody can read, and take those that came with it', async () => {
    const bad = contacts().create({ email: 'bad@x.example' });
    for (let n = 0; n < 9; n++) contacts().create({ email: `${n}@x.example` });
    contacts().disguise(bad.id, { id: null, properties: {} });
    await deliver();
    await workOff();
    expect(await world.identities()).toHaveLength(9);
    expect(await world.sync.quarantine.list({ connectionId: connection.id, limit: 10 }, 'all')).toMatchObject(
      [{ externalId: bad.id, code: 'INVALID_RECORD' }],
    );
    expect(await deliveries('waiting')).toEqual([]);
  });

  it('say that a record ended in another one where HubSpot only says that it is gone', async () => {
    await close();
    await open({ mergedReads: 'missing' });
    const primary = contacts().create({ email: 'primary@x.example' });
    const other = contacts().create({ email: 'other@x.example' });
    await deliver();
    await workOff();
    const winner = await world.identity('primary@x.example');
    contacts().merge(primary.id, other.id);
    await deliver();
    await workOff();
    expect(await world.identities()).toMatchObject([{ id: winner?.id, identifier_key: 'primary@x.example' }]);
  });

  it('keep what a slower poll read earlier from undoing what came since', async () => {
    const { id } = contacts().create({ email: 'ada@x.example', firstname: 'Ada' });
    await deliver();
    await workOff();
    const [run] = await world.sync.runs.start(connection.id, { mode: 'full', stream: 'contacts' }, 'all');
    world.hubspot.account.faults.add({ kind: 'slow', ms: 300, path: '/contacts', times: 2 });
    const polling = world.finish(run?.id ?? '');
    await world.hubspot.account.advance(1_000);
    contacts().update(id, { firstname: 'Augusta' });
    await deliver();
    await workOff();
    await polling;
    expect(await world.identity('ada@x.example')).toMatchObject({ name: 'Augusta' });
  });
});

interface Door {
  readonly url: string;
  /** `new` for each delivery that was taken, else the code of the refusal. */
  readonly answers: string[];
  close(): Promise<void>;
}

/** The inbox behind a port, as the API has it. */
async function openDoor(world: SyncWorld, connectionId: () => string): Promise<Door> {
  const answers: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    try {
      await world.sync.inbox.receive({
        kind: 'hubspot',
        connectionId: connectionId(),
        method: 'POST',
        url: `http://${request.headers.host}${request.url}`,
        tail: '',
        headers: request.headers,
        rawBody: Buffer.concat(chunks),
      });
      answers.push('new');
    } catch (error) {
      answers.push(String((error as { code?: string }).code));
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    answers,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
