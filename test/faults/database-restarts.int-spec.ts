import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FaultWorld } from './support/fault-world.js';
import { between, lasting, scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(400_000);

/** T2 and T11: the database goes away under load in each of the ways it can, and comes back. */
describe('a database that goes away under load', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open({ workers: 2 });
    await world.subscribe();
    await world.load.start();
  });
  afterAll(() => world.close());

  it.each<[string, (world: FaultWorld) => Promise<unknown>]>([
    ['kill -9 of the postmaster', ({ postgres }) => postgres.restart('kill -9')],
    ['an immediate stop', ({ postgres }) => postgres.restart('immediate')],
    ['a fast restart', ({ postgres }) => postgres.restart('fast')],
    [
      'three seconds without it',
      async ({ postgres }) => {
        await postgres.stop('fast');
        await lasting(3_000);
        await postgres.start();
      },
    ],
  ])('is missed for as long as it is away: %s', async (way, harm) => {
    for (let round = 0; round < scaled(2, 1); round++) {
      const work = [world.jobs.add(15), world.import(scaled(2_000, 1_000))];
      await lasting(between(100, 700));
      await world.hurt(way, () => harm(world));
      await Promise.all([...work, world.load.works(60)]);
      expect(await world.readiness()).toEqual([200, 200]);
    }
  });

  it('has lost, doubled and hung nothing in the end', async () =>
    expectSound(await world.judge('the database goes away')));
});
