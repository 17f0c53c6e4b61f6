import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { PostgresEventStore, type RecordedEvent, Subscription, subscriptionLags } from '#event-sourcing';
import { anAppend, anEvent } from '#event-sourcing/testing';
import { createPool, inTransaction, type Pool, uuidv4 } from '#platform';
import { eventually, freshAdminKey, freshSecretKey, ServiceProcess } from '../e2e/support/service-process.js';
import { createTestDatabase, describeEachDatabase, type TestDatabase } from '../support/databases.js';

jest.setTimeout(120_000); // Minutes where the machine is busy, seconds otherwise.

/** T5 of docs/event-store.md: an append that idles in its transaction shows as lag, says whose it is, and is ended. */
describeEachDatabase('a transaction that idles after an append', (database) => {
  let pool: Pool;
  let store: PostgresEventStore;
  let holder: pg.Client;
  let subscription: Subscription;
  let handled: string[];
  const name = `held-${uuidv4()}`;

  beforeAll(() => {
    pool = createPool({ url: database.url });
    store = new PostgresEventStore(pool);
  });
  beforeEach(async () => {
    handled = [];
    subscription = subscribe();
    subscription.start();
    await append(2);
    await caughtUp();
    holder = new pg.Client({ connectionString: database.url, application_name: 'rollcall-forgetful' });
    holder.on('error', () => {}); // The server ends it, which is the point.
    await holder.connect();
  });
  afterEach(async () => {
    await subscription.stop();
    await holder.end().catch(() => {});
  });
  afterAll(() => pool.end());

  const subscribe = () =>
    new Subscription({
      name,
      pool,
      store,
      pollEveryMs: 20,
      handle: async (events: readonly RecordedEvent[]) => void handled.push(...events.map(({ id }) => id)),
    });

  async function append(count: number, on: pg.Client | Pool = pool): Promise<string[]> {
    const events = Array.from({ length: count }, () => anEvent());
    const writer = on === pool ? store : store.within(on as unknown as pg.PoolClient);
    await writer.append([anAppend({ events })]);
    return events.map(({ id }) => id);
  }

  const lags = async () => {
    const { subscriptions, holder: found } = await subscriptionLags(pool);
    return { lag: subscriptions.get(name), holder: found };
  };
  const caughtUp = () => eventually(lags, ({ lag }) => lag?.behind === 0);
  const hold = async (limit = '0') => {
    await holder.query(`begin; set local idle_in_transaction_session_timeout = '${limit}'`);
    await append(1, holder);
  };

  it('shows as lag of every subscription, with its age and its owner', async () => {
    await hold();
    const { lag, holder: found } = await eventually(lags, (all) => (all.lag?.oldestSeconds ?? 0) > 0.5);
    expect(lag?.behind).toBeGreaterThanOrEqual(1);
    expect(found).toMatchObject({ application: 'rollcall-forgetful', state: 'idle in transaction' });
    expect(found?.openSeconds).toBeGreaterThan(0.5);
    const { rows } = await holder.query('select pg_backend_pid() as pid');
    expect(found?.pid).toBe(rows[0].pid);
    await holder.query('rollback');
  });

  it('shows what others committed meanwhile as lag, too', async () => {
    await hold();
    const kept = await append(3);
    const { lag } = await eventually(lags, (all) => (all.lag?.oldestSeconds ?? 0) > 0.5);
    expect(lag?.behind).toBeGreaterThanOrEqual(4);
    expect(handled).not.toEqual(expect.arrayContaining(kept));
    await holder.query('commit');
    await caughtUp();
    expect(handled).toEqual(expect.arrayContaining(kept));
  });

  it('is ended by the limit for idle transactions, and nothing that was committed is missed', async () => {
    await hold('1500ms');
    const kept = await append(3);
    await eventually(lags, ({ holder: found }) => found !== null);
    await eventually(lags, ({ holder: found }) => found === null);
    await caughtUp();
    expect(handled.slice(2)).toEqual(kept);
  });

  it('would be ended on any connection of ours', async () => {
    const { rows } = await pool.query(
      `select setting::int as ms from pg_settings where name = 'idle_in_transaction_session_timeout'`,
    );
    expect(rows[0].ms).toBeGreaterThan(0);
    expect(rows[0].ms).toBeLessThanOrEqual(60_000);
  });

  it('is no lag when it only reads, or takes other locks', async () => {
    await holder.query('begin; select 1; select pg_advisory_xact_lock_shared(7)');
    expect((await lags()).holder).toBeNull();
  });

  describe('seen from outside', () => {
    let service: ServiceProcess;
    beforeAll(async () => {
      const env = {
        DATABASE_URL: database.url,
        ROLLCALL_SECRET_KEY: freshSecretKey(),
        ROLLCALL_ADMIN_KEY: freshAdminKey(),
      };
      service = await ServiceProcess.start({ env, args: ['--only', 'api'] });
    });
    afterAll(() => service?.kill());

    const readiness = async () => {
      const response = await fetch(`${service.url}/health/ready`);
      // biome-ignore lint/suspicious/noExplicitAny: looked into by assertions.
      return { status: response.status, body: (await response.json()) as any };
    };

    it('is told by readiness, which stays as it is', async () => {
      expect((await readiness()).body).toMatchObject({ watermark: null });
      await hold();
      const { status, body } = await eventually(readiness, (answer) => answer.body.watermark !== null);
      expect(status).toBe(200);
      expect(body.watermark).toEqual({
        held_seconds: expect.any(Number),
        application: 'rollcall-forgetful',
        state: 'idle in transaction',
      });
      expect(body.subscriptions[name].oldest_seconds).toBeGreaterThanOrEqual(1);
    });

    it('does not tell everybody what another program calls itself', async () => {
      await holder.query(`set application_name = 'DBeaver of ada@example.org'`);
      await hold();
      const { body } = await eventually(readiness, (answer) => answer.body.watermark !== null);
      expect(body.watermark.application).toBe('another program');
      expect(JSON.stringify(body)).not.toContain('ada');
      expect(service.log).toContain('holds subscriptions back');
    });
  });
});

