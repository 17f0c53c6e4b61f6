import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool, inTransaction, type Pool, type PoolClient } from '#platform';
import { describeEachDatabase } from '../../../test/support/databases.js';
import type { RecordedEvent } from './event.js';
import { PostgresEventStore } from './postgres/postgres-event-store.js';
import { subscriptionLags } from './postgres/subscription-lags.js';
import { Subscription, type SubscriptionOptions } from './subscription.js';
import { anAppend, anEvent } from './testing/builders.js';

describeEachDatabase('a subscription', (database) => {
  let pool: Pool;
  let store: PostgresEventStore;
  let name: string;
  const started: Subscription[] = [];
  beforeAll(async () => {
    pool = createPool({ url: database.url });
    store = new PostgresEventStore(pool);
    // No unique key: an event that is handled twice must show.
    await pool.query('create table handled (subscription text, event_id uuid, position bigint)');
  });
  beforeEach(async () => {
    name = `s-${Math.random()}`;
    await pool.query('insert into es.checkpoints select $1, last_value from es.global_position', [name]);
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((subscription) => subscription.stop()));
  });
  afterAll(() => pool.end());

  it('hands over every event once, in order, a page at a time', async () => {
    const ids = await append(7);
    subscribe({ batchSize: 3 });
    await until(async () => (await handled()).length === 7);
    expect(await handled()).toEqual(ids);
  });

  it('follows the log', async () => {
    subscribe();
    const ids = await append(2);
    await until(async () => (await handled()).length === 2);
    ids.push(...(await append(1)));
    await until(async () => (await handled()).length === 3);
    expect(await handled()).toEqual(ids);
  });

  it('hears of news at once when it is nudged', async () => {
    const subscription = subscribe({ pollEveryMs: 1_000_000 });
    await untilCaughtUp();
    await append(1);
    subscription.nudge();
    await until(async () => (await handled()).length === 1);
  });

  it.each([
    ['beginning', 1],
    ['end', 0],
  ] as const)('begins at the %s when it is new', async (startAt, expected) => {
    const [first] = (await store.readAll(0, 1)).events.map(({ id }) => id);
    await append(1);
    name = `new-${startAt}`;
    subscribe({ startAt });
    await untilCaughtUp();
    expect((await handled()).filter((id) => id === first)).toHaveLength(expected);
  });

  it('passes positions that nobody used', async () => {
    await pool.query(`select nextval('es.global_position')`);
    subscribe();
    await untilCaughtUp();
    expect(await handled()).toEqual([]);
  });

  it('keeps nothing of a try that failed', async () => {
    const ids = await append(3);
    let failures = 0;
    subscribe({
      handle: async (events, client) => {
        await keep(events, client);
        if (failures++ < 2) throw new Error('not now');
      },
    });
    await until(async () => (await handled()).length === 3);
    expect(await handled()).toEqual(ids);
  });

  it('has one effect where two run', async () => {
    subscribe({ batchSize: 2 });
    subscribe({ batchSize: 3 });
    const ids: string[] = [];
    for (let n = 0; n < 10; n++) ids.push(...(await append(4)));
    await untilCaughtUp();
    expect(await handled()).toEqual(ids);
  });

  it('rolls back a runner that slept while another took over', async () => {
    const ids = await append(2);
    let wakeUp = () => {};
    const asleep = new Promise<void>((resolve) => {
      wakeUp = resolve;
    });
    let hasRead = false;
    const late = subscribe({
      store: {
        readAll: async (after, limit) => {
          const page = await store.readAll(after, limit);
          hasRead = true;
          await asleep;
          return page;
        },
      },
    });
    await until(async () => hasRead);
    subscribe();
    await untilCaughtUp();
    wakeUp();
    await late.stop();
    expect(await handled()).toEqual(ids);
  });

  describe('with an event that cannot be handled', () => {
    it('handles what comes before it, waits visibly, and goes on when it can', async () => {
      const before = await append(3);
      const [poison = ''] = await append(1);
      const after = await append(2);
      let cured = false;
      const subscription = subscribe({
        handle: async (events, client) => {
          if (!cured && events.some(({ id }) => id === poison)) throw new Error('cannot be handled');
          await keep(events, client);
        },
      });
      await until(async () => subscription.status.state === 'stuck');
      expect(subscription.status).toMatchObject({
        error: { message: 'cannot be handled' },
        event: { id: poison, type: 'SomethingHappened' },
      });
      expect(await handled()).toEqual(before);
      expect((await lag())?.behind).toBeGreaterThanOrEqual(3);
      expect((await lag())?.oldestSeconds).toBeGreaterThan(0);
      cured = true;
      await untilCaughtUp();
      expect(await handled()).toEqual([...before, poison, ...after]);
      expect(subscription.status).toEqual({ state: 'running' });
    });
  });

  it('finishes its page before it stops, and nothing after it', async () => {
    await append(2);
    let finish = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let begun = false;
    const subscription = subscribe({
      batchSize: 1,
      handle: async (events, client) => {
        begun = true;
        await held;
        await keep(events, client);
      },
    });
    await until(async () => begun);
    const stopped = subscription.stop();
    finish();
    await stopped;
    expect(await handled()).toHaveLength(1);
    expect(subscription.status).toEqual({ state: 'stopped' });
  });

  it('waits for an append that is still open', async () => {
    subscribe();
    const ids = await inTransaction(pool, async (client) => {
      const { events } = anAppend();
      await store.within(client).append([anAppend({ events })]);
      const later = await append(1);
      expect(await handled()).toEqual([]);
      return [...events.map(({ id }) => id), ...later];
    });
    await until(async () => (await handled()).length === 2);
    expect(await handled()).toEqual(ids);
  });

  function subscribe(options: Partial<SubscriptionOptions> = {}): Subscription {
    const subscription = new Subscription({
      name,
      pool,
      store,
      handle: keep,
      pollEveryMs: 5,
      retry: { firstDelayMs: 1, longestDelayMs: 5, stuckAfter: 3 },
      ...options,
    });
    started.push(subscription);
    subscription.start();
    return subscription;
  }

  async function keep(events: readonly RecordedEvent[], client: PoolClient): Promise<void> {
    for (const { id, globalPosition } of events) {
      await client.query('insert into handled values ($1, $2, $3)', [name, id, globalPosition]);
    }
  }

  /** In the order of handling. */
  const handled = async (): Promise<string[]> => {
    const { rows } = await pool.query('select event_id from handled where subscription = $1 order by ctid', [
      name,
    ]);
    return rows.map(({ event_id }) => event_id);
  };

  async function append(count: number): Promise<string[]> {
    const events = Array.from({ length: count }, () => anEvent());
    await store.append([anAppend({ events })]);
    return events.map(({ id }) => id);
  }

  const lag = async () => (await subscriptionLags(pool)).subscriptions.get(name);
  const untilCaughtUp = () => until(async () => (await lag())?.behind === 0);
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
