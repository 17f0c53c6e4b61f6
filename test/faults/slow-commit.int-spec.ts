import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { PostgresEventStore } from '#event-sourcing';
import { anAppend } from '#event-sourcing/testing';
import { createPool, type Pool, uuidv4 } from '#platform';
import { DATABASE, FaultWorld } from './support/fault-world.js';
import { lasting, scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(240_000);

/** T3 and T4: transactions that draw a position early and commit late, among clients that do not wait for them. */
describe('appends that commit late', () => {
  let world: FaultWorld;
  let pool: Pool;
  let store: PostgresEventStore;
  beforeAll(async () => {
    world = await FaultWorld.open({ apis: 1 });
    await world.subscribe();
    await world.load.start();
    pool = createPool({ url: world.postgres.url(DATABASE) });
    store = new PostgresEventStore(pool);
  });
  afterAll(async () => {
    await pool.end();
    await world.close();
  });

  it('hold the subscriber back, and are seen before what was appended after them', async () => {
    const slow = await open();
    const [append] = await store.within(slow).append([anAppend()]);
    const late = append?.globalPosition ?? 0;
    await world.hurt('commit after 5 s', async () => {
      await world.load.works(20);
      await lasting(scaled(5_000, 1_500));
    });
    expect(await countOf('es.events where global_position > $1', late)).toBeGreaterThanOrEqual(20);
    expect(await countOf('handled join es.events using (event_id) where global_position > $1', late)).toBe(0);
    await slow.query('commit');
    await slow.end();
  });

  it('keep each stream in order when they wrote elsewhere first', async () => {
    const streamId = uuidv4();
    await pool.query('create table if not exists elsewhere (n int)');
    for (let version = 0; version < 6; version += 2) {
      const slow = await open();
      await slow.query('insert into elsewhere values (1)'); // From here on its transaction has an id.
      await world.hurt('write before the append', () =>
        store.append([anAppend({ streamId, expectedVersion: version })]),
      );
      await store.within(slow).append([anAppend({ streamId, expectedVersion: version + 1 })]);
      await slow.query('commit');
      await slow.end();
    }
  });

  it('lose and double nothing', async () => expectSound(await world.judge('commits that come late')));

  async function open(): Promise<pg.PoolClient & pg.Client> {
    const client = new pg.Client({ connectionString: world.postgres.url(DATABASE) });
    await client.connect();
    await client.query('begin');
    return client as pg.PoolClient & pg.Client;
  }

  const countOf = async (what: string, position: number): Promise<number> => {
    const [row] = await world.sql<{ n: number }>(`select count(*)::int as n from ${what}`, [position]);
    return row?.n ?? -1;
  };
});
