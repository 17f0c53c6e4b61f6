/** The setting that named a database, and what it says. */
export interface DatabaseSetting {
  /** `DATABASE_URL`, say. */
  readonly setting: string;
  readonly url: string;
}

/** Where a URL leads and as whom, without its secrets, for a person. */
export interface DatabasePlace {
  readonly setting: string;
  readonly host: string;
  readonly database: string;
  readonly role: string;
  readonly hasPassword: boolean;
  /** The words of others may repeat what the URL holds. */
  withoutSecrets(text: string): string;
}

export function placeOf({ setting, url }: DatabaseSetting): DatabasePlace {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const query = parsed?.searchParams;
  const role = query?.get('user') || decoded(parsed?.username ?? '');
  const secrets = [
    decoded(parsed?.password ?? ''),
    parsed?.password,
    ...SECRETS.map((name) => query?.get(name)),
  ];
  return {
    setting,
    host: query?.get('host') || parsed?.host || 'an address that cannot be read',
    role,
    hasPassword: Boolean(parsed?.password || query?.get('password')),
    database: decoded(parsed?.pathname.slice(1) ?? '') || role,
    withoutSecrets: (text) => withoutSecrets(text, secrets),
  };
}

/** Parameters of a URL that pg or libpq take a secret from. */
const SECRETS = ['password', 'sslpassword', 'oauth_client_secret', 'scram_client_key', 'scram_server_key'];

function withoutSecrets(text: string, secrets: readonly (string | null | undefined)[]): string {
  const known = secrets.filter((secret): secret is string => Boolean(secret)).sort(longestFirst);
  const hidden = known.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
  return hidden
    .replace(/(\w+:\/\/[^\s:/@]*):[^\s@]*@/g, `$1:${HIDDEN}@`)
    .replace(/((?:ssl)?password|client_secret)(\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&,;)]+)/gi, `$1$2${HIDDEN}`);
}

const HIDDEN = '…';
const longestFirst = (one: string, other: string) => other.length - one.length;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that was not written as %25: pg takes it as it is.
    return text;
  }
}
