import { describe, expect, it } from '@jest/globals';
import { BadRequestException, HttpException } from '@nestjs/common';
import { WriteConflictError } from '#event-sourcing';
import { IdentifierKeyTakenError } from '#identity';
import { DatabaseUnavailableError } from '#platform';
import { type ErrorCode, errorTable } from './error-table.js';
import { foreignCodes } from './foreign-codes.js';
import { loggable } from './loggable.js';
import { refusal, refusalBody } from './refusal.js';
import { refusalOf } from './refusal-of.js';
import { unansweredCodes } from './unanswered-codes.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('how an error is answered', () => {
  it('goes by its code', () => {
    const taken = refusalOf(new IdentifierKeyTakenError('ada', null));
    expect(taken).toMatchObject({ code: 'IDENTIFIER_KEY_TAKEN', status: 409, retry: false });
    const lost = refusalOf(new WriteConflictError('s', 6));
    expect(lost).toMatchObject({ code: 'WRITE_CONFLICT', status: 409, retry: true, retryAfter: 1 });
  });

  it('goes by what a framework wrapped, and repeats no words of the framework’s own', () => {
    const tooLarge = Object.assign(new Error(), { code: 'FST_ERR_CTP_BODY_TOO_LARGE' });
    expect(refusalOf(new HttpException('x', 413, { cause: tooLarge }))).toMatchObject({
      code: 'BODY_TOO_LARGE',
      status: 413,
    });
    expect(refusalOf(new BadRequestException('/v1/ada'))).toMatchObject({
      code: 'MALFORMED_REQUEST',
      status: 400,
      detail: 'Bad Request',
    });
  });

  it.each(Object.entries(foreignCodes))('answers %s with a code of ours', (code, known) => {
    const error = Object.assign(new Error('their words'), { code });
    expect(refusalOf(error)).toEqual(known);
    expect(known).toMatchObject(errorTable[known.code]);
  });

  it('says what the table says, else the error, else its status', () => {
    const said = (code: ErrorCode, error?: Error) => refusalBody(refusal(code), TRACE, error);
    const error = Object.assign(new Error('Key (name)=(Ada)'), { examples: ['identity-1'] });
    expect(said('UNSTORABLE', error).detail).toBe(errorTable.UNSTORABLE.detail);
    expect(said('INVALID_REQUEST', error)).toEqual({
      detail: 'Key (name)=(Ada)',
      code: 'INVALID_REQUEST',
      trace_id: TRACE,
      examples: ['identity-1'],
    });
    expect(said('METHOD_NOT_ALLOWED')).toEqual({
      detail: 'Method Not Allowed',
      code: 'METHOD_NOT_ALLOWED',
      trace_id: TRACE,
    });
  });

  it.each(Object.values(unansweredCodes).flatMap((codes) => Object.keys(codes)))(
    'is our fault when %s comes through',
    (code) => expect(refusalOf(Object.assign(new Error('secret'), { code }))).toBeUndefined(),
  );

  it.each([
    new DatabaseUnavailableError(),
    Object.assign(new Error(), { name: 'PrismaClientKnownRequestError', code: 'P1001' }),
  ])('is 503 when the database is away', (error) => expect(refusalOf(error)?.status).toBe(503));

  it.each(['22021', '22P05', '22007', '22008'])(
    'is 422 when the database does not take a value: %s',
    (code) => {
      const error = Object.assign(new Error('invalid byte sequence'), { code });
      const prismas = Object.assign(new Error(), {
        code: 'P2010',
        meta: { driverAdapterError: { cause: { originalCode: code } } },
      });
      expect([refusalOf(error)?.status, refusalOf(prismas)?.status]).toEqual([422, 422]);
    },
  );

  it.each([
    new Error('a bug'),
    new TypeError('a bug'),
    Object.assign(new Error(), { code: 'toString' }),
    new HttpException('x', 500),
    'a string',
    undefined,
  ])('is our fault otherwise', (error) => expect(refusalOf(error)).toBeUndefined());
});

describe('an error in the log', () => {
  it('carries no values of a row', () => {
    const cause = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (name)=(Lovelace) exists',
    });
    const logged = loggable(new Error('failed', { cause }));
    expect(logged).toMatchObject({ message: 'failed', cause: { code: '23505', message: 'duplicate key' } });
    expect(JSON.stringify(logged)).not.toContain('Lovelace');
  });

  it('ends, also when it causes itself', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(JSON.stringify(loggable(error)).match(/"message":"loop"/g)).toHaveLength(4);
  });
});
