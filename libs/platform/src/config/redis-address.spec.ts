import { describe, expect, it } from '@jest/globals';
import { InvalidConfigError, readConfig } from './config.js';
import { InvalidRedisAddressError, parseRedisAddress, redisHosts } from './redis-address.js';

describe('the address of Redis', () => {
  it.each([
    ['redis://127.0.0.1:6379', { kind: 'server', url: 'redis://127.0.0.1:6379' }],
    ['rediss://user:p%40ss@redis.example/2', { kind: 'server', url: 'rediss://user:p%40ss@redis.example/2' }],
    ['redis://a:1, redis://b:2', { kind: 'cluster', urls: ['redis://a:1', 'redis://b:2'] }],
  ])('%s', (text, address) => expect(parseRedisAddress(text)).toEqual(address));

  it('names Sentinels, their master and both logins', () =>
    expect(
      parseRedisAddress(
        'rediss+sentinel://user:p%40s:s@one,two:5000,[::1]:26380/jobs%20here?db=3&sentinelUsername=watch&sentinelPassword=a%2Bb+c',
      ),
    ).toEqual({
      kind: 'sentinel',
      sentinels: [
        { host: 'one', port: 26_379 },
        { host: 'two', port: 5_000 },
        { host: '::1', port: 26_380 },
      ],
      master: 'jobs here',
      tls: true,
      db: 3,
      login: { username: 'user', password: 'p@s:s' },
      sentinelLogin: { username: 'watch', password: 'a+b+c' },
    }));

  it.each([
    ['no login', 'redis+sentinel://one/jobs', {}],
    ['a password alone', 'redis+sentinel://:secret@one/jobs', { password: 'secret' }],
    ['a user alone', 'redis+sentinel://user@one/jobs', { username: 'user' }],
  ])('knows %s', (_what, text, login) => expect(parseRedisAddress(text)).toMatchObject({ login }));

  it.each([
    ['nothing', ''],
    ['another protocol', 'http://host:6379'],
    ['no host', 'redis://'],
    ['an impossible port', 'redis://host:99999'],
    ['an empty member', 'redis://a:1,'],
    ['Sentinels among servers', 'redis://a:1,redis+sentinel://b/jobs'],
    ['Sentinels without a master', 'redis+sentinel://:secret@one:26379'],
    ['Sentinels without a host', 'redis+sentinel://:secret@/jobs'],
    ['an empty Sentinel', 'redis+sentinel://:secret@one,,two/jobs'],
    ['a Sentinel with an impossible port', 'redis+sentinel://:secret@one:99999/jobs'],
    ['a misspelt setting', 'redis+sentinel://one/jobs?sentinelPasword=secret'],
    ['a database that is no number', 'redis+sentinel://one/jobs?db=one&sentinelPassword=secret'],
    ['a password that is not encoded', 'redis+sentinel://:se%cret@one/jobs'],
  ])('refuses %s, and repeats no secret', (_what, text) => {
    expect(() => parseRedisAddress(text)).toThrow(InvalidRedisAddressError);
    expect(() => parseRedisAddress(text)).not.toThrow(/secret/);
  });

  it.each([
    ['redis://user:secret@host:1', 'host:1'],
    ['redis://:secret@a:1,redis://b:2', 'a:1, b:2'],
    ['redis+sentinel://:secret@one,two:2/jobs', 'jobs of the Sentinels one:26379, two:2'],
  ])('shows hosts only', (text, shown) => expect(redisHosts(parseRedisAddress(text))).toBe(shown));

  it('is checked where settings are read', () => {
    expect(readConfig({ REDIS_URL: 'redis+sentinel://one,two/jobs' }).REDIS_URL).toBe(
      'redis+sentinel://one,two/jobs',
    );
    expect(() => readConfig({ REDIS_URL: 'redis+sentinel://one' })).toThrow(InvalidConfigError);
    expect(() => readConfig({ REDIS_URL: 'redis+sentinel://one' })).toThrow(
      /REDIS_URL: .*name of the master is missing/,
    );
  });
});
