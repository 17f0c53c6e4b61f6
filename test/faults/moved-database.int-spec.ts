import path from 'node:path';
import { afterAll, beforeAll, it, jest } from '@jest/globals';
import { describeWithPrograms } from '../support/databases.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { DATABASE, FaultWorld } from './support/fault-world.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(400_000);

/** T19: dumped, restored on another server whose transaction ids begin anew, and gone on with. */
describeWithPrograms('a database that is restored elsewhere', ['pg_dump', 'pg_restore'], () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open();
    await world.subscribe();
    await world.load.start();
  });
  afterAll(() => world.close());

  it('goes on where it was, for processes and subscribers that never stopped', async () => {
    await world.import(500);
    await world.load.works(60);
    await world.load.stop(); // What is written after the dump is lost by nature.
    await world.hurt('dump and restore', async () => {
      const next = await OwnPostgres.start();
      await next.sql(`create database ${DATABASE}`);
      const dump = path.join(next.folder, 'dump');
      await world.postgres.program('pg_dump', ['-Fc', '-f', dump, world.postgres.url(DATABASE)]);
      await next.program('pg_restore', ['--exit-on-error', '-d', next.url(DATABASE), dump]);
      await world.moveTo(next);
    });
    await world.load.start();
    await Promise.all([world.load.works(100), world.jobs.add(10), world.import(500)]);
  });

  it('has missed and repeated nothing', async () => expectSound(await world.judge('dump and restore')));
});
