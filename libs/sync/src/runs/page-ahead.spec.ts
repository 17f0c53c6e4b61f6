import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SealedConnection } from '../connections/connection.js';
import type { CountedCalls } from './counted-calls.js';
import { PageAhead } from './page-ahead.js';
import type { PageReader, RunPage } from './page-reader.js';
import type { Run } from './run.js';

const NOW = new Date('2026-09-01T10:00:00Z');
const run = { id: 'r1', pages: 3 } as Run;
const connection = { updatedAt: NOW, secretsVersion: 1 } as SealedConnection;
const page = { observations: [] } as unknown as RunPage;

describe('the page ahead', () => {
  let reads: { run: Run; signal: AbortSignal }[];
  let answer: Promise<RunPage>;
  let ahead: PageAhead;
  beforeEach(() => {
    reads = [];
    answer = Promise.resolve(page);
    const reader = {
      read(
        asked: Run,
        _connection: SealedConnection,
        calls: CountedCalls,
        { signal }: { signal: AbortSignal },
      ) {
        reads.push({ run: asked, signal });
        calls.count += 2;
        return answer;
      },
    };
    ahead = new PageAhead(reader as unknown as PageReader);
  });

  it('is there for its place, once', async () => {
    ahead.ask(run, connection, NOW);
    const taken = ahead.take(run, connection);
    expect(await taken?.page).toBe(page);
    expect(taken).toMatchObject({ askedAt: NOW, calls: { count: 2 } });
    expect(ahead.take(run, connection)).toBeNull();
    expect(ahead.drop()).toBe(0);
  });

  it.each([
    ['another place', { ...run, pages: 4 }, connection],
    ['another run', { ...run, id: 'r2' }, connection],
    ['a changed connection', run, { ...connection, updatedAt: new Date(NOW.getTime() + 1) }],
    ['new secrets', run, { ...connection, secretsVersion: 2 }],
  ])('is not there for %s', (_what, otherRun, otherConnection) => {
    ahead.ask(run, connection, NOW);
    expect(ahead.take(otherRun, otherConnection)).toBeNull();
  });

  it('is stopped when nobody wants it, and its calls are told', () => {
    ahead.ask(run, connection, NOW);
    expect(ahead.drop()).toBe(2);
    expect(reads[0]?.signal.aborted).toBe(true);
    expect(ahead.drop()).toBe(0);
  });

  it('counts the calls of the page that it replaces', () => {
    ahead.ask(run, connection, NOW);
    ahead.ask({ ...run, pages: 4 }, connection, NOW);
    expect(reads[0]?.signal.aborted).toBe(true);
    expect(ahead.take({ ...run, pages: 4 }, connection)?.calls.count).toBe(4);
  });

  it('gives its error to who takes it, and to nobody else', async () => {
    answer = Promise.reject(new Error('the vendor is away'));
    ahead.ask(run, connection, NOW);
    await expect(ahead.take(run, connection)?.page).rejects.toThrow('the vendor is away');
    ahead.ask(run, connection, NOW);
    expect(ahead.drop()).toBe(2);
  });
});
