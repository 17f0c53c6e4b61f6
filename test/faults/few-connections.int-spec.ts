import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { DATABASE, FaultWorld } from './support/fault-world.js';
import { newRequestId, tryOnce } from './support/persistent-request.js';
import { scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(400_000);

/** T11 and A13: more is wanted at once than there are connections. */
describe('few connections', () => {
  let world: FaultWorld;
  afterEach(() => world.close());

  it('are enough for everybody who waits a little, where the setting says how few they are', async () => {
    world = await FaultWorld.open({
      apis: 1,
      user: 'few',
      prepare: roleWith(20),
      env: { ROLLCALL_DATABASE_CONNECTIONS: '8' },
    });
    await world.subscribe();
    await world.load.start();
    for (let round = 0; round < scaled(2, 1); round++) {
      const answers = await world.hurt('60 requests at once', () => atOnce(60));
      expect(answers).toEqual({ 200: 60 });
    }
    await world.load.works(20);
    expectSound(await world.judge('few connections, and a setting that says so'));
  });

  it('refuse with 503, never with 500, where nobody said how few they are', async () => {
    world = await FaultWorld.open({ apis: 1, user: 'few', prepare: roleWith(22) });
    await world.subscribe();
    await world.load.start();
    const taken = await Promise.all(Array.from({ length: 15 }, takeOne));
    for (let round = 0; round < scaled(2, 1); round++) {
      const answers = await world.hurt('60 requests at once', () => atOnce(60));
      expect(Object.keys(answers).filter((status) => status !== '200' && status !== '503')).toEqual([]);
    }
    await Promise.all(taken.map((client) => client?.end()));
    await world.load.works(20);
    expectSound(await world.judge('too few connections'));
  });

  it('are all held by transactions that wait for a lock, and come back', async () => {
    world = await FaultWorld.open({ apis: 1 });
    await world.subscribe();
    await world.load.start();
    const holder = new pg.Client({ connectionString: world.postgres.url(DATABASE) });
    holder.on('error', () => undefined);
    await holder.connect();
    try {
      await world.hurt('table locked', () =>
        holder.query('begin; lock table identities in access exclusive mode'),
      );
      const answers = await atOnce(60);
      expect(Object.keys(answers).filter((status) => !['409', '503'].includes(status))).toEqual([]);
    } finally {
      await holder.end();
    }
    await world.load.works(20);
    expectSound(await world.judge('a pool that is exhausted'));
  });

  async function atOnce(count: number): Promise<Record<string, number>> {
    const [target] = world.targets;
    if (!target) throw new Error('No API process is up');
    const create = () => {
      const body = { identifier_key: randomUUID(), name: 'Ada', identity_type: 'user' };
      return tryOnce(target, { id: newRequestId(), method: 'POST', path: '/v1/identities/', body });
    };
    const counts: Record<string, number> = {};
    for (const { status } of await Promise.all(Array.from({ length: count }, create)))
      counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  /** One of the role's connections, when there is one left. */
  async function takeOne(): Promise<pg.Client | undefined> {
    const client = new pg.Client({
      connectionString: world.postgres.url(DATABASE).replace('//postgres@', '//few@'),
    });
    client.on('error', () => undefined);
    return client.connect().then(
      () => client,
      () => undefined,
    );
  }
});

const roleWith = (limit: number) => (postgres: FaultWorld['postgres']) =>
  postgres.sql(`create role few login connection limit ${limit}; alter database ${DATABASE} owner to few`);
