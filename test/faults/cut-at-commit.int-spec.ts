import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../e2e/support/service-process.js';
import { FaultWorld } from './support/fault-world.js';
import { scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(400_000);

/** A transaction's COMMIT, or an append that is a transaction by itself. */
const COMMIT = /\0commit\0|Identity(Created|Modified|PropertiesUpserted|Deleted)/i;

/** T11: the connection breaks while it commits, so that nobody knows; the idempotency key finds out. */
describe('a connection that is cut while it commits', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open();
    await world.subscribe();
    await world.load.start();
  });
  afterAll(() => world.close());

  it.each(['before', 'after'] as const)(
    'is asked again under its key: cut %s the server has read it',
    async (when) => {
      for (let round = 0; round < scaled(5, 2); round++) {
        const work = [world.jobs.add(3), ...(round % 4 === 0 ? [world.import(200)] : [])];
        await world.hurt(`cut ${when} COMMIT`, () => world.proxy.cutAt(COMMIT, when));
        await eventually(
          async () => world.proxy.cutsLeft,
          (left) => left === 0,
          60_000,
        );
        await Promise.all([...work, world.load.works(10)]);
      }
    },
  );

  it('has lost, doubled and hung nothing in the end', async () => {
    const verdict = await world.judge('connections cut at COMMIT');
    expectSound(verdict);
    expect(world.load.operations.filter(({ tries }) => tries > 1).length).toBeGreaterThan(0);
  });
});
