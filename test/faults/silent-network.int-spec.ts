import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { databaseLimits } from '#platform';
import { eventually } from '../e2e/support/service-process.js';
import { describeLong } from '../support/long.js';
import { FaultWorld } from './support/fault-world.js';
import { newRequestId, type PersistentRequest, tryOnce } from './support/persistent-request.js';
import { scaled } from './support/scale.js';
import { ANSWERED_WITHIN_MS, expectSound } from './support/verdict.js';

jest.setTimeout(400_000);

type Change = (world: FaultWorld) => unknown;

/** Half a minute each: the longest limit passes. */
const silences: [fault: string, harm: Change, heal: Change][] = [
  ['a black hole', ({ proxy }) => proxy.blackhole(), ({ proxy }) => proxy.heal()],
  ['answers that are lost', ({ proxy }) => proxy.loseAnswers(), ({ proxy }) => proxy.heal()],
  ['a server that stands still', ({ postgres }) => postgres.pause(), ({ postgres }) => postgres.resume()],
];
const TOLD = 'altogether is told to everybody within the limits, and by readiness: %s';

/** A network that swallows packets, and a server that stands still, say nothing at all: only our own limits end a wait. */
describe('a database that falls silent', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open();
    await world.subscribe();
    await world.load.start();
  });
  afterAll(() => world.close());

  it('on one connection keeps nobody else waiting', async () => {
    const rounds = scaled(2, 1);
    for (let round = 0; round < rounds; round++) {
      await world.hurt('silent connection', () => world.proxy.silenceOne());
      await world.load.works(40);
    }
    // Who was on it waits for a limit of ours; how many they are is what the row is about.
    const slow = world.load.operations.filter(({ longestMs }) => longestMs > databaseLimits.connect);
    expect(slow.length).toBeLessThanOrEqual(2 * rounds);
    expect(await world.readiness()).toEqual([200, 200]);
  });

  it.each(silences.slice(0, 1))(TOLD, isTold);

  describeLong('a database that falls silent in other ways', () => {
    it.each(silences.slice(1))(TOLD, isTold);
  });

  it('has lost, doubled and hung nothing in the end', async () => expectSound(await world.judge('silence')));

  async function isTold(fault: string, harm: Change, heal: Change) {
    await world.hurt(fault, () => harm(world));
    const answers = await Promise.all(requests().map((request) => tryOnce(target(), request)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(ANSWERED_WITHIN_MS);
    expect(await world.readiness()).toEqual([503, 503]);
    await heal(world);
    await world.load.works(40);
    await eventually(
      () => world.readiness(),
      (all) => all.every((status) => status === 200),
      60_000,
    );
  }

  function target() {
    const [first] = world.targets;
    if (!first) throw new Error('No API process is up');
    return first;
  }
});

/** One of each kind: by our pool, by Prisma's, and by one that nobody's key was looked up for. */
const requests = (): PersistentRequest[] => {
  const body = { identifier_key: randomUUID(), name: 'Ada', identity_type: 'user' };
  return [
    { id: newRequestId(), method: 'POST', path: '/v1/identities/', body },
    { id: newRequestId(), method: 'PUT', path: '/v1/identities/', body },
    { id: newRequestId(), method: 'GET', path: '/v1/identities/' },
    { id: newRequestId(), method: 'GET', path: '/v1/identities/count' },
    { id: newRequestId(), method: 'GET', path: '/v1/imports' },
    { id: newRequestId(), method: 'GET', path: '/v1/dead-letters' },
    { id: newRequestId(), method: 'GET', path: '/v1/connections' },
    {
      id: newRequestId(),
      method: 'GET',
      path: '/v1/identities/',
      headers: { authorization: `Bearer ${randomUUID()}` },
    },
  ];
};
