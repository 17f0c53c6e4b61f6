import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../e2e/support/service-process.js';
import { FaultWorld } from './support/fault-world.js';
import { between, lasting, scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(600_000);

/** T9: jobs that are added twice, lose their worker, stall and are run again, on the queue in PostgreSQL. */
describe('jobs that come more than once', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open({ apis: 1, workers: 2, load: { clients: 2 } });
    await world.subscribe();
    await world.load.start();
  });
  afterAll(() => world.close());

  it('have one effect when they are added three times', async () => {
    await world.hurt('jobs added three times', () => world.jobs.add(scaled(40, 15), 3));
  });

  it('have one effect when their worker is killed', async () => {
    for (let kill = 0; kill < scaled(4, 2); kill++) {
      const adding = world.jobs.add(40);
      await lasting(between(50, 600));
      await world.hurt('worker killed', () => world.workers[kill % 2]?.kill());
      await adding;
    }
    await eventually(
      async () => world.workers.every(({ pid }) => pid !== undefined),
      (up) => up,
      60_000,
    );
  });

  it('have one effect when their worker sleeps until they are another’s, and wakes up', async () => {
    const [first] = world.workers;
    const adding = world.jobs.add(200);
    await lasting(500);
    await world.hurt('worker paused', () => first?.signal('SIGSTOP'));
    await adding;
    await lasting(12_000); // A lock is 6 s long here, and they are looked for every 3 s.
    first?.signal('SIGCONT');
  });

  it('leave nothing undone, nothing doubled and no dead letter', async () => {
    expectSound(await world.judge('repeated jobs'));
    expect(await world.sql('select code, reason from dead_letters')).toEqual([]);
  });
});
