import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { PostgresEventStore } from '#event-sourcing';
import { anAppend, anEvent } from '#event-sourcing/testing';
import { createPool, type Pool } from '#platform';
import { describeEachDatabase } from '../support/databases.js';

jest.setTimeout(120_000); // Minutes where the machine is busy, seconds otherwise.

const KILLS = 8;

describeEachDatabase('a subscriber that is killed', (database) => {
  let pool: Pool;
  let subscriber: ChildProcess | undefined;
  beforeAll(async () => {
    pool = createPool({ url: database.url });
    // No unique key: an event that is handled twice must show.
    await pool.query('create table handled (at serial, event_id uuid)');
  });
  afterAll(async () => {
    subscriber?.kill('SIGKILL');
    await pool.end();
  });

  it('has handled every event once after the next one has taken over', async () => {
    const store = new PostgresEventStore(pool);
    const appended: string[] = [];
    for (let kill = 0; kill <= KILLS; kill++) {
      const events = Array.from({ length: 20 }, () => anEvent());
      await store.append([anAppend({ events })]);
      appended.push(...events.map(({ id }) => id));
      subscriber = startSubscriber();
      if (kill < KILLS) await killWhileHandling(subscriber, 1 + (kill % 3));
    }
    await until(async () => (await handled()).length >= appended.length);
    expect(await handled()).toEqual(appended);
  });

  const startSubscriber = () =>
    spawn(process.execPath, ['test/faults/subscriber.mjs'], {
      env: { ...process.env, DATABASE_URL: database.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  /** Kills it in its nth page, between the handler's writes and the commit or right after it. */
  async function killWhileHandling(process: ChildProcess, page: number): Promise<void> {
    for (let seen = 0; seen < page; seen++) await once(process.stdout ?? process, 'data');
    process.kill('SIGKILL');
    await once(process, 'exit');
  }

  const handled = async (): Promise<string[]> => {
    const { rows } = await pool.query('select event_id from handled order by at');
    return rows.map(({ event_id }) => event_id);
  };
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
