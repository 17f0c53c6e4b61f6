import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../test/support/sync-world.js';
import { nextRunAt } from './connections/schedule.js';

const HOUR = 3_600_000;
const DAILY = { everySeconds: null, cron: '0 3 * * *', timeZone: 'Europe/Berlin' };

describe('a connection with a cron expression', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let id: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    // The clock of the process is nobody's: schedules go by that of the database.
    world = await openSyncWorld(database.url, { startAt: new Date('2001-01-01T12:00:00Z') });
    id = (await world.connect()).id;
    await patch({ cron: DAILY.cron, time_zone: DAILY.timeZone });
  });

  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  const patch = (changes: Record<string, unknown>) =>
    world.sync.connections.patch(id, { check: true, ...changes }, 'all');
  /** As if the next time were that many hours from now; less than none: it has passed. */
  const lies = (hours: number) =>
    world.pool.query(`update connections set next_run_at = now() + make_interval(hours => $1)`, [hours]);
  /** Asked before and after, for the test that runs while three o'clock strikes. */
  const nextTimes = async () => {
    const { rows } = await world.pool.query<{ now: Date }>('select now()');
    return nextRunAt(DAILY, rows[0]?.now ?? new Date());
  };
  const expectRight = async () => {
    const before = await nextTimes();
    const { nextRunAt: stored } = await connection();
    expect([before, await nextTimes()]).toContainEqual(stored);
  };
  const runs = () => world.sync.runs.list(id, { limit: 50 }, 'all');
  const connection = () => world.sync.connections.get(id, 'all');
  const finishAll = async () => {
    for (const run of await runs()) await world.finish(run.id);
  };

  it('knows when its next run is', async () => {
    expect(await connection()).toMatchObject({ everySeconds: null, cron: DAILY.cron });
    await expectRight();
  });

  it('starts nothing before its time', async () => {
    await world.sync.housekeeping.startDueRuns();
    expect(await runs()).toEqual([]);
    await expectRight();
  });

  it('starts each stream at its time, once, whoever looks first', async () => {
    await lies(-1);
    await Promise.all([
      world.sync.housekeeping.startDueRuns(),
      world.restarted().housekeeping.startDueRuns(),
    ]);
    await world.sync.housekeeping.startDueRuns();
    const started = await runs();
    expect(started.map(({ stream, trigger }) => [stream, trigger]).sort()).toEqual([
      ['companies', 'schedule'],
      ['contacts', 'schedule'],
    ]);
    await expectRight();
  });

  it('makes up for times that were missed, once and not each, also after a restart', async () => {
    await lies(-24 * 5);
    await world.restarted().housekeeping.startDueRuns();
    await finishAll();
    await world.restarted().housekeeping.startDueRuns();
    expect(await runs()).toHaveLength(2);
    await expectRight();
  });

  it('makes up after a pause', async () => {
    await world.sync.connections.pause(id, 'all');
    await lies(-24 * 2);
    await world.sync.housekeeping.startDueRuns();
    expect(await runs()).toEqual([]);
    await world.sync.connections.resume(id, 'all');
    await world.sync.housekeeping.startDueRuns();
    expect(await runs()).toHaveLength(2);
  });

  it('runs again the next day', async () => {
    await lies(-1);
    await world.sync.housekeeping.startDueRuns();
    await finishAll();
    await lies(-1);
    await world.sync.housekeeping.startDueRuns();
    expect(await runs()).toHaveLength(4);
  });

  it.each([
    ['an hour beyond the next time, as a clock that was ahead leaves it', 25],
    ['a year ahead', 24 * 365],
  ])('is not silenced by a time that lies %s', async (_how, hours) => {
    await world.sync.housekeeping.startDueRuns();
    await lies(hours);
    await world.sync.housekeeping.startDueRuns();
    await expectRight();
    expect(await runs()).toEqual([]);
  });

  it('is not silenced by having no next time', async () => {
    await world.pool.query('update connections set next_run_at = null');
    await world.sync.housekeeping.startDueRuns();
    await expectRight();
  });

  it.each([-HOUR, HOUR, 24 * 365 * HOUR])(
    'is not moved by the clock of a worker that stands %s ms apart',
    async (step) => {
      world.hubspot.account.clock.advance(step);
      await world.sync.housekeeping.startDueRuns();
      await patch({ cron: '* * * * *' });
      await patch({ cron: DAILY.cron });
      expect(await runs()).toEqual([]);
      await expectRight();
    },
  );

  it('gives the expression up for an interval, and the other way round', async () => {
    expect(await patch({ every_seconds: 900 })).toMatchObject({
      everySeconds: 900,
      cron: null,
      nextRunAt: null,
    });
    expect(await patch({ cron: '*/5 * * * *' })).toMatchObject({
      everySeconds: null,
      cron: '*/5 * * * *',
      nextRunAt: expect.any(Date),
    });
  });
});
