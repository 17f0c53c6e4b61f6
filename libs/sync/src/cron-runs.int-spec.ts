import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../test/support/sync-world.js';

const HOUR = 3_600_000;

describe('a connection with a cron expression', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let id: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url, { startAt: new Date('2026-11-24T12:00:00Z') });
    const connection = await world.connect();
    id = connection.id;
    await patch({ cron: '0 3 * * *', time_zone: 'Europe/Berlin' });
  });

  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  const patch = (changes: Record<string, unknown>) =>
    world.sync.connections.patch(id, { check: true, ...changes }, 'all');
  const pass = (hours: number) => world.hubspot.account.clock.advance(hours * HOUR);
  const runs = () => world.sync.runs.list(id, { limit: 50 }, 'all');
  const connection = () => world.sync.connections.get(id, 'all');
  const finishAll = async () => {
    for (const run of await runs()) await world.finish(run.id);
  };

  it('knows when its next run is', async () => {
    expect(await connection()).toMatchObject({
      everySeconds: null,
      nextRunAt: new Date('2026-11-25T02:00:00Z'),
    });
  });

  it('starts nothing before its time', async () => {
    pass(13);
    await world.sync.sweeps.startDueRuns();
    expect(await runs()).toEqual([]);
  });

  it('starts each stream at its time, once, whoever looks first', async () => {
    pass(14);
    await Promise.all([world.sync.sweeps.startDueRuns(), world.restarted().sweeps.startDueRuns()]);
    await world.sync.sweeps.startDueRuns();
    const started = await runs();
    expect(started.map(({ stream, trigger }) => [stream, trigger]).sort()).toEqual([
      ['companies', 'schedule'],
      ['contacts', 'schedule'],
    ]);
    expect((await connection()).nextRunAt).toEqual(new Date('2026-11-26T02:00:00Z'));
  });

  it('makes up for times that were missed, once and not each, also after a restart', async () => {
    pass(24 * 5);
    await world.restarted().sweeps.startDueRuns();
    await finishAll();
    await world.restarted().sweeps.startDueRuns();
    expect(await runs()).toHaveLength(2);
    expect((await connection()).nextRunAt).toEqual(new Date('2026-11-30T02:00:00Z'));
  });

  it('makes up after a pause', async () => {
    await world.sync.connections.pause(id, 'all');
    pass(24 * 2);
    await world.sync.sweeps.startDueRuns();
    expect(await runs()).toEqual([]);
    await world.sync.connections.resume(id, 'all');
    await world.sync.sweeps.startDueRuns();
    expect(await runs()).toHaveLength(2);
  });

  it('runs again the next day', async () => {
    pass(14);
    await world.sync.sweeps.startDueRuns();
    await finishAll();
    pass(24);
    await world.sync.sweeps.startDueRuns();
    expect(await runs()).toHaveLength(4);
  });

  it('gives the expression up for an interval, and the other way round', async () => {
    expect(await patch({ every_seconds: 900 })).toMatchObject({
      everySeconds: 900,
      cron: null,
      nextRunAt: null,
    });
    expect(await patch({ cron: '*/5 * * * *' })).toMatchObject({
      everySeconds: null,
      cron: '*/5 * * * *',
      nextRunAt: new Date('2026-11-24T12:05:00Z'),
    });
  });
});
