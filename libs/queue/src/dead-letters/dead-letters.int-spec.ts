import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import { newSecretKey, SecretBox, uuidv7 } from '#platform';
import { describeEachBackend, until } from '../../../../test/support/queue-world.js';
import {
  DeadLetterDiscardedError,
  DeadLetterNotFoundError,
  DeadLetters,
  defineJob,
  JobRunner,
  type JobRunnerOptions,
  PostgresDeadLetterStore,
  Queues,
} from '../index.js';

jest.setTimeout(30_000);

const pay = defineJob({
  queue: 'payments',
  name: 'pay',
  schema: z.object({ invoice: z.string() }),
  attempts: 1,
});

describeEachBackend('dead letters', (world) => {
  let queues: Queues;
  let deadLetters: DeadLetters;
  let runner: JobRunner;
  let broken: boolean;
  let runs: { invoice: string; jobKey: string }[];

  beforeEach(async () => {
    broken = true;
    runs = [];
    queues = new Queues(world().backend);
    deadLetters = new DeadLetters(world().store, queues);
    runner = payingRunner();
    await runner.start();
  });
  afterEach(async () => {
    await runner.close();
    await queues.close();
  });

  function payingRunner(options: Partial<JobRunnerOptions> = {}): JobRunner {
    const { backend, store } = world();
    return new JobRunner({ backend, deadLetters: store, ...options }).register(
      pay,
      async ({ invoice }, { jobKey }) => {
        runs.push({ invoice, jobKey });
        if (broken) throw new Error('bank is closed');
      },
    );
  }

  async function record(count: number, queue: string) {
    for (let number = 0; number < count; number++) {
      await world().store.record({ ...letterOf(`${queue}:${number}:1700000000000`), queue });
    }
  }

  async function letters(status?: 'waiting' | 'retried' | 'discarded') {
    return (await world().store.list(status ? { status } : {}, { limit: 50 })).letters;
  }

  async function bury(...invoices: string[]) {
    await queues.addBulk(
      pay,
      invoices.map((invoice) => ({ data: { invoice } })),
    );
    await until(async () => (await letters('waiting')).length === invoices.length);
    await until(() => isIdle());
    return (await letters('waiting')).map((letter) => letter.id).reverse();
  }

  async function isIdle(): Promise<boolean> {
    const { waiting, delayed, active } = await queues.counts('payments');
    return waiting + delayed + active === 0;
  }

  it('run again when retried, under the key of the first run', async () => {
    const [id = ''] = await bury('A-1');
    broken = false;

    expect(await deadLetters.retry(id)).toMatchObject({ id, status: 'retried' });

    await until(() => runs.length === 2);
    expect(runs[1]).toEqual(runs[0]);
  });

  it('go back to their queue once, however often and however closely they are retried', async () => {
    await runner.close();
    const { store } = world();
    await store.record(letterOf('payments:1:1700000000000'));
    const id = String((await letters())[0]?.id);

    const answers = await Promise.all(Array.from({ length: 5 }, () => deadLetters.retry(id)));

    expect(answers.map((letter) => letter.status)).toEqual(Array(5).fill('retried'));
    expect((await queues.counts('payments')).waiting).toBe(1);
  });

  it('survive a crash after the job was added and before the letter was marked', async () => {
    await runner.close();
    const { store } = world();
    await store.record(letterOf('payments:1:1700000000000'));
    const id = String((await letters())[0]?.id);
    const crashing = new DeadLetters(store, {
      addRaw: async (queue, jobs) => {
        await queues.addRaw(queue, jobs);
        throw new Error('killed');
      },
    });

    await expect(crashing.retry(id)).rejects.toThrow('killed');
    expect(await store.find(id)).toMatchObject({ status: 'waiting' });
    await deadLetters.retry(id);

    expect((await queues.counts('payments')).waiting).toBe(1);
  });

  it('wait again in the same letter when the job fails again', async () => {
    const [id = ''] = await bury('A-1');

    await deadLetters.retry(id);
    await until(async () => runs.length === 2 && (await letters('waiting')).length === 1);
    await deadLetters.retry(id);
    await until(async () => runs.length === 3 && (await letters('waiting')).length === 1);

    expect((await letters()).map((letter) => letter.id)).toEqual([id]);
    expect(new Set(runs.map((run) => run.jobKey)).size).toBe(1);
  });

  it('go back although the queue has not yet let go of the run that failed again', async () => {
    await runner.close();
    const { store } = world();
    const letter = letterOf('payments:1:1700000000000');
    await store.record(letter);
    const id = String((await letters())[0]?.id);
    await deadLetters.retry(id);

    await store.record(letter);
    await deadLetters.retry(id);

    expect((await queues.counts('payments')).waiting).toBe(2);
  });

  it('are retried by filter, each once, also when two do it at the same time', async () => {
    await runner.close();
    await record(450, 'payments');
    await record(2, 'other');

    const totals = await Promise.all([
      deadLetters.retryWhere({ queue: 'payments' }),
      deadLetters.retryWhere({ queue: 'payments' }),
    ]);

    expect(totals.map((total) => total.retried).reduce((a, b) => a + b)).toBe(450);
    expect((await queues.counts('payments')).waiting).toBe(450);
    expect((await letters('waiting')).map((letter) => letter.queue)).toEqual(['other', 'other']);
  });

  it('are retried by filter once, also when their jobs fail again at once', async () => {
    await bury('A-1', 'A-2', 'A-3');

    expect(await deadLetters.retryWhere({ code: 'JOB_FAILED' })).toEqual({ retried: 3, unreadable: 0 });

    await until(async () => runs.length === 6 && (await letters('waiting')).length === 3);
  });

  it('do not hold each other up when the key of one is gone', async () => {
    await runner.close();
    const { pool, store } = world();
    const gone = new PostgresDeadLetterStore(pool, new SecretBox(newSecretKey()));
    await gone.record(letterOf('payments:1:1700000000000'));
    await store.record(letterOf('payments:2:1700000000000'));

    expect(await deadLetters.retryWhere({})).toEqual({ retried: 1, unreadable: 1 });
    expect(await letters('waiting')).toHaveLength(1);
  });

  it('keep their priority on the way back', async () => {
    await runner.close();
    const { store } = world();
    await store.record({
      ...letterOf('payments:1:1700000000000'),
      payload: { data: { invoice: 'bulk' }, priority: 9 },
    });
    await store.record({
      ...letterOf('payments:2:1700000000000'),
      payload: { data: { invoice: 'one' }, priority: 0 },
    });
    await deadLetters.retryWhere({});

    broken = false;
    runner = payingRunner({ concurrency: 1 });
    await runner.start();
    await until(() => runs.length === 2);
    expect(runs.map((run) => run.invoice)).toEqual(['one', 'bulk']);
  });

  it('are listed newest first, page by page, by what is known of them', async () => {
    await runner.close();
    await record(5, 'payments');
    await record(1, 'other');
    const { store } = world();

    const first = await store.list({ queue: 'payments' }, { limit: 3 });
    const second = await store.list({ queue: 'payments' }, { limit: 3, after: String(first.next) });

    const ids = [...first.letters, ...second.letters].map((letter) => letter.id);
    expect(ids).toEqual([...ids].sort().reverse());
    expect([first.letters.length, second.letters.length, second.next]).toEqual([3, 2, null]);
    expect((await store.list({ code: 'OTHER' }, { limit: 3 })).letters).toEqual([]);
    expect((await store.list({ jobName: 'pay', status: 'waiting' }, { limit: 9 })).letters).toHaveLength(6);
    const later = new Date(Date.now() + 60_000);
    expect((await store.list({ failedFrom: later }, { limit: 9 })).letters).toHaveLength(0);
    expect((await store.list({ failedBefore: later }, { limit: 9 })).letters).toHaveLength(6);
  });

  it('are discarded by filter when they wait, and purged when they are resolved and old', async () => {
    await runner.close();
    await record(3, 'payments');
    await record(1, 'other');
    const { store } = world();

    expect(await deadLetters.discardWhere({ queue: 'payments' })).toBe(3);
    expect(await deadLetters.discardWhere({ queue: 'payments' })).toBe(0);
    expect(await store.purge(new Date(Date.now() - 60_000))).toBe(0);
    expect(await store.purge(new Date(Date.now() + 60_000))).toBe(3);
    expect((await letters()).map((letter) => letter.queue)).toEqual(['other']);
  });

  it('take names and ids that PostgreSQL could not hold as they are', async () => {
    const { store } = world();
    await store.record({
      ...letterOf('payments:1:1700000000000'),
      jobName: 'pay\0',
      jobId: 'x'.repeat(5_000),
    });

    expect((await letters())[0]).toMatchObject({ jobName: 'pay\\u0000', jobId: 'x'.repeat(200) });
  });

  it('say so when there is no such letter', async () => {
    const id = uuidv7();
    await expect(deadLetters.retry(id)).rejects.toThrow(DeadLetterNotFoundError);
    await expect(deadLetters.discard(id)).rejects.toThrow(DeadLetterNotFoundError);
    expect(await world().store.find(id)).toBeUndefined();
  });

  it('lose their data when discarded, and stay discarded', async () => {
    const [id = ''] = await bury('A-1');
    const { store, pool } = world();

    expect(await deadLetters.discard(id)).toMatchObject({ id, status: 'discarded' });

    const { rows } = await pool.query('select octet_length(payload) as size from dead_letters');
    expect(rows).toEqual([{ size: 0 }]);
    await expect(deadLetters.retry(id)).rejects.toThrow(DeadLetterDiscardedError);
    await expect(store.payload(id)).rejects.toThrow(DeadLetterDiscardedError);
    await store.record(letterOf(String(runs[0]?.jobKey)));
    expect(await store.find(id)).toMatchObject({ status: 'discarded' });
  });
});

const letterOf = (jobKey: string) => ({
  queue: 'payments',
  jobName: 'pay',
  jobId: '1',
  jobKey,
  code: 'JOB_FAILED',
  reason: 'Error',
  attempts: 1,
  payload: { data: { invoice: 'A-1' }, priority: 0 },
});
