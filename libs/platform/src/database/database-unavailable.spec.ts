import { describe, expect, it } from '@jest/globals';
import { DatabaseUnavailableError } from './database.errors.js';
import { isDatabaseUnavailable, translated } from './database-unavailable.js';

const said = (fields: object, message = 'said') => Object.assign(new Error(message), fields);
const prismas = (fields: object) => said({ name: 'PrismaClientKnownRequestError', code: 'P2010', ...fields });

describe('what tells of an outage', () => {
  it.each(
    [
      '08000',
      '08003',
      '08006',
      '08P01',
      '53000',
      '53100',
      '53200',
      '53300',
      '57014',
      '57P01',
      '57P02',
      '57P03',
    ]
      .concat('57P05', '58000', '58030', '25006', '25P03', '25P04')
      .concat('ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EAI_AGAIN', 'ENOTFOUND'),
  )('is %s from a connection of ours', (code) =>
    expect(translated(said({ code }))).toBeInstanceOf(DatabaseUnavailableError),
  );

  it.each([
    'timeout exceeded when trying to connect',
    'Connection terminated',
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'Client has encountered a connection error and is not queryable',
    'Query read timeout',
  ])('is “%s”, which pg says without a code', (message) =>
    expect(translated(new Error(message))).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      cause: { message },
    }),
  );

  it.each([
    prismas({ code: 'P1001' }),
    prismas({ code: 'P1017' }),
    prismas({ code: 'P2024' }),
    prismas({ code: 'P2037' }),
    prismas({
      code: 'P2039',
      meta: { driverAdapterError: { cause: { originalCode: '57P03', kind: 'postgres' } } },
    }),
    prismas({ meta: { driverAdapterError: { cause: { code: '53100', kind: 'postgres' } } } }),
    prismas({ meta: { driverAdapterError: { cause: { kind: 'ConnectionClosed' } } } }),
    said({ name: 'DriverAdapterError', cause: { kind: 'TooManyConnections' } }),
    said({ name: 'PrismaClientUnknownRequestError', cause: new DatabaseUnavailableError() }),
    said({ name: 'PrismaClientInitializationError', cause: said({ code: 'ECONNREFUSED' }) }),
  ])('is $code of Prisma with $meta and $cause', (error) => expect(isDatabaseUnavailable(error)).toBe(true));

  it('is nothing that a statement did wrong', () => {
    for (const code of ['23505', '40001', '40P01', '55P03', '22P02', '42P01', '28P01', '42501', undefined]) {
      const error = said({ code });
      expect(translated(error)).toBe(error);
    }
    expect(isDatabaseUnavailable(prismas({ code: 'P2002' }))).toBe(false);
  });

  it('is nothing that somebody else’s server did', () => {
    expect(isDatabaseUnavailable(said({ code: 'ECONNREFUSED' }))).toBe(false);
    expect(
      isDatabaseUnavailable(said({ code: 'UPSTREAM_FAILED', cause: said({ code: 'ECONNRESET' }) })),
    ).toBe(false);
  });

  it('ends, also with an error that causes itself', () => {
    const error = prismas({});
    error.cause = error;
    expect(isDatabaseUnavailable(error)).toBe(false);
  });
});
