import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../e2e/support/service-process.js';
import { DATABASE, FaultWorld } from './support/fault-world.js';
import { untilKnown } from './support/persistent-request.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(400_000);

/** A2: there is no room left. What was acknowledged stays, everybody is told to come back, and so it is when there is room. */
describe('a full disk', () => {
  let world: FaultWorld;
  let disk: string | undefined;
  afterEach(async () => {
    await world.close();
    if (disk) unmount(disk);
    disk = undefined;
  });

  it('as PostgreSQL reports it (53100, raised by a trigger): refused with 503, and said by readiness', async () => {
    world = await FaultWorld.open({ apis: 1 });
    await world.subscribe();
    await world.load.start();
    await world.sql(`
      create function full_disk() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
      create trigger full_disk before insert on es.events for each statement execute function full_disk()`);
    await world.hurt('disk said to be full', refusesWrites);
    await world.sql('drop trigger full_disk on es.events');
    await worksAgain();
    expectSound(await world.judge('a disk that is said to be full'));
  });

  const small = smallDisk();
  (small ? it : it.skip)('of 40 MB, really full: refused with 503, and said by readiness', async () => {
    disk = small?.();
    world = await FaultWorld.open({
      apis: 1,
      prepare: (postgres) =>
        postgres
          .sql(`create tablespace small location '${disk}'`)
          .then(() => postgres.sql(`alter database ${DATABASE} set tablespace small`)),
    });
    await world.subscribe();
    await world.load.start();
    const ballast = path.join(path.dirname(disk ?? ''), 'ballast');
    await world.hurt('disk full', async () => {
      fill(ballast);
      await refusesWrites();
    });
    rmSync(ballast);
    await worksAgain();
    expectSound(await world.judge('a disk that is full'));
  });

  async function refusesWrites(): Promise<void> {
    await eventually(
      async () => world.load.answers.get(503) ?? 0,
      (times) => times > 5,
      60_000,
    );
    expect(world.load.answers.get(500)).toBeUndefined();
    await eventually(
      () => world.readiness(),
      ([status]) => status === 503,
      30_000,
    );
    const read = { id: 'a-read', method: 'GET', path: '/v1/identities/?limit=1' };
    expect((await untilKnown(() => world.targets, read)).tries[0]?.status).toBe(200);
  }

  async function worksAgain(): Promise<void> {
    await world.load.works(30);
    await eventually(
      () => world.readiness(),
      ([status]) => status === 200,
      30_000,
    );
  }
});

/** A file system of 40 MB, where this user may mount one. */
function smallDisk(): (() => string) | undefined {
  const mount = () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m,mode=0777', 'tmpfs', dir], { stdio: 'ignore' });
    const folder = mkdtempSync(path.join(dir, 'space-'));
    execFileSync('chown', ['postgres', folder], { stdio: 'ignore' });
    chmodSync(folder, 0o700);
    return folder;
  };
  try {
    unmount(mount());
    return mount;
  } catch {
    return undefined;
  }
}

/** Takes whatever room there is. */
function fill(file: string): void {
  const block = Buffer.alloc(4_096);
  try {
    for (;;) appendFileSync(file, block);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  }
}

function unmount(folder: string): void {
  const dir = path.dirname(folder);
  execFileSync('umount', [dir], { stdio: 'ignore' });
  rmSync(dir, { recursive: true, force: true });
}
