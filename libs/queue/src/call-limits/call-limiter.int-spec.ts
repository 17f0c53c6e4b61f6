import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { describeEachBackend, until } from '../../../../test/support/queue-world.js';
import { type CallLimiter, type CallWindow, postgresBackend, redisBackend } from '../index.js';

const tight: CallWindow = { name: 'all', limit: 3, perMs: 60_000 };

describeEachBackend('call limiter', (world) => {
  let limiter: CallLimiter;
  let scope: string;
  beforeEach(() => {
    limiter = world().backend.calls;
    scope = randomUUID();
  });
  const take = (...windows: CallWindow[]) => limiter.take(scope, windows);
  const takeMany = async (count: number, ...windows: CallWindow[]) => {
    const taken = await Promise.all(Array.from({ length: count }, () => take(...windows)));
    return taken.filter(({ waitMs }) => waitMs === 0).length;
  };

  it('lets a window’s worth of calls pass, whoever asks, and says how long the next has to wait', async () => {
    expect(await takeMany(20, tight)).toBe(3);
    const { waitMs } = await take(tight);
    expect(waitMs).toBeGreaterThan(50_000);
    expect(waitMs).toBeLessThanOrEqual(60_001);
  });

  it('takes out of every window or out of none', async () => {
    const narrow = { name: 'narrow', limit: 1, perMs: 60_000 };
    expect(await takeMany(5, tight, narrow)).toBe(1);
    expect(await takeMany(5, tight)).toBe(2);
  });

  it('slides: never more than the limit in any stretch of the window’s length', async () => {
    const window = { name: 'quick', limit: 4, perMs: 120 };
    const passed: number[] = [];
    while (passed.length < 20) {
      const asked = performance.now();
      const { waitMs } = await take(window);
      if (waitMs === 0) passed.push(asked);
      else await sleep(waitMs);
    }
    for (let n = 4; n < passed.length; n += 1) {
      // Asked at, not taken at: the store may have taken the earlier one a little later.
      expect((passed[n] ?? 0) - (passed[n - 4] ?? 0)).toBeGreaterThan(100);
    }
  });

  it('keeps scopes apart', async () => {
    await takeMany(3, tight);
    expect(await limiter.take(`${scope}-other`, [tight])).toEqual({ waitMs: 0 });
  });

  it('lets nothing pass while the vendor wants rest, and a shorter block does not end a longer one', async () => {
    await limiter.block(scope, 60_000);
    await limiter.block(scope, 10);
    expect((await take(tight)).waitMs).toBeGreaterThan(50_000);
    expect((await take()).waitMs).toBeGreaterThan(50_000);
  });

  it('tells how many calls each window has left, and takes none by that', async () => {
    const wide = { name: 'wide', limit: 10, perMs: 60_000 };
    expect(await limiter.left(scope, [tight, wide])).toEqual([3, 10]);
    await takeMany(3, tight, wide);
    await takeMany(2, wide);
    expect(await limiter.left(scope, [tight, wide])).toEqual([0, 5]);
    expect(await limiter.left(scope, [wide])).toEqual([5]);
    expect(await limiter.left(scope, [])).toEqual([]);
  });

  it('has calls left again when the window has slid', async () => {
    const window = { name: 'quick', limit: 2, perMs: 120 };
    await takeMany(2, window);
    await until(async () => (await limiter.left(scope, [window]))[0] === 2);
  });

  it('lets calls without a window pass', async () => expect(await take()).toEqual({ waitMs: 0 }));
});

describe('call limiter without a store', () => {
  it.each(['redis', 'postgres'] as const)('says that %s is not there', async (kind) => {
    const backend =
      kind === 'redis'
        ? redisBackend('redis://127.0.0.1:1', { patienceMs: 100 })
        : postgresBackend('postgres://postgres@127.0.0.1:1/none');
    await expect(backend.calls.take('any', [tight])).rejects.toThrow();
    await expect(backend.calls.left('any', [tight])).rejects.toThrow();
    await expect(backend.calls.block('any', 1_000)).rejects.toThrow();
    await backend.close();
  });
});
