import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import { eventually } from '../e2e/support/service-process.js';
import { DATABASE, FaultWorld } from './support/fault-world.js';
import { isFull, scaled } from './support/scale.js';
import { SupervisedSubscriber } from './support/supervised.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(400_000);

/** T15: a process sleeps through its takeover (a paused machine), wakes up, and believes that it still leads. */
describe('a subscriber that wakes up after another took over', () => {
  let world: FaultWorld;
  let other: SupervisedSubscriber;
  beforeAll(async () => {
    world = await FaultWorld.open({ apis: 1 });
    await world.subscribe();
    await world.load.start();
    const env = { DATABASE_URL: world.postgres.url(DATABASE, world.proxy.port), SUBSCRIPTION: 'of-the-test' };
    other = new SupervisedSubscriber(env, (end) => void world.unwantedEnds.push(end));
  });
  afterAll(async () => {
    await other.kill();
    await world.close();
  });

  it('finds the checkpoint moved, and handles nothing again', async () => {
    for (let round = 0; round < scaled(2, 1); round++) {
      await world.subscriber.handling();
      await world.hurt('subscriber paused', () => world.subscriber.signal('SIGSTOP'));
      if (round > 0 || !isFull) await endIdleTransactions(); // The server does so by itself after 30 s.
      other.start();
      const seen = await handled();
      await eventually(handled, (now) => now > seen + 20, 90_000);
      await world.hurt('subscriber woken', () => world.subscriber.signal('SIGCONT'));
      await world.load.works(30);
      await other.kill();
    }
  });

  it('leaves every event handled once', async () => expectSound(await world.judge('stale leaders')));

  const handled = async (): Promise<number> => {
    const [row] = await world.sql<{ n: number }>('select count(*)::int as n from handled');
    return row?.n ?? 0;
  };

  const endIdleTransactions = () =>
    world.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'
          and state_change < clock_timestamp() - interval '200 ms'`,
    );
});
