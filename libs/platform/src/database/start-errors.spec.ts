import { describe, expect, it } from '@jest/globals';
import { MigrationFailedError, MigrationsBlockedError } from '../migrations/migration.errors.js';
import { DatabaseUnavailableError, DatabaseUnusableError } from './database.errors.js';
import { rejectUnfit } from './fit-server.js';
import { sayingWhyUnusable, whyUnusable } from './start-errors.js';

const setting = 'DATABASE_URL';
const url = 'postgres://app:hunter2%21@db.example:6432/crm';
const said = (code: string | undefined, message: string, more: object = {}) =>
  Object.assign(new Error(message), { ...(code && { code }), ...more });
const why = (error: unknown, place = { setting, url }) => whyUnusable(error, place);

describe('why a database cannot be used', () => {
  it('names setting, place, role, what was said and what to do, in one sentence', () =>
    expect(why(said('28P01', 'password authentication failed for user "app"'))).toBe(
      'DATABASE_URL: PostgreSQL at db.example:6432/crm cannot be used as role "app": the server refuses the password ' +
        'of role "app", or knows no such role (password authentication failed for user "app"); ' +
        'correct user and password in DATABASE_URL',
    ));

  it.each<[string, Error, RegExp]>([
    [
      'no password',
      said(undefined, 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
      /asks role "app" for a password/,
    ],
    [
      'an empty one',
      said(undefined, 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string'),
      /asks role "app" for a password/,
    ],
    ['PgBouncer refusing it', said('08P01', 'SASL authentication failed'), /refuses the password/],
    ['PgBouncer without the role', said('08P01', 'no such user: app'), /there is no role "app"/],
    [
      'PgBouncer without the database',
      said('08P01', 'no such database: crm'),
      /there is no database "crm".*pooler's databases/,
    ],
    ['PgBouncer that wants TLS', said('08P01', 'SSL required'), /without TLS/],
    [
      'PgBouncer that is full',
      said('08P01', 'no more connections allowed (max_client_conn)'),
      /no connection left/,
    ],
    [
      'PgBouncer and a parameter',
      said('08P01', 'unsupported startup parameter: extra_float_digits'),
      /ROLLCALL_DATABASE_POOLED=1/,
    ],
    [
      'PgBouncer and options',
      said('08P01', 'unsupported startup parameter in options: timezone'),
      /ROLLCALL_DATABASE_POOLED=1/,
    ],
    [
      'Neon and options',
      said('08P01', 'unsupported startup parameter: options. Please use unpooled connection'),
      /ROLLCALL_DATABASE_DIRECT_URL/,
    ],
    [
      'a pooler met by a statement',
      said('26000', 'prepared statement "s1" does not exist'),
      /ROLLCALL_DATABASE_POOLED=1/,
    ],
    [
      'Neon without TLS',
      said('28000', 'connection is insecure (try using `sslmode=require`)'),
      /without TLS/,
    ],
    [
      'pg_hba of an older server',
      said('28000', 'no pg_hba.conf entry for host "1.2.3.4", user "app", database "crm", SSL off'),
      /without TLS/,
    ],
    [
      'pg_hba, with TLS',
      said('28000', 'no pg_hba.conf entry for host "1.2.3.4", user "app", database "crm", SSL encryption'),
      /add a line for it/,
    ],
    ['a server of another language', said('28000', 'kein pg_hba.conf-Eintrag für Host'), /add a line for it/],
    [
      'peer authentication',
      said('28000', 'Peer authentication failed for user "app"'),
      /system's user of that name/,
    ],
    ['the limit of a role', said('53300', 'too many connections for role "app"'), /no connection left/],
    [
      'the last connections',
      said('53300', 'remaining connection slots are reserved for roles with the SUPERUSER attribute'),
      /no connection left/,
    ],
    [
      'shutting down',
      said('57P03', 'the database system is shutting down'),
      /starting, stopping or recovering/,
    ],
    [
      'an operator',
      said('57P01', 'terminating connection due to administrator command'),
      /ended the connection/,
    ],
    ['memory', said('53200', 'out of memory'), /not enough memory/],
    ['files', said('58P01', 'could not open file'), /trouble with its files/],
    [
      'a lock',
      said('55P03', 'canceling statement due to lock timeout'),
      /lock that another transaction holds/,
    ],
    [
      'a limit',
      said('57014', 'canceling statement due to statement timeout'),
      /lock that another transaction holds/,
    ],
    [
      'a standby',
      said('25006', 'cannot execute CREATE TABLE in a read-only transaction'),
      /takes no writes.*primary/,
    ],
    ['a name service', said('EAI_AGAIN', 'getaddrinfo EAI_AGAIN db.example'), /host cannot be found/],
    ['no route', said('EHOSTUNREACH', 'connect EHOSTUNREACH 10.0.0.1:6432'), /no way to its host/],
    [
      'silence of the network',
      said('ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.1:6432'),
      /no answer within 10 seconds/,
    ],
    ['silence of the server', said(undefined, 'timeout expired'), /no answer within 10 seconds/],
    [
      'silence, with what came of it',
      said(undefined, 'Connection terminated due to connection timeout', {
        cause: said(undefined, 'Connection terminated unexpectedly'),
      }),
      /no answer within 10 seconds/,
    ],
    ['a reset', said('ECONNRESET', 'read ECONNRESET'), /closed the connection/],
    [
      'an authority',
      said('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'),
      /not trusted here/,
    ],
    [
      'another authority',
      said('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'),
      /not trusted here/,
    ],
    ['an old certificate', said('CERT_HAS_EXPIRED', 'certificate has expired'), /not valid now/],
    [
      'another host',
      said('ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"),
      /for another host/,
    ],
    [
      'an old TLS',
      said(
        'ERR_SSL_UNSUPPORTED_PROTOCOL',
        '10:error:SSL routines:ssl_choose_client_version:unsupported protocol',
      ),
      /no TLS connection can be agreed on/,
    ],
    [
      'addresses that all refuse',
      new AggregateError([
        said('ECONNREFUSED', 'connect ECONNREFUSED ::1:6432'),
        said('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:6432'),
      ]),
      /nothing listens there \(connect ECONNREFUSED/,
    ],
    [
      'a server that we do not know',
      said('XX000', 'Tenant or user not found'),
      /answers with an error \(Tenant or user not found\)|no role "app"/,
    ],
  ])('tells of %s', (_, error, expected) => expect(why(error)).toMatch(expected));

  it.each<[string, { version: string; standby: boolean; readOnly: boolean }, RegExp]>([
    [
      'old',
      { version: '14.9 (Debian)', standby: false, readOnly: false },
      /too old \(it is version 14\.9 \(Debian\)\); use PostgreSQL 15 or newer/,
    ],
    ['a standby', { version: '18.1', standby: true, readOnly: true }, /takes no writes.*standby/],
    [
      'read-only',
      { version: '15.0', standby: false, readOnly: true },
      /takes no writes.*default_transaction_read_only/,
    ],
  ])('tells of a server that is %s', async (_, state, expected) => {
    const unusable = sayingWhyUnusable({ setting, url }, async () => rejectUnfit(state));
    await expect(unusable).rejects.toThrow(expected);
    await expect(unusable).rejects.toBeInstanceOf(DatabaseUnusableError);
  });

  it('takes a server of the oldest version that will do', () =>
    expect(() => rejectUnfit({ version: '15.0', standby: false, readOnly: false })).not.toThrow());

  const denied = said('42501', 'permission denied for schema public', { severity: 'ERROR' });
  it.each<[string, unknown]>([
    ['nothing', denied],
    ['ours', new DatabaseUnavailableError({ cause: denied })],
    [
      "the queue's",
      said('QUEUE_UNAVAILABLE', 'the queue cannot be reached', {
        cause: new DatabaseUnavailableError({ cause: denied }),
      }),
    ],
    [
      "a migration's",
      new MigrationFailedError({ migration: '1_first', cause: denied, sql: 'create table x ()' }),
    ],
    [
      "the engine's",
      new MigrationsBlockedError(new Error('ERROR: permission denied for schema public\n   at stack')),
    ],
    [
      "Prisma's",
      said('P2010', 'Raw query failed', {
        meta: {
          driverAdapterError: {
            name: 'DriverAdapterError',
            cause: {
              originalCode: '42501',
              originalMessage: 'permission denied for schema public',
              kind: 'postgres',
            },
          },
        },
      }),
    ],
    [
      'several',
      said('P2010', 'x', { cause: new AggregateError([new DatabaseUnavailableError({ cause: denied })]) }),
    ],
  ])('sees through the wrapping of %s', (_, error) =>
    expect(why(error)).toMatch(
      /: role "app" lacks a right there \((Migrations cannot be applied: )?.*permission denied for schema public.*\); let its owner grant that to role "app", or name a role that has it in DATABASE_URL \(the schema's owner, for migrations, in ROLLCALL_DATABASE_DIRECT_URL\)$/,
    ),
  );

  it('says of the direct URL what fits it', () => {
    const direct = { setting: 'ROLLCALL_DATABASE_DIRECT_URL', url };
    expect(why(denied, direct)).toMatch(
      /^ROLLCALL_DATABASE_DIRECT_URL: .*name the role that owns the schema$/,
    );
    const pooler = said('08P01', 'unsupported startup parameter: options');
    expect(why(pooler, direct)).toMatch(/let ROLLCALL_DATABASE_DIRECT_URL name the server behind it$/);
  });

  it.each<[string, unknown]>([
    [
      'a migration that is wrong',
      new MigrationFailedError({
        migration: '1_first',
        cause: said('42P07', 'relation "x" already exists'),
        sql: 'x',
      }),
    ],
    [
      'a history that was edited',
      new MigrationsBlockedError(new Error('The migration 1_first was modified')),
    ],
    ['a setting', said('INVALID_CONFIG', '1 setting(s) cannot be used')],
    ['a mistake of ours', new TypeError('x is not a function')],
    ['nothing', undefined],
    ['a text', 'oops'],
  ])('leaves %s to its own words', async (_, error) => {
    expect(why(error)).toBeUndefined();
    await expect(sayingWhyUnusable({ setting, url }, () => Promise.reject(error))).rejects.toBe(error);
  });

  it('ends, also with an error that causes itself', () => {
    const error = said(undefined, 'round');
    error.cause = error;
    expect(why(error)).toBeUndefined();
  });
});

describe('no secret is said', () => {
  const unlucky = (text: string) => said('XX000', text);

  it.each<[string, string, string]>([
    ['in the URL', 'postgres://app:hunter2@h/d', 'cannot use postgres://app:hunter2@h/d'],
    ['in the URL, encoded', 'postgres://app:hunter2%40%2F@h/d', 'cannot use hunter2@/ nor hunter2%40%2F'],
    ['with a percent sign alone', 'postgres://app:hunter2%@h/d', 'cannot use hunter2%'],
    ['as a parameter', 'postgres://app@h/d?password=hunter2%20x', 'cannot use "hunter2 x"'],
    ["for the certificate's key", 'postgres://app@h/d?sslpassword=hunter2', 'bad decrypt hunter2'],
    ['in a message of libpq', 'postgres://app@h/d', "host=h user=app password='it is hunter2' dbname=d"],
    ['in a message of libpq, bare', 'postgres://app@h/d', 'host=h password=hunter2 dbname=d'],
    ['of another URL', 'postgres://app@h/d', 'upstream postgresql://other:hunter2@h2/d failed'],
    ['in a URL that is none', 'postgres://app:hunter2@:x/d', 'Invalid URL postgres://app:hunter2@:x/d'],
  ])('%s', (_, secretUrl, message) => {
    const sentence = why(unlucky(message), { setting, url: secretUrl });
    expect(sentence).toContain('DATABASE_URL');
    expect(sentence).not.toContain('hunter2');
  });
});
