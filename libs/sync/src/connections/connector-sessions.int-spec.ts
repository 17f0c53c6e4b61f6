import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool, newSecretKey, type Pool, SecretBox, systemClock } from '#platform';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';
import type { SealedConnection } from './connection.js';
import { ConnectionStore } from './connection.store.js';
import { ConnectorSessions } from './connector-sessions.js';

describe('two workers whose access ran out at once', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let pools: Pool[];
  let workers: ConnectorSessions[];
  let store: ConnectionStore;
  let connection: SealedConnection;
  let refreshes: string[];

  beforeEach(async () => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url);
    const secretBox = new SecretBox(newSecretKey());
    const parts = { secretBox, network: { allowPrivateNetwork: true }, clock: systemClock };
    pools = [createPool({ url: database.url, max: 4 }), createPool({ url: database.url, max: 4 })];
    workers = pools.map((pool) => new ConnectorSessions({ pool, ...parts }));
    store = new ConnectionStore(world.prisma);
    const { id } = await world.connect();
    const { clientId, clientSecret, refreshToken } = world.hubspot.account.tokens;
    const secrets = { accessToken: world.hubspot.token, clientId, clientSecret, refreshToken };
    const sealed = new ConnectorSessions({ pool: world.pool, ...parts }).seal(id, secrets);
    connection = await store.update(id, { secrets: sealed });
    refreshes = rotating(world);
    world.hubspot.account.tokens.expireAll();
  });

  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await world.close();
    await database.drop();
  });

  const check = (worker: ConnectorSessions | undefined, held = connection) =>
    worker?.use(held, (connector, context) => connector.check(context));

  it('get one new token by one request, though the vendor takes each refresh token once', async () => {
    const [first, second] = workers;
    const checks = await Promise.all([first, first, second, second].map((worker) => check(worker)));
    expect(checks.map((found) => found?.account)).toEqual(Array(4).fill('62515'));
    expect(refreshes).toHaveLength(1);
    const kept = await store.require(connection.id);
    expect(kept.secretsVersion).toBe(2);
    expect(second?.secretsOf(kept)).toMatchObject({ refreshToken: 'rotated-1' });
  });

  it('and again with the rotated refresh token the next time', async () => {
    await check(workers[0]);
    world.hubspot.account.tokens.expireAll();
    const current = await store.require(connection.id);
    await Promise.all(workers.map((worker) => check(worker, current)));
    expect(refreshes).toHaveLength(2);
    expect(refreshes[1]).toBe('rotated-1');
    expect(await store.require(connection.id)).toMatchObject({ secretsVersion: 3, status: 'active' });
  });

  it('keep the new token before they use it: what fails with it does not lose it', async () => {
    const broken = workers[0]?.use(connection, async (connector, context) => {
      await connector.check(context);
      throw new Error('the worker died here');
    });
    await expect(broken).rejects.toThrow(/died here/);
    expect(workers[1]?.secretsOf(await store.require(connection.id))).toMatchObject({
      refreshToken: 'rotated-1',
    });
    expect(await check(workers[1])).toMatchObject({ account: '62515' });
    expect(refreshes).toHaveLength(1);
  });
});

/** Lets the fake take each refresh token once, as vendors do that rotate them. Answers those that were sent. */
function rotating(world: SyncWorld): string[] {
  const { tokens } = world.hubspot.account;
  const exchange = tokens.exchange.bind(tokens);
  const sent: string[] = [];
  tokens.exchange = (form) => {
    sent.push(form.get('refresh_token') ?? '');
    const reply = exchange(form);
    if (reply.status !== 200) return reply;
    const refreshToken = `rotated-${sent.length}`;
    Object.assign(tokens, { refreshToken });
    return { ...reply, json: { ...(reply.json as object), refresh_token: refreshToken } };
  };
  return sent;
}
