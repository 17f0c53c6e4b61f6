import { describe, expect, it } from '@jest/globals';
import { BadRequestException, HttpException } from '@nestjs/common';
import { WriteConflictError } from '#event-sourcing';
import { IdentifierKeyTakenError } from '#identity';
import { DatabaseUnavailableError } from '#platform';
import { loggable } from './loggable.js';
import { refusalOf } from './refusal-of.js';

describe('how an error is answered', () => {
  it('goes by its code', () => {
    expect(refusalOf(new IdentifierKeyTakenError('ada', null))).toEqual({ status: 409, retry: false });
    expect(refusalOf(new WriteConflictError('s', 6))).toEqual({ status: 409, retry: true, retryAfter: 1 });
  });

  it('goes by what a framework wrapped, and repeats no words of the framework’s own', () => {
    const tooLarge = Object.assign(new Error(), { code: 'FST_ERR_CTP_BODY_TOO_LARGE' });
    expect(refusalOf(new HttpException('x', 413, { cause: tooLarge }))?.status).toBe(413);
    expect(refusalOf(new BadRequestException('/v1/ada'))).toEqual({ status: 400, detail: 'Bad Request' });
  });

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
