import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import { FaultWorld } from './support/fault-world.js';
import { scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(300_000);

/** T1: the subscriber of the test's own dies between what it writes and its commit, and API and worker die at any moment. */
describe('processes that are killed', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open({ workers: 2 });
    await world.subscribe();
    await world.load.start();
  });
  afterAll(() => world.close());

  it('lose no event of a projection, and do none twice', async () => {
    for (let kill = 0; kill < scaled(6, 2); kill++) {
      await world.subscriber.handling();
      await world.hurt('subscriber killed', () => world.subscriber.kill());
      await world.load.works(5);
      world.subscriber.start();
    }
  });

  it('lose nothing that API or worker had acknowledged', async () => {
    for (let kill = 0; kill < scaled(6, 2); kill++) {
      const part = kill % 2 === 0 ? world.apis : world.workers;
      const work = [world.import(300), world.jobs.add(5)];
      await world.hurt(kill % 2 === 0 ? 'API killed' : 'worker killed', () =>
        part[(kill >> 1) % part.length]?.kill(),
      );
      await Promise.all([...work, world.load.works(40)]);
    }
  });

  it('leave a projection that is what the log says', async () =>
    expectSound(await world.judge('killed processes')));
});
