import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../e2e/support/service-process.js';
import { describeLong } from '../support/long.js';
import {
  type Letter,
  PoisonedService,
  person,
  STALLED_AFTER_S,
  WITHIN_MS,
} from './support/poisoned-service.js';

jest.setTimeout(300_000);

/** Work that is suspected, and has nothing wrong with it but that it takes a while. */
describe('innocent suspects', () => {
  let folder: string;
  let service: PoisonedService;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'rollcall-marks-'));
    service = await PoisonedService.open(
      { Dawdling: 'dawdle' },
      { env: { POISON_MARKS: path.join(folder, 'marks') } },
    );
  });
  afterAll(async () => {
    await service.close();
    rmSync(folder, { recursive: true });
  });

  it('are not blamed for a worker that is killed again and again', async () => {
    const slow = person('Dawdling Ada');
    const others = Array.from({ length: 5 }, () => person('Grace'));
    const before = marks().length;
    for (const one of [slow, ...others]) await service.add('identity.upsert', one);
    for (let kill = 0; kill < 3; kill++) {
      await marked(before + kill + 1);
      service.worker.kill();
    }
    for (const { identifier_key } of [slow, ...others]) await service.comesIn(identifier_key);
    expect(await service.setAside()).toBe(0);
    expect(await service.letters()).toEqual([]);
  });

  it('are not ended by the watchdog of a worker that was only stopped', async () => {
    const { pid } = service.worker;
    service.worker.signal('SIGSTOP');
    // Longer than an event loop may be silent.
    await sleep(STALLED_AFTER_S * 1_500);
    service.worker.signal('SIGCONT');
    const one = person('Edsger');
    await service.add('identity.upsert', one);
    await service.comesIn(one.identifier_key);
    expect(service.worker.pid).toBe(pid);
  });

  it('are not blamed when their own process is killed from outside', () => areNotBlamed('SIGKILL'));

  describeLong('that are stopped', () => {
    it('are not blamed when their own process is stopped from outside', () => areNotBlamed('SIGSTOP'));
  });

  it('are not blamed when the database goes away in the middle', async () => {
    const slow = person('Dawdling Barbara');
    const before = marks().length;
    const letter = await tryAgainAlone(slow);
    await marked(before + 1);
    service.proxy.cut();
    await eventually(
      async () => service.worker.log,
      (log) => log.includes('DATABASE_UNAVAILABLE'),
      WITHIN_MS,
    );
    await service.proxy.heal();
    await service.comesIn(slow.identifier_key);
    expect((await service.letters()).find(({ id }) => id === letter.id)).toMatchObject({ status: 'retried' });
  });

  async function areNotBlamed(signal: NodeJS.Signals) {
    const slow = person('Dawdling Alan');
    let before = marks().length;
    const letter = await tryAgainAlone(slow);
    for (let time = 0; time < 3; time++) {
      const pid = Number((await marked(before + 1)).at(-1));
      expect(pid).not.toBe(service.worker.pid);
      before = marks().length;
      process.kill(pid, signal);
    }
    await service.comesIn(slow.identifier_key);
    const found = (await service.letters()).find(({ id }) => id === letter.id);
    expect(found).toMatchObject({ status: 'retried' });
  }

  /** A job that a person tries again after it was set aside is suspected from the start. */
  async function tryAgainAlone(data: object): Promise<Letter> {
    const id = await service.add('identity.unknown', data);
    const { id: letterId } = await service.letterOf(id);
    await service.sql(
      `update dead_letters set code = 'JOB_POISONED', job_name = 'identity.create' where id = $1`,
      [letterId],
    );
    await service.api.send('POST', `/v1/dead-letters/${letterId}/retry`);
    return service.letterOf(id, 'retried');
  }

  /** Each process that comes to a dawdling name says so. */
  function marks(): string[] {
    try {
      return readFileSync(path.join(folder, 'marks'), 'utf8').trim().split('\n');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  const marked = (count: number) =>
    eventually(
      async () => marks(),
      ({ length }) => length >= count,
      WITHIN_MS,
    );
});
