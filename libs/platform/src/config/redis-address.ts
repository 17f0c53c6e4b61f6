/** What `REDIS_URL` names: one server, one Redis Cluster, or Sentinels that know where the master is. */
export type RedisAddress =
  | { readonly kind: 'server'; readonly url: string }
  | { readonly kind: 'cluster'; readonly urls: readonly [string, ...string[]] }
  | RedisSentinels;

export interface RedisSentinels {
  readonly kind: 'sentinel';
  readonly sentinels: readonly RedisHost[];
  /** The name under which the Sentinels know the master. */
  readonly master: string;
  /** To the Sentinels as well as to the master. */
  readonly tls: boolean;
  readonly db: number;
  /** Of the master; the Sentinels have their own or none. */
  readonly login: RedisLogin;
  readonly sentinelLogin: RedisLogin;
}

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

export interface RedisLogin {
  readonly username?: string;
  readonly password?: string;
}

/** The message tells the expected form only: an address may hold a password. */
export class InvalidRedisAddressError extends Error {
  override readonly name = 'InvalidRedisAddressError';
  readonly code = 'INVALID_REDIS_ADDRESS';
}

/** @throws InvalidRedisAddressError */
export function parseRedisAddress(text: string): RedisAddress {
  const sentinel = /^(rediss?)\+sentinel:\/\/(?:([^@/?]*)@)?([^@/?]*)\/?([^/?]*)(\?.*)?$/.exec(text.trim());
  if (sentinel) return sentinelsOf(sentinel);
  const [first, ...others] = text.split(',').map(serverUrl);
  if (first === undefined) throw invalid(ANY_FORM);
  return others.length > 0 ? { kind: 'cluster', urls: [first, ...others] } : { kind: 'server', url: first };
}

/** Where it points, for a person: without user and password. */
export function redisHosts(address: RedisAddress): string {
  switch (address.kind) {
    case 'server':
      return new URL(address.url).host;
    case 'cluster':
      return address.urls.map((url) => new URL(url).host).join(', ');
    case 'sentinel':
      return `${address.master} of the Sentinels ${address.sentinels.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
  }
}

const ANY_FORM =
  'expected redis://host:6379 or rediss://host:6379; several, comma separated, are one Redis Cluster; redis+sentinel://host:26379,host:26379/master-name asks Sentinels';
const SENTINEL_FORM =
  'expected redis+sentinel://user:password@host:26379,host:26379/master-name, user and password percent-encoded';
const SENTINEL_PORT = 26_379;

function serverUrl(part: string): string {
  const url = part.trim();
  if (!/^rediss?:\/\/[^\s]+$/.test(url) || !URL.canParse(url)) throw invalid(ANY_FORM);
  return url;
}

function sentinelsOf([
  ,
  scheme,
  login,
  hosts = '',
  master = '',
  query = '',
]: RegExpExecArray): RedisSentinels {
  if (master === '') throw invalid(`${SENTINEL_FORM}: the name of the master is missing`);
  const { db = '0', sentinelUsername, sentinelPassword } = sentinelSettings(query);
  if (!/^\d{1,4}$/.test(db)) throw invalid(`${SENTINEL_FORM}: db is a whole number`);
  const [username, ...password] = login === undefined ? [] : login.split(':');
  return {
    kind: 'sentinel',
    sentinels: hosts.split(',').map(sentinelHost),
    master: decoded(master),
    tls: scheme === 'rediss',
    db: Number(db),
    login: loginOf(decoded(username), decoded(password.join(':'))),
    sentinelLogin: loginOf(sentinelUsername, sentinelPassword),
  };
}

const SENTINEL_SETTINGS = ['db', 'sentinelUsername', 'sentinelPassword'] as const;

/** A setting that is not known here is rejected: a misspelt password would be left out without a word. */
function sentinelSettings(query: string): Partial<Record<(typeof SENTINEL_SETTINGS)[number], string>> {
  // As before the @, a plus is a plus: base64 has it.
  const settings = Object.fromEntries(new URLSearchParams(query.replaceAll('+', '%2B')));
  const known: readonly string[] = SENTINEL_SETTINGS;
  if (Object.keys(settings).some((name) => !known.includes(name))) {
    throw invalid(`${SENTINEL_FORM}; behind a ? may stand ${SENTINEL_SETTINGS.join(', ')}`);
  }
  return settings;
}

function sentinelHost(text: string): RedisHost {
  const url = `redis://${text.trim()}`;
  if (!URL.canParse(url)) throw invalid(SENTINEL_FORM);
  const { hostname, port } = new URL(url);
  if (hostname === '') throw invalid(SENTINEL_FORM);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? SENTINEL_PORT : Number(port) };
}

const loginOf = (username: string | undefined, password: string | undefined): RedisLogin => ({
  ...(username ? { username } : {}),
  ...(password ? { password } : {}),
});

function decoded(text = ''): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw invalid(SENTINEL_FORM, { cause });
  }
}

const invalid = (expected: string, options?: ErrorOptions) => new InvalidRedisAddressError(expected, options);
