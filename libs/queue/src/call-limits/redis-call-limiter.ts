import type { Cluster, Redis } from 'ioredis';
import type { CallLimiter, CallWindow, TakenCall } from './call-limiter.js';

/** Lends a connection, and sees to it that the work with it ends in time. */
export type AskRedis = <T>(use: (client: Redis | Cluster) => Promise<T>) => Promise<T>;

/**
 * The times of the calls in each window, by the clock of Redis. The connection is asked for each time, so that it can
 * be made late. Keys share the prefix and with it the hash tag: one scope lies in one slot of a cluster.
 */
export class RedisCallLimiter implements CallLimiter {
  constructor(
    private readonly ask: AskRedis,
    private readonly prefix: string,
  ) {}

  async take(scope: string, windows: readonly CallWindow[]): Promise<TakenCall> {
    const keys = [this.blockKey(scope), ...windows.map(({ name }) => this.key(scope, name))];
    const limits = windows.flatMap(({ limit, perMs }) => [limit, perMs]);
    return { waitMs: Number(await this.ask((redis) => redis.eval(TAKE, keys.length, ...keys, ...limits))) };
  }

  async left(scope: string, windows: readonly CallWindow[]): Promise<number[]> {
    if (windows.length === 0) return [];
    const keys = windows.map(({ name }) => this.key(scope, name));
    const lengths = windows.map(({ perMs }) => perMs);
    const taken = await this.ask((redis) => redis.eval(TAKEN, keys.length, ...keys, ...lengths));
    return windows.map(({ limit }, index) => limit - Number((taken as number[])[index]));
  }

  async block(scope: string, ms: number): Promise<void> {
    await this.ask((redis) => redis.eval(BLOCK, 1, this.blockKey(scope), Math.ceil(ms)));
  }

  private blockKey(scope: string): string {
    return this.key(scope, 'blocked');
  }

  private key(scope: string, name: string): string {
    return `${this.prefix}:calls:${scope}:${name}`;
  }
}

/**
 * Looks at every window before it writes to one. Each call has a number of its own, since two can share a time. A time
 * that is yet to come is left of a clock that was set back, or of a master whose clock was ahead.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait = math.max(0, redis.call('PTTL', KEYS[1]))
for i = 2, #KEYS do
  local limit, per = tonumber(ARGV[2 * i - 3]), tonumber(ARGV[2 * i - 2])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - per)
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '(' .. now, '+inf')
  local excess = redis.call('ZCARD', KEYS[i]) - limit
  if excess >= 0 then
    local free = redis.call('ZRANGE', KEYS[i], excess, excess, 'WITHSCORES')
    wait = math.max(wait, free[2] + per - now + 1)
  end
end
if wait > 0 then return wait end
for i = 2, #KEYS do
  local number = redis.call('INCR', KEYS[i] .. ':n')
  local per = tonumber(ARGV[2 * i - 2])
  redis.call('ZADD', KEYS[i], now, number)
  redis.call('PEXPIRE', KEYS[i], per)
  redis.call('PEXPIRE', KEYS[i] .. ':n', per * 2)
end
return 0`;

const TAKEN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local taken = {}
for i = 1, #KEYS do taken[i] = redis.call('ZCOUNT', KEYS[i], '(' .. (now - ARGV[i]), now) end
return taken`;

const BLOCK = `
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
return 0`;