describe('a role that may not look at the connections of others', () => {
  let database: TestDatabase;
  let owner: Pool;
  let guest: Pool;
  const role = `guest_${uuidv4().slice(0, 8)}`;

  beforeAll(async () => {
    database = await createTestDatabase('embedded');
    owner = createPool({ url: database.url, max: 2 });
    await owner.query(`create role ${role} login password 'guest'`);
    await owner.query(`grant usage on schema es to ${role}; grant select on all tables in schema es to ${role};
      grant select on es.global_position to ${role}`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'guest';
    guest = createPool({ url: url.href, max: 1 });
  });
  afterAll(async () => {
    await guest?.end();
    await owner?.query(`drop owned by ${role}; drop role ${role}`);
    await owner?.end();
    await database?.drop();
  });

  it('sees that the watermark is held and what is behind it, and says that it cannot tell how long', async () => {
    const store = new PostgresEventStore(owner);
    await owner.query(`insert into es.checkpoints (subscription, position) values ('s', es.safe_position())`);
    await inTransaction(owner, async (client) => {
      await store.within(client).append([anAppend({ events: [anEvent()] })]);
      const hidden = await subscriptionLags(guest);
      expect(hidden.holder).toMatchObject({ pid: expect.any(Number), state: null, openSeconds: null });
      expect(hidden.subscriptions.get('s')).toMatchObject({ behind: 1, oldestSeconds: null });
      await store.append([anAppend({ events: [anEvent()] })]);
      const seen = (await subscriptionLags(guest)).subscriptions.get('s');
      expect(seen?.behind).toBe(2);
      expect(seen?.oldestSeconds).toBeGreaterThanOrEqual(0);
    });
  });
});
