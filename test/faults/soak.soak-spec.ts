import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../e2e/support/service-process.js';
import { FaultWorld } from './support/fault-world.js';
import { between, lasting } from './support/scale.js';
import { expectSound } from './support/verdict.js';

const MINUTES = Number(process.env.ROLLCALL_TEST_SOAK);
jest.setTimeout((MINUTES + 10) * 60_000);

interface Reading {
  readonly memoryMb: number;
  readonly connections: number;
  /** Events that the subscriber has not handled. */
  readonly behind: number;
}

/** T24: faults of every kind, one after the other, for half an hour. What grows without end would have grown. */
describe(`${MINUTES} minutes of faults`, () => {
  let world: FaultWorld;
  const readings: Reading[] = [];
  beforeAll(async () => {
    world = await FaultWorld.open({ workers: 2 });
    await world.subscribe();
    await world.load.start();
  });
  afterAll(() => world.close());

  const chaos: Record<string, () => Promise<unknown>> = {
    'kill -9 of the postmaster': () => world.postgres.restart('kill -9'),
    'immediate stop': () => world.postgres.restart('immediate'),
    'fast restart': () => world.postgres.restart('fast'),
    'all connections cut': async () => world.proxy.cutOnce(),
    'silent connection': async () => world.proxy.silenceOne(),
    'cut before COMMIT': async () => world.proxy.cutAt(/\0commit\0/i, 'before', 3),
    'cut after COMMIT': async () => world.proxy.cutAt(/\0commit\0/i, 'after', 3),
    'black hole of 3 s': async () => {
      world.proxy.blackhole();
      await lasting(3_000);
      await world.proxy.heal();
    },
    'pause of 3 s': async () => {
      await world.postgres.pause();
      await lasting(3_000);
      await world.postgres.resume();
    },
    'slow network': async () => {
      world.proxy.latency(50);
      await lasting(3_000);
      world.proxy.latency(0);
    },
    'API killed': async () => world.apis[Math.floor(between(0, 2))]?.kill(),
    'worker killed': async () => world.workers[Math.floor(between(0, 2))]?.kill(),
    'subscriber killed': async () => {
      await world.subscriber.kill();
      world.subscriber.start();
    },
  };

  it('are survived, again and again', async () => {
    const end = Date.now() + MINUTES * 60_000;
    const kinds = Object.keys(chaos);
    for (let round = 0; Date.now() < end; round++) {
      const kind = kinds[round % kinds.length] ?? '';
      const work = [world.jobs.add(10), ...(round % 3 === 0 ? [world.import(500)] : [])];
      await lasting(between(100, 1_500));
      await world.hurt(kind, () => chaos[kind]?.());
      await Promise.all([...work, world.load.works(50, 120_000)]);
      if (round % kinds.length === kinds.length - 1) readings.push(await readWhenLevel());
    }
  });

  it('leave memory, lag and connections where they were', () => {
    process.stdout.write(`readings: ${JSON.stringify(readings)}\n`);
    const settled = readings.slice(Math.min(2, Math.floor(readings.length / 2))); // After every part was used once.
    const [early, late] = [
      settled.slice(0, Math.ceil(settled.length / 2)),
      settled.slice(Math.ceil(settled.length / 2)),
    ];
    for (const fact of ['memoryMb', 'connections', 'behind'] as const) {
      const before = median(early.map((reading) => reading[fact]));
      const after = median(late.map((reading) => reading[fact]));
      expect([fact, after <= before * 1.25 + SLACK[fact] || { before, after }]).toEqual([fact, true]);
    }
  });

  it('lose, double and hang nothing', async () =>
    expectSound(await world.judge(`${MINUTES} minutes of faults`)));

  /** A connection that fell silent may hold the watermark, and so the subscriber, until the server ends it after 30 s. */
  const readWhenLevel = () => eventually(read, ({ behind }) => behind < SLACK.behind, 90_000);

  async function read(): Promise<Reading> {
    const [row] = await world.sql<{ connections: number; behind: number }>(
      `select (select count(*)::int from pg_stat_activity where application_name like 'rollcall%') as connections,
              ((select count(*) from es.events) - (select count(*) from handled))::int as behind`,
    );
    const processes = [...world.apis, ...world.workers];
    return {
      memoryMb: Math.max(...processes.map(({ pid }) => memoryOf(pid))),
      connections: 0,
      behind: 0,
      ...row,
    };
  }
});

const SLACK = { memoryMb: 30, connections: 10, behind: 200 };

function memoryOf(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes ?? 0) / 1024;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
