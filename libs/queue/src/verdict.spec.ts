import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { DatabaseUnavailableError } from '#platform';
import { defineJob, jobJsonSchema, restBefore } from './job-definition.js';
import { dataFailureOf, jobFailureOf, judge } from './verdict.js';

const shape = z.strictObject({
  email: z.email(),
  age: z.int().min(0),
  kind: z.enum(['user', 'org']),
  tags: z.record(z.string(), z.number()).optional(),
});
const job = defineJob({ queue: 'q', name: 'n', schema: shape, attempts: 3 });

const judged = (error: unknown, attempt = 1) =>
  judge({ error, attempt, policy: job, permanentCodes: new Set(['BAD_MAPPING']), random: 0 });

describe('the verdict on a failed job', () => {
  it('is another try as long as tries are left', () => {
    expect(judged(new Error('x'), 2)).toMatchObject({ kind: 'retry', afterMs: 2_000 });
    expect(judged(new Error('x'), 3)).toMatchObject({ kind: 'dead' });
  });

  it('is final when the error says so or its code is known to be', () => {
    expect(judged(Object.assign(new Error('gone'), { retryable: false }))).toMatchObject({ kind: 'dead' });
    expect(judged(Object.assign(new Error('bad'), { code: 'BAD_MAPPING' }))).toMatchObject({ kind: 'dead' });
  });

  it.each([
    new DatabaseUnavailableError(),
    Object.assign(new Error(), { name: 'PrismaClientKnownRequestError', code: 'P1017' }),
  ])('is not counted while the database is away (%s)', (error) =>
    expect(judged(error, 1_000)).toMatchObject({
      kind: 'postpone',
      afterMs: 2_000,
      failure: { code: 'DATABASE_UNAVAILABLE' },
    }),
  );

  it.each(['22021', '22P05', '22007', '22008', '54000'])(
    'is final when the data cannot be stored: %s',
    (code) =>
      expect(judged(Object.assign(new Error('x'), { code }))).toEqual({
        kind: 'dead',
        failure: { code: 'UNSTORABLE', reason: expect.any(String) },
      }),
  );

  it('waits as long as the error asks for', () =>
    expect(judged(Object.assign(new Error('slow down'), { retryAfterMs: 9_000 }))).toMatchObject({
      kind: 'retry',
      afterMs: 9_000,
    }));

  it.each([undefined, null, 'text', 7, {}])('copes with %j being thrown', (thrown) =>
    expect(judged(thrown)).toMatchObject({ kind: 'retry', failure: { code: 'JOB_FAILED' } }),
  );
});

describe('the reason of a dead letter', () => {
  it('is the message of an error of ours', () =>
    expect(jobFailureOf(Object.assign(new Error('No mapping 7'), { code: 'BAD_MAPPING' }))).toEqual({
      code: 'BAD_MAPPING',
      reason: 'No mapping 7',
    }));

  it.each([
    ['22P02', 'invalid input syntax for type uuid: "ada@example.org"'],
    ['XX000', 'row of ada@example.org'],
    ['ERR_INVALID_ARG_TYPE', 'Received ada@example.org'],
    [undefined, 'Unexpected token in ada@example.org'],
  ])('is only the kind of any other, whose message may quote data (%s)', (code, message) => {
    const { reason } = jobFailureOf(Object.assign(new TypeError(message), { code }));
    expect(reason).toBe(code ? `TypeError (${code})` : 'TypeError');
  });

  it('says where data is wrong and what was expected', () => {
    const parsed = shape.safeParse({ email: 'ada', age: -1, kind: 'robot', extra: 1 });
    expect(dataFailureOf(parsed.error as z.ZodError)).toEqual({
      code: 'JOB_INVALID',
      reason:
        'email: invalid_format, expected email; age: too_small, expected at least 0; ' +
        'kind: invalid_value, expected user or org; (the data): unrecognized_keys',
    });
  });

  it('never holds a value that came', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (secret) => {
        const parsed = shape.safeParse({ email: `${secret} `, age: secret, kind: secret, [secret]: secret });
        expect(dataFailureOf(parsed.error as z.ZodError).reason).not.toContain(secret);
      }),
    );
  });
});

describe('the rest between tries', () => {
  it('doubles up to its limit and is shortened by at most a fifth', () => {
    const backoff = { firstMs: 100, maxMs: 350 };
    expect([1, 2, 3, 4, 60].map((attempt) => restBefore(backoff, attempt, 0))).toEqual([
      100, 200, 350, 350, 350,
    ]);
    expect(restBefore(backoff, 1, 0.999)).toBe(80);
  });
});

describe('the JSON Schema of a job', () => {
  it('is that of what a producer sends', () => {
    const withDefault = defineJob({ queue: 'q', name: 'n', schema: z.object({ times: z.int().default(1) }) });
    expect(jobJsonSchema(withDefault)).toMatchObject({
      type: 'object',
      properties: { times: { type: 'integer', default: 1 } },
    });
    expect(jobJsonSchema(withDefault).required).toBeUndefined();
  });
});
