import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import { FaultWorld } from './support/fault-world.js';
import { isFull, lasting, scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(400_000);

/** A1: the server ends sessions one by one, in the middle of transactions, as failovers, limits and operators do. */
describe('sessions that the database ends', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open();
    await world.subscribe();
    await world.load.start();
  });
  afterAll(() => world.close());

  it('are replaced, while a large file is imported and everybody works', async () => {
    let done = false;
    const work = Promise.all([
      world.import(scaled(10_000, 3_000)),
      world.jobs.add(scaled(30, 15)),
      world.load.works(scaled(100, 40), 180_000),
    ]).finally(() => {
      done = true;
    });
    while (!done) {
      await world.hurt('sessions ended', endSessions);
      await lasting(700);
    }
    await work;
    for (let more = 0; isFull && more < 6; more++) {
      await world.hurt('sessions ended', endSessions); // While the chunks are worked off.
      await lasting(700);
    }
  });

  it('take nothing with them', async () => expectSound(await world.judge('sessions that are ended')));

  /** All that are inside a transaction, and some of the others. */
  const endSessions = () =>
    world.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
          and (state like 'idle in transaction%' or xact_start is not null or random() < 0.3)`,
    );
});
