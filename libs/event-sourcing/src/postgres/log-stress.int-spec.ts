import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { createPool, type Pool, uuidv4 } from '#platform';
import { borrowClient } from '#platform/testing';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import { WrongExpectedVersionError } from '../errors.js';
import type { RecordedEvent } from '../event.js';
import type { StreamAppend } from '../event-store.js';
import { anAppend, anEvent } from '../testing/builders.js';
import { type AppendAttempt, findAnomalies } from '../testing/history-checker.js';
import { PostgresEventStore } from './postgres-event-store.js';

jest.setTimeout(120_000); // Minutes where the machine is busy, seconds otherwise.

const WRITERS = 12;
const APPENDS_EACH = 60;

/**
 * Many writers on few streams: single events and batches, stale versions, transactions that write first, dawdle and
 * roll back. A subscriber reads along. The same with a plain `position > checkpoint` reader misses a fifth.
 */
describeEachDatabase('a log under stress', (database) => {
  let pool: Pool;
  let store: PostgresEventStore;
  beforeAll(async () => {
    pool = createPool({ url: database.url, max: WRITERS + 2 });
    store = new PostgresEventStore(pool);
    await pool.query('create table written_before (writer int, at timestamptz)');
  });
  afterAll(() => pool.end());

  it('loses nothing, repeats nothing, keeps every stream in order', async () => {
    const writing = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    const reading = readAlong(writing);
    const attempts = (await writing).flat();
    const handled = await reading;
    const log = await wholeLog();
    expect(findAnomalies({ attempts, log, handled })).toEqual([]);
    expect(kindsOf(attempts)).toEqual(new Set(['appended', 'conflict', 'unknown']));
  });

  async function write(writer: number): Promise<AppendAttempt[]> {
    const attempts: AppendAttempt[] = [];
    for (let n = 0; n < APPENDS_EACH; n++) attempts.push(await attempt(writer, await someAppends()));
    return attempts;
  }

  async function attempt(writer: number, appends: readonly StreamAppend[]): Promise<AppendAttempt> {
    const startedAt = performance.now();
    const how = Math.random() < 0.5 ? inOneStatement(appends) : inATransaction(writer, appends);
    const outcome = await how.catch((error) => {
      if (error instanceof WrongExpectedVersionError) return 'conflict' as const;
      throw error;
    });
    return { startedAt, endedAt: performance.now(), appends, outcome };
  }

  const inOneStatement = (appends: readonly StreamAppend[]) => store.append(appends);

  async function inATransaction(writer: number, appends: readonly StreamAppend[]) {
    const client = await borrowClient(pool);
    const dawdle = () => client.query('select pg_sleep($1)', [Math.random() * 0.01]);
    try {
      await client.query('begin');
      await client.query('insert into written_before values ($1, now())', [writer]);
      const results = await store.within(client).append(appends);
      await dawdle();
      const keep = Math.random() < 0.8;
      await client.query(keep ? 'commit' : 'rollback');
      return keep ? results : ('unknown' as const);
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  async function readAlong(writing: Promise<unknown>): Promise<RecordedEvent[]> {
    const handled: RecordedEvent[] = [];
    let ended = false;
    const end = writing.finally(() => {
      ended = true;
    });
    for (let at = 0, last = false; !last; last = ended && at >= (await lastPosition())) {
      const page = await store.readAll(at, 50);
      handled.push(...page.events);
      at = page.safe;
    }
    await end;
    return handled;
  }

  /** One to three hot streams at the version seen a moment ago, a stale one, or any. */
  async function someAppends(): Promise<StreamAppend[]> {
    const count = Math.random() < 0.6 ? 1 : 3;
    const chosen = [...streams].sort(() => Math.random() - 0.5).slice(0, count);
    const { rows } = await pool.query<{ stream_id: string; version: number }>(
      'select stream_id, version from es.streams where stream_id = any($1)',
      [chosen],
    );
    const versions = new Map(rows.map((row) => [row.stream_id, row.version]));
    return chosen.map((streamId) =>
      anAppend({
        streamId,
        expectedVersion: Math.random() < 0.5 ? 'any' : (versions.get(streamId) ?? 0),
        events: Array.from({ length: 1 + Math.floor(Math.random() * 3) }, () => anEvent()),
      }),
    );
  }

  async function wholeLog(): Promise<RecordedEvent[]> {
    const all = await Promise.all(streams.map((streamId) => store.readStream(streamId)));
    return all.flat().sort((a, b) => a.globalPosition - b.globalPosition);
  }

  const lastPosition = async (): Promise<number> =>
    (await pool.query('select max(global_position) as last from es.events')).rows[0].last ?? 0;
});

const streams = Array.from({ length: 12 }, uuidv4);

const kindsOf = (attempts: readonly AppendAttempt[]) =>
  new Set(attempts.map(({ outcome }) => (typeof outcome === 'string' ? outcome : 'appended')));
