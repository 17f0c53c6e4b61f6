import { DatabaseUnusableError } from './database.errors.js';
import { databaseLimits } from './database-limits.js';
import { type DatabasePlace, type DatabaseSetting, placeOf } from './database-place.js';
import { OLDEST_POSTGRES } from './fit-server.js';

/** Runs a step of the start; what it finds wrong with the database becomes a sentence about the setting. */
export async function sayingWhyUnusable<T>(setting: DatabaseSetting, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = whyUnusable(error, setting);
    throw reason === undefined ? error : new DatabaseUnusableError(reason, { cause: error });
  }
}

/**
 * What is wrong with the database, which setting and role it concerns, and what to do, in one sentence without secrets.
 * The error may be wrapped, by ours as by Prisma's. Undefined when it does not tell of the database or of the way to it:
 * it has a message of its own then.
 */
export function whyUnusable(error: unknown, setting: DatabaseSetting): string | undefined {
  const layers = layersOf(error);
  const place = placeOf(setting);
  const known = layers.map((layer) => RULES.find((rule) => applies(rule, layer)));
  const outermost = known.findIndex((rule) => rule !== undefined);
  const rule = known[outermost];
  if (!rule) return unknownAnswer(layers, place);
  // What wraps an error often repeats its words among others.
  const reason = rule.reason(place);
  const layer = layers.filter((_, at) => known[at]?.reason(place) === reason).at(-1) as Layer;
  return sentence(place, reason, layer.message || layer.code, rule.remedy(place));
}

const sentence = (place: DatabasePlace, reason: string, said: string, remedy: string): string => {
  const as = place.role ? ` as role "${place.role}"` : '';
  const [line = ''] = said.trim().split('\n');
  const words = place.withoutSecrets(line.replace(/^(ERROR|FATAL|PANIC): +|[.:\s]+$/g, ''));
  const subject = `${place.setting}: PostgreSQL at ${place.host}/${place.database} cannot be used${as}`;
  return `${subject}: ${reason}${words ? ` (${words})` : ''}; ${remedy}`;
};

/** The server said no in a way that is not in the table, and nobody of ours has put it in other words. */
function unknownAnswer(layers: readonly Layer[], place: DatabasePlace): string | undefined {
  const [first] = layers;
  const bare = layers.find((layer) => !layer.generic);
  if (!first || !bare || (bare !== first && !first.generic) || !isServers(bare)) return undefined;
  return sentence(place, 'it answers with an error', bare.message, 'look in its log for more');
}

const isServers = ({ code }: Layer) => /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]+$/.test(code);

interface Layer {
  readonly code: string;
  readonly message: string;
  /** Says no more than that there is no database. */
  readonly generic: boolean;
}

const GENERIC = new Set(['DATABASE_UNAVAILABLE', 'QUEUE_UNAVAILABLE']);
const DEEPEST = 8;

/** The error and what it came from, outermost first. */
function layersOf(error: unknown, depth = 0): Layer[] {
  if (error === null || typeof error !== 'object' || depth > DEEPEST) return [];
  const fields = error as Record<string, unknown>;
  const code = String(fields.originalCode ?? fields.code ?? fields.kind ?? '');
  const message = String(fields.originalMessage ?? fields.message ?? '');
  const { driverAdapterError } = (fields.meta ?? {}) as Record<string, unknown>;
  const inner = [fields.cause, driverAdapterError, ...(Array.isArray(fields.errors) ? fields.errors : [])];
  return [
    { code, message, generic: GENERIC.has(code) },
    ...inner.flatMap((next) => layersOf(next, depth + 1)),
  ];
}

interface Rule {
  /** SQLSTATEs, and what Node, Prisma and we call things. With `says`, both must fit. */
  readonly codes?: readonly string[];
  readonly says?: RegExp;
  readonly reason: (place: DatabasePlace) => string;
  readonly remedy: (place: DatabasePlace) => string;
}

const applies = ({ codes, says }: Rule, { code, message, generic }: Layer): boolean =>
  !generic && (codes?.includes(code) ?? true) && (says?.test(message) ?? true);

const DIRECT = 'ROLLCALL_DATABASE_DIRECT_URL';
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const correct = (what: string) => (place: DatabasePlace) => `correct ${what} in ${place.setting}`;
const role = ({ role: name }: DatabasePlace) => (name ? `role ${quoted(name)}` : 'the role');

