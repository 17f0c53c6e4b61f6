import { describe, expect, it } from '@jest/globals';
import { DatabaseUnavailableError, type Logger } from '#platform';
import { restingAfterFailure, sayError, waitingFreely } from './bullmq-worker.js';

describe('the wait before a worker asks again', () => {
  const asking = async <T>(fn: () => Promise<T>, delayMs: number): Promise<T | undefined> => {
    expect(delayMs).toBe(0);
    return fn().catch(() => undefined);
  };
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

  it('keeps no process alive', async () => {
    const before = timers();
    let waited = false;
    const waiting = waitingFreely(async () => Promise.reject(new Error('the connection is gone')), asking);
    void waiting.then(() => {
      waited = true;
    });
    await new Promise(setImmediate);
    expect({ waited, timers: timers() }).toEqual({ waited: false, timers: before });
  });

  it('is none when the answer came', async () =>
    expect(await waitingFreely(async () => 'an answer', asking)).toBe('an answer'));
});

describe('the rest after a job could not be taken', () => {
  it('is there for whoever would ask again at once', async () => {
    let isOver = false;
    void restingAfterFailure(() => Promise.reject(new Error('away'))).catch(() => {
      isOver = true;
    });
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
  });

  it('is none for what was told', async () =>
    expect(await restingAfterFailure(async () => 'a job')).toBe('a job'));
});

describe('what a worker says of an error', () => {
  const levels = (error: Error) => {
    const said: string[] = [];
    const log = { debug: () => said.push('debug'), warn: () => said.push('warn') } as unknown as Logger;
    sayError(log, error, 'queue worker');
    return said;
  };

  it.each([
    ['its pool', new DatabaseUnavailableError()],
    ['the connection', Object.assign(new Error('write'), { code: 'ECONNRESET' })],
    ['the server', Object.assign(new Error('too many'), { code: '53300' })],
  ])('is little where %s has said that the database is away', (_who, error) =>
    expect(levels(error)).toEqual(['debug']),
  );

  it('is more for anything else', () => expect(levels(new Error('a fault'))).toEqual(['warn']));
});
