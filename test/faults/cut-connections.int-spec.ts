import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { PostgresEventStore, type RecordedEvent, WrongExpectedVersionError } from '#event-sourcing';
import { type AppendAttempt, anAppend, anEvent, findAnomalies } from '#event-sourcing/testing';
import { createPool, type Pool, uuidv4 } from '#platform';
import { describeEachDatabase } from '../support/databases.js';

jest.setTimeout(120_000); // Minutes where the machine is busy, seconds otherwise.

const WRITERS = 6;
const APPENDS_EACH = 60;

/** Connections break at any moment, also during a commit: what was acknowledged stays, the rest is whole or absent. */
describeEachDatabase('appends over connections that are cut', (database) => {
  let pool: Pool;
  let killer: Pool;
  let store: PostgresEventStore;
  beforeAll(() => {
    pool = createPool({ url: database.url, name: 'victim' });
    killer = createPool({ url: database.url, name: 'killer' });
    store = new PostgresEventStore(pool);
  });
  afterAll(async () => {
    await pool.end();
    await killer.end();
  });

  it('lose nothing that was acknowledged, tear nothing and repeat nothing', async () => {
    const writing = Promise.all(Array.from({ length: WRITERS }, write));
    await cutUntil(writing);
    const attempts = (await writing).flat();
    expect(attempts.filter(({ outcome }) => outcome === 'unknown').length).toBeGreaterThan(0);
    const log = await readLog();
    expect(findAnomalies({ attempts, log, handled: log })).toEqual([]);
    expect(log.length).toBeGreaterThan(0);
  });

  async function write(): Promise<AppendAttempt[]> {
    const attempts: AppendAttempt[] = [];
    for (let n = 0; n < APPENDS_EACH; n++) {
      const streamId = streams[Math.floor(Math.random() * streams.length)] ?? '';
      const events = Array.from({ length: 1 + Math.floor(Math.random() * 3) }, () => anEvent());
      const appends = [anAppend({ streamId, expectedVersion: 'any', events })];
      const startedAt = performance.now();
      const outcome = await store.append(appends).catch((error) => {
        if (error instanceof WrongExpectedVersionError) throw error;
        return 'unknown' as const;
      });
      attempts.push({ startedAt, endedAt: performance.now(), appends, outcome });
    }
    return attempts;
  }

  async function cutUntil(end: Promise<unknown>): Promise<void> {
    let running = true;
    const ended = end.finally(() => {
      running = false;
    });
    while (running) {
      await killer.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'victim' and datname = current_database() and random() < 0.3`,
      );
    }
    await ended;
  }

  async function readLog(): Promise<RecordedEvent[]> {
    const log: RecordedEvent[] = [];
    const reader = new PostgresEventStore(killer);
    let page = await reader.readAll(0, 500);
    for (; page.events.length > 0; page = await reader.readAll(page.safe, 500)) log.push(...page.events);
    return log;
  }
});

const streams = Array.from({ length: 5 }, uuidv4);