/** The first that applies. */
const RULES: readonly Rule[] = [
  {
    says: /password must be a|no password (supplied|was provided)|empty password returned/,
    reason: noPassword,
    remedy: givePassword,
  },
  {
    says: /no encryption|SSL off|SSL (connection )?(is )?required|sslmode=require|connection is insecure/i,
    reason: (place) => `the server does not let ${role(place)} in without TLS`,
    remedy: ({ setting }) =>
      `add ?sslmode=verify-full to ${setting} (and &sslrootcert=FILE for an authority of your own), or a line for it to pg_hba.conf`,
  },
  {
    says: /valid client certificate|certificate authentication failed/,
    reason: (place) => `the server asks ${role(place)} for a client certificate`,
    remedy: ({ setting }) => `name it by sslcert=FILE and sslkey=FILE in ${setting}`,
  },
  {
    codes: ['28P01', 'P1000', 'AuthenticationFailed'],
    reason: (place) => (place.hasPassword ? wrongPassword(place) : noPassword(place)),
    remedy: (place) => (place.hasPassword ? correct('user and password')(place) : givePassword(place)),
  },
  {
    says: /password authentication failed|SASL authentication failed|wrong password|server signature/i,
    reason: (place) => (place.hasPassword ? wrongPassword(place) : noPassword(place)),
    remedy: (place) => (place.hasPassword ? correct('user and password')(place) : givePassword(place)),
  },
  {
    says: /^role .* does not exist|no such user|user .* not found/i,
    reason: (place) => `there is no ${place.role ? role(place) : 'such role'}`,
    remedy: (place) => `create it there, or name another in ${place.setting}`,
  },
  {
    says: /not permitted to log in/,
    reason: (place) => `${role(place)} may not log in`,
    remedy: (place) => `let an administrator run: alter role ${quoted(place.role)} login`,
  },
  {
    says: /(Peer|Ident) authentication failed/i,
    reason: (place) => `the server lets ${role(place)} in for the system's user of that name alone`,
    remedy: ({ setting }) =>
      `run Rollcall as that user, or have pg_hba.conf take a password and put it into ${setting}`,
  },
  {
    codes: ['28000'],
    reason: (place) =>
      `the server does not let ${role(place)} into database ${quoted(place.database)} from here`,
    remedy: () => 'add a line for it to pg_hba.conf',
  },
  {
    codes: ['3D000', 'P1003', 'DatabaseDoesNotExist'],
    reason: ({ database }) => `there is no database ${quoted(database)}`,
    remedy: (place) =>
      `create it there (create database ${quoted(place.database)}), or name another in ${place.setting}`,
  },
  {
    says: /no such database/i,
    reason: ({ database }) => `there is no database ${quoted(database)}`,
    remedy: ({ setting }) => `add it to the pooler's databases, or name another in ${setting}`,
  },
  {
    says: /not currently accepting connections/,
    reason: ({ database }) => `database ${quoted(database)} is closed to connections`,
    remedy: ({ database }) =>
      `let an administrator run: alter database ${quoted(database)} allow_connections true`,
  },
  {
    codes: ['42501', 'P1010', 'DatabaseAccessDenied'],
    reason: (place) => `${role(place)} lacks a right there`,
    remedy: whoeverHasTheRight,
  },
  {
    says: /permission denied for|permission denied to|must be owner of/,
    reason: (place) => `${role(place)} lacks a right there`,
    remedy: whoeverHasTheRight,
  },
  {
    says: /startup parameter|command-line options|prepared statement ".*" (does not|already) exist/,
    reason: () => 'a connection pooler answers there, which passes no settings of a session on',
    remedy: ({ setting }) =>
      setting === DIRECT
        ? `let ${DIRECT} name the server behind it`
        : `set ROLLCALL_DATABASE_POOLED=1, and ${DIRECT} to the server behind it`,
  },
  {
    codes: ['SERVER_TOO_OLD'],
    reason: () => 'it is too old',
    remedy: () => `use PostgreSQL ${OLDEST_POSTGRES} or newer`,
  },
  {
    codes: ['SERVER_READ_ONLY', '25006'],
    reason: (place) => `it takes no writes from ${role(place)}`,
    remedy: ({ setting }) => `let ${setting} name the primary server, with default_transaction_read_only off`,
  },
  {
    codes: ['53300', 'P2037', 'TooManyConnections'],
    reason: () => 'it has no connection left',
    remedy: () => 'end others, raise its limit, or lower ROLLCALL_DATABASE_CONNECTIONS',
  },
  {
    says: /no more connections allowed|too many (clients|connections)|max clients reached/i,
    reason: () => 'it has no connection left',
    remedy: () => 'end others, raise its limit, or lower ROLLCALL_DATABASE_CONNECTIONS',
  },
  {
    codes: ['57P03'],
    reason: () => 'the server is starting, stopping or recovering',
    remedy: () => 'start again when it is up',
  },
  {
    codes: ['57P01', '57P02', '57P04', '57P05', '25P03', '25P04'],
    reason: () => 'the server ended the connection',
    remedy: () => 'start again when it is up',
  },
  { codes: ['53100'], reason: () => "the server's disk is full", remedy: () => 'make room there' },
  {
    codes: ['53000', '53200', '53400'],
    reason: () => 'the server has not enough memory, or another limit is reached',
    remedy: () => 'look in its log, and raise what it names',
  },
  {
    codes: ['58000', '58030', '58P01', '58P02', 'XX001', 'XX002'],
    reason: () => 'the server has trouble with its files',
    remedy: () => 'look in its log and at its disk',
  },
  {
    codes: ['55P03', '57014'],
    reason: () => 'a statement waited too long, most likely for a lock that another transaction holds',
    remedy: () => 'find who holds it (select * from pg_stat_activity), end that, and start again',
  },
  {
    says: /server does not support SSL connections/,
    reason: () => 'the server has no TLS, which the setting asks for',
    remedy: ({ setting }) =>
      `turn it on there, or write sslmode=disable in ${setting} (PGSSLMODE counts where it says nothing)`,
  },
  {
    codes: ['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH'],
    reason: () => "the server's certificate is for another host",
    remedy: ({ setting }) => `let ${setting} name the host that the certificate bears`,
  },
  {
    codes: ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_REVOKED', 'CRL_HAS_EXPIRED'],
    reason: () => "the server's certificate is not valid now",
    remedy: () => "renew it there, and look at this machine's clock",
  },
  {
    codes: [
      ...[
        'DEPTH_ZERO_SELF_SIGNED_CERT',
        'SELF_SIGNED_CERT_IN_CHAIN',
        'CERT_UNTRUSTED',
        'CERT_SIGNATURE_FAILURE',
      ],
      ...[
        'UNABLE_TO_GET_ISSUER_CERT',
        'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      ],
      ...['INVALID_CA', 'CERT_REJECTED', 'INVALID_PURPOSE', 'PATH_LENGTH_EXCEEDED', 'CERT_CHAIN_TOO_LONG'],
    ],
    reason: () => "the server's certificate comes from an authority that is not trusted here",
    remedy: ({ setting }) => `name that authority's certificate by sslrootcert=FILE in ${setting}`,
  },
  {
    codes: ['ENOENT', 'EACCES', 'EISDIR'],
    says: /, (open|read)\b/,
    reason: () => 'a file that it names for TLS cannot be read',
    remedy: correct('sslrootcert, sslcert or sslkey'),
  },
  {
    says: /SSL routines|SSL connection|SSL alert|tls_|TLS|sslnegotiation|PEM|uselibpqcompat/,
    reason: () => 'no TLS connection can be agreed on',
    remedy: ({ setting }) =>
      `look at what ${setting} says of TLS (sslmode, sslrootcert, sslcert, sslkey) and at the server's side`,
  },
  {
    codes: ['ECONNREFUSED', 'ENOENT', 'EADDRNOTAVAIL', 'P1001', 'DatabaseNotReachable'],
    reason: () => 'nothing listens there',
    remedy: ({ setting }) => `start the server, or correct host and port in ${setting}`,
  },
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME'],
    reason: () => 'its host cannot be found',
    remedy: ({ setting }) => `correct the host in ${setting}, or look at this machine's name service`,
  },
  {
    codes: ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN'],
    reason: () => 'there is no way to its host',
    remedy: ({ setting }) => `look at the network, or correct the host in ${setting}`,
  },
  {
    codes: ['ETIMEDOUT', 'P1002', 'SocketTimeout'],
    reason: silent,
    remedy: networkOrHost,
  },
  {
    says: /timeout expired|timeout exceeded when trying to connect|connection timeout|Query read timeout/,
    reason: silent,
    remedy: networkOrHost,
  },
  {
    says: /received invalid response|unknown message|Unknown authentication/i,
    reason: () => 'what answers there does not speak as PostgreSQL does',
    remedy: correct('host and port'),
  },
  {
    codes: ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'P1017', 'ConnectionClosed'],
    reason: () => 'the other side closed the connection',
    remedy: closedBy,
  },
  {
    says: /Connection terminated|Client has encountered a connection error|server conn crashed|server closed the connection/i,
    reason: () => 'the other side closed the connection',
    remedy: closedBy,
  },
];

function noPassword(place: DatabasePlace): string {
  return `the server asks ${role(place)} for a password, and ${place.setting} holds none`;
}

function givePassword({ setting }: DatabasePlace): string {
  return `write ${setting} as postgres://ROLE:PASSWORD@HOST:PORT/DATABASE`;
}

function wrongPassword(place: DatabasePlace): string {
  return `the server refuses the password of ${role(place)}, or knows no such role`;
}

function whoeverHasTheRight(place: DatabasePlace): string {
  const grant = `let its owner grant that to ${role(place)}`;
  return place.setting === DIRECT
    ? `${grant}, or let ${DIRECT} name the role that owns the schema`
    : `${grant}, or name a role that has it in ${place.setting} (the schema's owner, for migrations, in ${DIRECT})`;
}

function silent(): string {
  return `there was no answer within ${databaseLimits.connect / 1000} seconds`;
}

function networkOrHost({ setting }: DatabasePlace): string {
  return `look at the network and its firewalls, or correct host and port in ${setting}`;
}

function closedBy({ setting }: DatabasePlace): string {
  return `look whether it is PostgreSQL, and up, and in its log; then correct ${setting}`;
}
