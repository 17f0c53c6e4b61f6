import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createPool, newSecretKey, SecretBox } from '#platform';
import { defineJob, JobRunner, PostgresDeadLetterStore, Queues, redisBackend } from '#queue';
import { createTestDatabase } from './databases.js';
import { newGate } from './greeting-bench.js';

export type TaskOffice = Awaited<ReturnType<typeof openOffice>>;

/** Who adds jobs and who does them, with the effects in PostgreSQL: one for each name, recorded once. */
export async function openOffice(url: string, lockDurationMs = 2_000) {
  const database = await createTestDatabase();
  const pool = createPool({ url: database.url });
  await pool.query('create table effects (name text primary key)');
  const backend = redisBackend(url, { prefix: PREFIX });
  const queues = new Queues(backend);
  const producers = [queues];
  const runs = new Map<string, string[]>();
  const gates = new Map<string, ReturnType<typeof newGate>>();
  const finished = new Set<string>();

  const runner = new JobRunner({
    backend,
    deadLetters: new PostgresDeadLetterStore(pool, new SecretBox(newSecretKey())),
    lockDurationMs,
    stalledIntervalMs: 500,
    closeWithinMs: 2_000,
  }).register(task, async ({ name }, { jobKey }) => {
    runs.set(name, [...(runs.get(name) ?? []), jobKey]);
    await gates.get(name)?.open;
    await pool.query('insert into effects (name) values ($1) on conflict do nothing', [name]);
    finished.add(name);
  });
  await runner.start();

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    for (const gate of gates.values()) gate.release();
    await runner.close();
    for (const producer of producers) await producer.close();
    await backend.close();
    await pool.end();
    await database.drop();
  }

  const add = (name: string) => queues.add(task, { name });
  const done = (name: string) => finished.has(name);

  return {
    queues,
    runs,
    gates,
    add,
    done,
    /** How many jobs each name became, however often each of them ran. */
    jobsOf: (...names: string[]) => names.map((name) => new Set(runs.get(name)).size),

    async isIdle(): Promise<boolean> {
      const { waiting, delayed, active } = await queues.counts('tasks');
      return waiting + delayed + active === 0;
    },

    async effects(): Promise<string[]> {
      const { rows } = await pool.query<{ name: string }>('select name from effects');
      return rows.map(({ name }) => name).sort();
    },

    /** Each once, whatever becomes of it. @returns the names that were acknowledged */
    async addInTurn(names: readonly string[]): Promise<string[]> {
      const acknowledged: string[] = [];
      for (const name of names) {
        if (await answers(() => add(name))) acknowledged.push(name);
      }
      return acknowledged;
    },

    /** As what is due in PostgreSQL is: added again, under one id, until it is done. */
    async keepDue(names: readonly string[]): Promise<void> {
      for (let open = [...names]; open.length > 0; open = open.filter((name) => !done(name))) {
        for (const name of open) await answers(() => queues.add(task, { name }, { jobId: name }));
        await sleep(20);
      }
    },

    anotherProducer(): Queues {
      const other = new Queues(backend);
      producers.push(other);
      return other;
    },

    close(): Promise<void> {
      closing ??= close();
      return closing;
    },
  };
}

export const answers = (ask: () => Promise<unknown>): Promise<boolean> =>
  ask().then(
    () => true,
    () => false,
  );

export const PREFIX = '{tasks}';

export const task = defineJob({
  queue: 'tasks',
  name: 'do',
  schema: z.strictObject({ name: z.string() }),
  attempts: 8,
  backoff: { firstMs: 20, maxMs: 200 },
});
