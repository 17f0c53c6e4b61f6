import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { databaseLimits } from '../database/database-limits.js';
import type { ApiKey } from './api-key.js';
import { RecentKeys } from './recent-keys.js';

const HOUR = 3_600_000;
const HASH = Buffer.from('a hash');
const KEY = { id: 'k1' } as ApiKey;

describe('a key that was looked up', () => {
  let asked: { answer: (key: ApiKey | undefined) => void; fail: (error: Error) => void }[];
  let clock: { wall: number; steady: number; now: () => Date; monotonic: () => number };
  let keys: RecentKeys;

  beforeEach(() => {
    jest.useFakeTimers();
    asked = [];
    clock = { wall: 0, steady: 0, now: () => new Date(clock.wall), monotonic: () => clock.steady };
    keys = new RecentKeys(clock, () => new Promise((answer, fail) => void asked.push({ answer, fail })));
  });
  afterEach(() => void jest.useRealTimers());

  const get = async () => keys.get(HASH);
  const pass = (ms: number) => {
    clock.steady += ms;
    return jest.advanceTimersByTimeAsync(ms);
  };
  const known = async () => {
    const found = get();
    asked[0]?.answer(KEY);
    return found;
  };

  it('is believed for a second, and then asked for', async () => {
    await known();
    clock.steady = 999;
    expect(keys.get(HASH)).toBe(KEY);
    clock.steady = 1_000;
    const again = get();
    asked[1]?.answer(undefined);
    expect(await again).toBeUndefined();
  });

  it.each([
    ['an hour back', -HOUR],
    ['a second back', -1_000],
    ['to the year 1970', -Number.MAX_SAFE_INTEGER],
  ])('is no longer believed because the clock was set %s', async (_how, step) => {
    await known();
    clock.wall += step;
    clock.steady = 1_000;
    expect(keys.get(HASH)).toBeInstanceOf(Promise);
    expect(asked).toHaveLength(2);
  });

  it('is no less believed because the clock was set forward', async () => {
    await known();
    clock.wall += HOUR;
    expect(keys.get(HASH)).toBe(KEY);
  });

  it('costs one look-up however many ask for it at once', async () => {
    const all = [get(), get(), get()];
    asked[0]?.answer(KEY);
    expect(await Promise.all(all)).toEqual([KEY, KEY, KEY]);
    expect(asked).toHaveLength(1);
  });

  it('is unavailable when no answer comes in time, for each who waited', async () => {
    const all = [get(), get()].map((one) =>
      expect(one).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' }),
    );
    await pass(databaseLimits.keyLookUp);
    await Promise.all(all);
  });

  it('is asked for anew while an older question has no answer', async () => {
    const first = expect(get()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await pass(1_000);
    const second = get();
    asked[1]?.answer(KEY);
    expect(await second).toBe(KEY);
    await pass(databaseLimits.keyLookUp);
    await first;
  });

  it.each([
    ['after it was given up', databaseLimits.keyLookUp],
    ['while it still was waited for', 2_000],
  ])('is not believed by an answer that came late, %s', async (_when, ms) => {
    const first = get().catch(() => undefined);
    await pass(ms);
    asked[0]?.answer(KEY);
    await first;
    expect(keys.get(HASH)).toBeInstanceOf(Promise);
    expect(asked).toHaveLength(2);
  });

  it('is what the newer of two questions found', async () => {
    const first = get();
    await pass(1_000);
    const second = get();
    asked[1]?.answer(undefined);
    expect(await second).toBeUndefined();
    asked[0]?.answer(KEY);
    expect(await first).toBe(KEY);
    expect(keys.get(HASH)).toBeInstanceOf(Promise);
  });

  it('is asked for anew after a look-up that failed', async () => {
    const first = expect(get()).rejects.toThrow('cut');
    asked[0]?.fail(new Error('cut'));
    await first;
    const second = get();
    asked[1]?.answer(KEY);
    expect(await second).toBe(KEY);
  });
});
