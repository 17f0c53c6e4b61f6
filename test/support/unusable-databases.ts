import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { applyMigrations, type EmbeddedPostgres, startEmbeddedPostgres, withConnection } from '#platform';
import { embeddedSuperuserUrl } from '#platform/testing';

/** A URL that a service cannot start on, and what it has to say of it. */
export interface UnusableDatabase {
  readonly name: string;
  readonly url: (world: UnusableWorld) => string;
  readonly says: RegExp;
  /** It shows when the schema is made, or the queue's. */
  readonly later?: boolean;
}

export interface UnusableWorld {
  /** On a real server, as this role. */
  as(role: string, options?: { password?: string; database?: string; query?: string }): string;
  /** On what only looks like a server. */
  at(impostor: Impostor): string;
  readonly certificate: string;
  stop(): Promise<void>;
}

/** Occurs in every URL, and in nothing that is said. */
export const PASSWORD = `hunter2${randomBytes(6).toString('hex')}`;

export const unusableDatabases: readonly UnusableDatabase[] = [
  {
    name: 'no password (scram)',
    url: ({ as }) => as('able', { password: '' }),
    says: /for a password, and DATABASE_URL holds none/,
  },
  {
    name: 'no password (md5)',
    url: ({ as }) => as('old_way', { password: '' }),
    says: /for a password, and DATABASE_URL holds none/,
  },
  {
    name: 'no password (in clear)',
    url: ({ as }) => as('in_clear', { password: '' }),
    says: /for a password, and DATABASE_URL holds none/,
  },
  {
    name: 'a wrong password',
    url: ({ as }) => as('able', { password: 'wrong' }),
    says: /refuses the password of role "able".*correct user and password in DATABASE_URL/,
  },
  {
    name: 'a wrong password (in clear)',
    url: ({ as }) => as('in_clear', { password: 'wrong' }),
    says: /refuses the password of role "in_clear"/,
  },
  {
    name: 'a role that is not there',
    url: ({ as }) => as('nobody'),
    says: /refuses the password of role "nobody", or knows no such role/,
  },
  {
    name: 'a role that is not there and would be trusted',
    url: ({ as }) => as('trusted'),
    says: /there is no role "trusted".*create it there/,
  },
  {
    name: 'a role that may not log in',
    url: ({ as }) => as('cannot_log_in'),
    says: /role "cannot_log_in" may not log in.*alter role "cannot_log_in" login/,
  },
  {
    name: 'a role without a line in pg_hba.conf',
    url: ({ as }) => as('unlisted'),
    says: /without TLS|add a line for it to pg_hba.conf/,
  },
  {
    name: 'a role with a line that rejects it',
    url: ({ as }) => as('rejected'),
    says: /add .*a line for it to pg_hba\.conf/,
  },
  {
    name: 'a role that may have no connection',
    url: ({ as }) => as('limited'),
    says: /no connection left.*ROLLCALL_DATABASE_CONNECTIONS/,
  },
  {
    name: 'a role whose sessions are read-only',
    url: ({ as }) => as('reader'),
    says: /takes no writes from role "reader".*primary/,
  },
  {
    name: 'a database that is not there',
    url: ({ as }) => as('able', { database: 'elsewhere' }),
    says: /there is no database "elsewhere".*create database "elsewhere"/,
  },
  {
    name: 'a database that is closed',
    url: ({ as }) => as('able', { database: 'closed' }),
    says: /"closed" is closed to connections/,
  },
  {
    name: 'a database without the right to connect',
    url: ({ as }) => as('able', { database: 'private' }),
    says: /role "able" lacks a right there \(permission denied for database "private"/,
  },
  {
    name: 'a schema without the right to create',
    url: ({ as }) => as('able', { database: 'bare' }),
    says: /role "able" lacks a right there \(permission denied for schema public.*ROLLCALL_DATABASE_DIRECT_URL/,
    later: true,
  },
  {
    name: 'tables of another role',
    url: ({ as }) => as('able', { database: 'migrated' }),
    says: /role "able" lacks a right there \(permission denied for (table|schema)/,
    later: true,
  },
  {
    name: 'a database without the right to make schemas',
    url: ({ as }) => as('half', { database: 'migrated' }),
    says: /role "half" lacks a right there \(permission denied/,
    later: true,
  },
  {
    name: 'a role that must use TLS',
    url: ({ as }) => as('by_tls'),
    says: /does not let role "by_tls" in without TLS.*sslmode=verify-full/,
  },
  {
    name: 'a certificate that nobody vouches for',
    url: ({ as }) => as('by_tls', { query: 'sslmode=verify-full' }),
    says: /authority that is not trusted.*sslrootcert=FILE in DATABASE_URL/,
  },
  {
    name: 'a certificate for another host',
    url: ({ as, certificate }) => as('by_tls', { query: `sslmode=verify-full&sslrootcert=${certificate}` }),
    says: /certificate is for another host/,
  },
  {
    name: 'a file of certificates that is not there',
    url: ({ as }) => as('by_tls', { query: 'sslmode=verify-full&sslrootcert=/nowhere.pem' }),
    says: /a file that it names for TLS cannot be read/,
  },
  {
    name: 'a role that needs a certificate of its own',
    url: ({ as }) => as('by_certificate', { query: 'sslmode=no-verify' }),
    says: /asks role "by_certificate" for a client certificate.*sslcert=FILE/,
  },
  {
    name: 'a pooler that refuses a parameter',
    url: ({ at }) => at('pooler'),
    says: /connection pooler.*ROLLCALL_DATABASE_POOLED=1.*ROLLCALL_DATABASE_DIRECT_URL/,
  },
  {
    name: 'a pooler that refuses options',
    url: ({ at }) => at('hostedPooler'),
    says: /connection pooler.*ROLLCALL_DATABASE_POOLED=1/,
  },
  {
    name: 'a server that is starting',
    url: ({ at }) => at('starting'),
    says: /starting, stopping or recovering/,
  },
  {
    name: 'a server with all its connections in use',
    url: ({ at }) => at('crowded'),
    says: /no connection left/,
  },
  { name: 'a server whose disk is full', url: ({ at }) => at('full'), says: /disk is full/ },
  {
    name: 'a server without TLS',
    url: ({ at }) => `${at('withoutTls')}?sslmode=verify-full`,
    says: /no TLS, which the setting asks for.*sslmode=disable/,
  },
  {
    name: 'a host that accepts and says nothing',
    url: ({ at }) => at('silent'),
    says: /no answer within 10 seconds/,
  },
  {
    name: 'a host that hangs up',
    url: ({ at }) => at('closing'),
    says: /the other side closed the connection/,
  },
  {
    name: 'a web server',
    url: ({ at }) => at('web'),
    says: /does not speak as PostgreSQL|closed the connection/,
  },
  {
    name: 'a port where nothing listens',
    url: () => `postgres://able:${PASSWORD}@127.0.0.1:1/bare`,
    says: /nothing listens there.*correct host and port/,
  },
  {
    name: 'a host that cannot be found',
    url: () => `postgres://able:${PASSWORD}@nowhere.invalid/bare`,
    says: /host cannot be found/,
  },
  {
    name: 'a password as a parameter',
    url: ({ as }) => as('able', { password: '', query: 'password=wrong' }),
    says: /refuses the password of role "able"/,
  },
  {
    name: 'a socket that is not there',
    url: () => `postgres://able:${PASSWORD}@%2Fnowhere/bare`,
    says: /nothing listens there/,
  },
];

/** A server with a role and a database for each fault, and impostors beside it. */
export async function startUnusableWorld(): Promise<UnusableWorld> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-unusable-'));
  chmodSync(dataDir, 0o755); // For root's sake: its server is another user.
  const server = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  const certificate = await prepare(server);
  const impostors = await startImpostors();
  const { host } = new URL(server.url);
  return {
    certificate,
    as: (role, { password = PASSWORD, database = 'bare', query = '' } = {}) =>
      `postgres://${role}${password && `:${password}`}@${host}/${database}${query && `?${query}`}`,
    at: (impostor) => `postgres://able:${PASSWORD}@127.0.0.1:${impostors.ports[impostor]}/bare`,
    stop: async () => {
      impostors.stop();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const ROLES = [
  'able',
  'half',
  'old_way',
  'in_clear',
  'limited',
  'reader',
  'by_tls',
  'by_certificate',
  'unlisted',
  'rejected',
];

const HBA = `
host all postgres,rollcall,rollcall_owner,able,half,limited,reader,nobody 127.0.0.1/32 scram-sha-256
host all old_way 127.0.0.1/32 md5
host all in_clear 127.0.0.1/32 password
host all trusted,cannot_log_in 127.0.0.1/32 trust
hostssl all by_tls 127.0.0.1/32 scram-sha-256
hostssl all by_certificate 127.0.0.1/32 cert
host all rejected 127.0.0.1/32 reject
`;

async function prepare({ dataDir }: EmbeddedPostgres): Promise<string> {
  const url = embeddedSuperuserUrl(dataDir);
  await run(url, "set password_encryption = 'scram-sha-256'");
  for (const role of ROLES) await run(url, `create role ${role} login password '${PASSWORD}'`);
  await run(url, `set password_encryption = 'md5'; alter role old_way password '${PASSWORD}'`);
  await run(url, 'create role cannot_log_in');
  await run(url, 'alter role limited connection limit 0');
  await run(url, 'alter role reader set default_transaction_read_only = on');
  for (const name of ['bare', 'closed', 'private', 'migrated']) await run(url, `create database ${name}`);
  await run(url, 'alter database closed allow_connections false');
  await run(url, 'revoke connect on database private from public');
  const migrated = new URL(url);
  migrated.pathname = '/migrated';
  await applyMigrations(migrated.href);
  await run(
    migrated.href,
    'grant usage on schema public, es to half; grant all on all tables in schema public, es to half',
  );
  return withTls(dataDir, url);
}

/** The certificate is for a host of another name than the one that is connected to. */
async function withTls(dataDir: string, url: string): Promise<string> {
  const cluster = path.join(dataDir, 'postgres');
  const [key, certificate] = ['server.key', 'server.crt'].map((name) => path.join(cluster, name)) as [
    string,
    string,
  ];
  const subject = ['-subj', '/CN=db.example', '-addext', 'subjectAltName=DNS:db.example'];
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30'];
  execFileSync('openssl', ['req', ...options, '-keyout', key, '-out', certificate, ...subject], {
    stdio: 'pipe',
  });
  const { uid, gid } = statSync(cluster);
  for (const file of [key, certificate]) chownSync(file, uid, gid);
  chmodSync(key, 0o600);
  appendFileSync(path.join(cluster, 'postgresql.conf'), `\nssl = on\nssl_ca_file = 'server.crt'\n`);
  writeFileSync(path.join(cluster, 'pg_hba.conf'), HBA);
  await run(url, 'select pg_reload_conf()');
  const copy = path.join(dataDir, 'authority.crt');
  writeFileSync(copy, execFileSync('cat', [certificate]));
  return copy;
}

const run = (url: string, sql: string) => withConnection({ url }, (client) => client.query(sql));

type Impostor = keyof typeof ANSWERS;

const errorMessage = (code: string, message: string) => {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
};

const answer = (bytes: Buffer | string) => (socket: Socket) => {
  socket.once('data', () => socket.end(bytes));
};

const ANSWERS = {
  pooler: answer(errorMessage('08P01', 'unsupported startup parameter in options: datestyle')),
  hostedPooler: answer(
    errorMessage('0A000', 'Feature not supported: this proxy does not support command-line options.'),
  ),
  starting: answer(errorMessage('57P03', 'the database system is starting up')),
  crowded: answer(errorMessage('53300', 'sorry, too many clients already')),
  full: answer(errorMessage('53100', 'could not write to file "base/1": No space left on device')),
  withoutTls: answer('N'),
  web: answer('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'),
  closing: (socket: Socket) => void socket.end(),
  silent: () => undefined,
} satisfies Record<string, (socket: Socket) => void>;

async function startImpostors(): Promise<{ ports: Record<Impostor, number>; stop(): void }> {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const ports = {} as Record<Impostor, number>;
  for (const [name, behave] of Object.entries(ANSWERS)) {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      behave(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    ports[name as Impostor] = (server.address() as { port: number }).port;
  }
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  };
  return { ports, stop };
}
