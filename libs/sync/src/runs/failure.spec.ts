import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AuthExpired, ConfigError, InvalidResponse, RateLimited, Transient } from '#connectors';
import { DatabaseUnavailableError } from '#platform';
import { isEverydayWait, judgeFailure, MAX_ATTEMPTS } from './failure.js';

const NOW = new Date('2026-09-01T10:00:00Z');
const later = (ms: number) => new Date(NOW.getTime() + ms);
const judge = (error: unknown, attempts = 0, random = 0) =>
  judgeFailure({ error, attempts, now: NOW, random });

describe('a rate limit', () => {
  it('is waited for as long as the vendor says, and uses up no try', () => {
    const verdict = judge(new RateLimited('slow down', later(10_000), 'burst'), 100);
    expect(verdict).toMatchObject({
      kind: 'wait',
      waitMs: 10_000,
      counted: false,
      pausesConnection: false,
    });
  });

  it('of a day pauses the connection', () => {
    const verdict = judge(new RateLimited('come tomorrow', later(3_600_000), 'daily'));
    expect(verdict).toMatchObject({ kind: 'wait', waitMs: 3_600_000, pausesConnection: true });
  });

  it('that is over already is no busy loop', () => {
    const verdict = judge(new RateLimited('slow down', later(-5_000), 'burst'));
    expect(verdict).toMatchObject({ waitMs: 100 });
  });
});

describe('what the database refuses for what it is', () => {
  const refused = (code: string) => Object.assign(new Error('no: ada@example.com'), { code });

  it.each(['22021', '22P05', '22007', '22008', '22003', '54000'])(
    'fails at once, and its reason quotes nothing: %s',
    (code) => {
      const verdict = judge(refused(code));
      expect(verdict).toMatchObject({ kind: 'fail', code: 'UNSTORABLE' });
      expect(JSON.stringify(verdict)).not.toContain('ada');
    },
  );

  it('is known in what wraps it: a cause, and Prisma’s own errors', () => {
    const inPrisma = Object.assign(new Error('query failed'), {
      code: 'P2010',
      meta: { driverAdapterError: { cause: { originalCode: '22P05' } } },
    });
    for (const error of [new Error('page', { cause: refused('22021') }), inPrisma])
      expect(judge(error)).toMatchObject({ kind: 'fail', code: 'UNSTORABLE' });
  });

  it('is not another conflict with what is there', () =>
    expect(judge(refused('23505'))).toMatchObject({ kind: 'wait', code: 'UNEXPECTED' }));
});

describe('an everyday wait', () => {
  it('is that for a burst limit, the vendor’s or our own', () => {
    expect(isEverydayWait(judge(new RateLimited('slow down', later(1_000), 'burst')))).toBe(true);
  });

  it('is neither a used-up day nor a failure', () => {
    const others = [
      new RateLimited('come tomorrow', later(1_000), 'daily'),
      new Transient('503'),
      'a surprise',
    ];
    expect(others.map((error) => isEverydayWait(judge(error)))).toEqual([false, false, false]);
    expect(isEverydayWait(judge(new ConfigError('no such stream')))).toBe(false);
  });
});

describe('what may pass', () => {
  it('is tried again, each time later, in the end not at all', () => {
    const waits = Array.from({ length: MAX_ATTEMPTS }, (_, tries) => judge(new Transient('503'), tries));
    expect(waits.slice(0, 3)).toMatchObject([1, 2, 4].map((s) => ({ kind: 'wait', waitMs: s * 1_000 })));
    expect(waits.at(-1)).toEqual({ kind: 'fail', code: 'TRANSIENT', reason: '503' });
  });

  it('is not tried before the time the vendor named', () => {
    expect(judge(new Transient('503', later(60_000)))).toMatchObject({ waitMs: 60_000, counted: true });
  });

  it('never waits longer than five minutes, nor less than four fifths of its turn', () => {
    fc.assert(
      fc.property(
        fc.nat(MAX_ATTEMPTS - 2),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (tries, random) => {
          const verdict = judge(new Transient('503'), tries, random);
          const waited = verdict.kind === 'wait' ? verdict.waitMs : 0;
          expect(waited).toBeLessThanOrEqual(300_000);
          expect(waited).toBeGreaterThanOrEqual(Math.floor(800 * 2 ** tries));
        },
      ),
    );
  });
});

describe('what a person has to change', () => {
  it.each([
    [new ConfigError('a scope is missing'), 'CONFIG_ERROR'],
    [new InvalidResponse('HTML'), 'INVALID_RESPONSE'],
    [new AuthExpired('401'), 'AUTH_EXPIRED'],
    [
      Object.assign(new Error('needs new secrets'), { code: 'REAUTHORIZATION_REQUIRED' }),
      'REAUTHORIZATION_REQUIRED',
    ],
  ])('is not tried again: %s', (error, code) => {
    expect(judge(error)).toEqual({ kind: 'fail', code, reason: error.message });
  });
});

describe('an outage of our own database', () => {
  it('is waited out, and counts against nobody, however long it takes', () =>
    expect(judge(new DatabaseUnavailableError(), MAX_ATTEMPTS)).toEqual({
      kind: 'wait',
      waitMs: 2_000,
      code: 'DATABASE_UNAVAILABLE',
      reason: expect.any(String),
      pausesConnection: false,
      counted: false,
    }));
});

describe('what nobody expected', () => {
  it('is tried again, and told by its kind: its words may hold anything', () => {
    const error = Object.assign(new TypeError('ada@x.example'), { code: '22P02' });
    expect(judge(error)).toMatchObject({ kind: 'wait', code: 'UNEXPECTED', reason: 'TypeError (22P02)' });
    expect(judge(error, MAX_ATTEMPTS)).toMatchObject({ kind: 'fail', code: 'UNEXPECTED' });
  });
});
