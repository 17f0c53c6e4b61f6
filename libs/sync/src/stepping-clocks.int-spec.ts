import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fault } from '#connectors/testing';
import type { Queues } from '#queue';
import { createTestDatabase, type TestDatabase } from '../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../test/support/sync-world.js';
import { CronRuns } from './cron-runs.js';
import type { Connection } from './index.js';
import { SyncHousekeeping } from './sync.housekeeping.js';

const HOUR = 3_600_000;
const REFUSAL = { status: 'error', message: 'later', errorType: 'RATE_LIMIT' };
const refusal = (policyName: string, seconds: number): Fault => ({
  kind: 'status',
  status: 429,
  headers: { 'retry-after': String(seconds) },
  body: { ...REFUSAL, policyName },
});

/** The worker's clock and its vendor's stand apart from the database's, which says when what waits is due. */
describe.each([
  ['an hour ahead', HOUR],
  ['an hour behind', -HOUR],
  ['a year behind', -365 * 24 * HOUR],
])('a worker whose clock is %s', (_how, step) => {
  let database: TestDatabase;
  let world: SyncWorld;
  let connection: Connection;

  beforeEach(async () => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url, { startAt: new Date(Date.now() + step) });
    connection = await world.connect();
  });
  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  /** Seconds from now to the only moment that the question finds. */
  const secondsTo = async (column: string, table: string): Promise<number> => {
    const { rows } = await world.pool.query<{ seconds: number }>(
      `select extract(epoch from ${column} - now())::double precision as seconds from ${table}`,
    );
    return rows[0]?.seconds ?? Number.NaN;
  };
  const expectSoon = (seconds: number, wanted: number) => {
    expect(seconds).toBeGreaterThan(wanted - 30);
    expect(seconds).toBeLessThanOrEqual(wanted + 1);
  };

  it('puts a run off for as long as the vendor said', async () => {
    world.hubspot.account.faults.add(refusal('TEN_SECONDLY_ROLLING', 60));
    const run = await world.run(connection, 'full');
    expect(run).toMatchObject({ status: 'waiting' });
    expectSoon(await secondsTo('not_before', 'sync_runs'), 60);
    expectSoon(((await world.sync.pages.next(run.id))?.afterMs ?? 0) / 1_000, 60);
  });

  it('tries a run again after a failure in seconds', async () => {
    world.hubspot.account.faults.add({ kind: 'status', status: 503 });
    await world.run(connection, 'full');
    expectSoon(await secondsTo('not_before', 'sync_runs'), 1);
  });

  it('pauses a connection for as long as the vendor said', async () => {
    world.hubspot.account.faults.add(refusal('DAILY', 7_200));
    await world.run(connection, 'full');
    expectSoon(await secondsTo('paused_until', 'connections'), 7_200);
    const another = world.sync.runs.start(connection.id, { mode: 'full' }, 'all');
    await expect(another).rejects.toMatchObject({ code: 'CONNECTION_UNAVAILABLE' });
  });

  it('puts deliveries off for as long as the vendor said', async () => {
    await world.pool.query(
      `insert into webhook_deliveries (connection_id, id, dedup_key, stream, external_id, kind)
       values ($1, gen_random_uuid(), 'd1', 'contacts', '1', 'change')`,
      [connection.id],
    );
    world.hubspot.account.faults.add(refusal('TEN_SECONDLY_ROLLING', 60));
    expectSoon(((await world.sync.work.workOff(connection.id))?.afterMs ?? 0) / 1_000, 60);
    expectSoon(await secondsTo('due_at', 'webhook_deliveries'), 60);
  });
});

describe('a database whose clock was set back', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let connection: Connection;

  beforeEach(async () => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url);
    connection = await world.connect();
    await world.run(connection, 'full');
    await world.pool.query('update connections set every_seconds = 900');
  });
  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  const runsOf = async (mode: string) =>
    (await world.sync.runs.list(connection.id, { limit: 100 }, 'all')).filter((run) => run.mode === mode);

  it('starts the runs of an interval all the same', async () => {
    await world.pool.query(`update sync_runs set created_at = created_at + interval '1 hour'`);
    await world.sync.housekeeping.startDueRuns();
    expect((await runsOf('incremental')).map(({ stream }) => stream)).toContain('contacts');
  });

  it('starts none before their time when it was not', async () => {
    await world.sync.housekeeping.startDueRuns();
    expect((await runsOf('incremental')).map(({ stream }) => stream)).not.toContain('contacts');
  });

  it.each([
    ['an hour ahead, as before the step', `updated_at = now() + interval '1 hour'`, true],
    ['and alive again since', `updated_at = now() + interval '1 hour', alive_at = now()`, false],
    ['just now', 'updated_at = now()', false],
    ['a minute ago', `updated_at = now() - interval '1 minute'`, true],
  ])('brings back a run that was worked on %s: %#', async (_when, set, found) => {
    await world.sync.runs.start(connection.id, { mode: 'full', stream: 'contacts' }, 'all');
    await world.pool.query(`update sync_runs set ${set} where status = 'waiting'`);
    const added = await broughtBack();
    expect(added.length > 0).toBe(found);
  });

  it.each([
    ['that are due for a minute and have no job that comes', '70 seconds', [], 'forgotten'],
    ['of which others were worked off just now', '70 seconds', ['now()'], 'usual'],
    ['that are due for a moment', '20 seconds', [], 'usual'],
  ] as const)('brings back deliveries %s', async (_which, age, worked, name) => {
    await world.pool.query(
      `insert into webhook_deliveries (connection_id, id, dedup_key, stream, external_id, kind, received_at, due_at)
       values ($1, gen_random_uuid(), 'd1', 'contacts', '1', 'change', now() - $2::interval, now() - $2::interval)`,
      [connection.id, age],
    );
    for (const at of worked)
      await world.pool.query(
        `insert into sync_runs (id, connection_id, stream, mode, trigger, status, updated_at)
         values (gen_random_uuid(), $1, 'contacts', 'record', 'webhook', 'completed', ${at})`,
        [connection.id],
      );
    const added = await broughtBack();
    const suffix = name === 'forgotten' ? '-forgotten' : '';
    expect(added).toEqual([`records-${connection.id}${suffix}`]);
  });

  async function broughtBack(): Promise<string[]> {
    const names: string[] = [];
    const add = async (_job: unknown, _data: unknown, { coalesceBy = '' }: { coalesceBy?: string }) =>
      String(names.push(coalesceBy));
    const { pool, sync } = world;
    const cron = new CronRuns({ pool, runs: sync.runs });
    await new SyncHousekeeping({
      pool,
      queues: { add } as unknown as Queues,
      runs: sync.runs,
      cron,
    }).bringBack();
    return names;
  }
});
