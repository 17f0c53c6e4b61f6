import { expect, it } from '@jest/globals';
import {
  greet,
  greetAll,
  greetingBench,
  isIdle,
  letters,
  names,
  newGate,
  onlyLetter,
} from '../../../test/support/greeting-bench.js';
import { describeEachBackend, until } from '../../../test/support/queue-world.js';
import { defineJob } from './index.js';

describeEachBackend('a job runner', (world) => {
  const bench = greetingBench(world);

  it('hands a job to its handler, parsed and with its key', async () => {
    const runs = await bench.running();
    const before = Date.now();

    const jobId = await bench.queues.add(greet, { name: 'Ada' });

    await until(() => runs.length === 1);
    expect(runs[0]?.data).toEqual({ name: 'Ada', times: 1 });
    expect(runs[0]?.context).toMatchObject({ jobId, attempt: 1 });
    expect(runs[0]?.context.jobKey).toMatch(new RegExp(`^greetings:${jobId}:\\d{13}$`));
    expect(runs[0]?.context.enqueuedAt.getTime()).toBeGreaterThanOrEqual(before);
  });

  it('takes single jobs before bulk ones that came earlier', async () => {
    await bench.queues.addBulk(greetAll, [{ data: { name: 'bulk 1' } }, { data: { name: 'bulk 2' } }]);
    await bench.queues.add(greet, { name: 'single 1' });
    await bench.queues.add(greet, { name: 'single 2' });

    const runs = await bench.running(undefined, { concurrency: 1 });

    await until(() => runs.length === 4);
    expect(names(runs)).toEqual(['single 1', 'single 2', 'bulk 1', 'bulk 2']);
  });

  it('runs a delayed job when its delay has passed', async () => {
    const runs = await bench.running();
    await bench.queues.add(greet, { name: 'later' }, { delayMs: 300 });

    await until(() => runs.length === 1);
    expect(Date.now() - Number(runs[0]?.context.enqueuedAt)).toBeGreaterThanOrEqual(300);
  });

  it('runs the others while a job is delayed', async () => {
    const runs = await bench.running();
    await bench.queues.add(greet, { name: 'in an hour' }, { delayMs: 3_600_000 });
    await bench.queues.add(greet, { name: 'now' });

    await until(() => runs.length === 1);
    expect(names(runs)).toEqual(['now']);
    expect(await bench.queues.counts('greetings')).toMatchObject({ delayed: 1 });
  });

  it('adds a job once while one of its id is on the queue', async () => {
    const first = await bench.queues.add(greet, { name: 'first' }, { jobId: 'only-one' });
    const second = await bench.queues.add(greet, { name: 'second' }, { jobId: 'only-one' });
    const other = await bench.queues.add(greet, { name: 'other' });

    expect([first, second]).toEqual(['only-one', 'only-one']);
    expect(other).not.toBe('only-one');
    expect(await bench.queues.counts('greetings')).toMatchObject({ waiting: 2 });
    const runs = await bench.running();
    await until(() => runs.length === 2);
    expect(names(runs).sort()).toEqual(['first', 'other']);
  });

  it('shrinks jobs of one coalescing key to the newest, and runs them one after the other', async () => {
    const gate = newGate();
    const runs = await bench.running((data) => (data.name === 'first' ? gate.open : undefined));
    await bench.queues.add(greet, { name: 'first' }, { coalesceBy: 'ada' });
    await until(() => runs.length === 1);

    await bench.queues.add(greet, { name: 'second' }, { coalesceBy: 'ada' });
    await bench.queues.add(greet, { name: 'third' }, { coalesceBy: 'ada' });
    gate.release();

    await until(() => runs.length === 2);
    await until(() => isIdle(bench.queues));
    expect(names(runs)).toEqual(['first', 'third']);
  });

  it('buries a job of a wrong shape at once, saying where and what was expected, not what came', async () => {
    const runs = await bench.running();
    const jobId = await world().addPlainly('greetings', 'greet', { name: 4711, times: 1, extra: 'secret' });

    const letter = await onlyLetter(world());
    expect(letter).toMatchObject({
      queue: 'greetings',
      jobName: 'greet',
      jobId,
      attempts: 1,
      code: 'JOB_INVALID',
    });
    expect(letter.reason).toBe('name: invalid_type, expected string; (the data): unrecognized_keys');
    expect(await world().store.payload(letter.id)).toEqual({
      data: { name: 4711, times: 1, extra: 'secret' },
      priority: 0,
    });
    await until(() => isIdle(bench.queues));
    expect(await world().leftovers('greetings')).toEqual({ failed: 0, completed: 0 });
    expect(runs).toEqual([]);
  });

  it.each([null, 7, 'text', ['list']])('buries a job whose data is %j', async (data) => {
    await bench.running();
    await world().addPlainly('greetings', 'greet', data);
    expect(await onlyLetter(world())).toMatchObject({ code: 'JOB_INVALID' });
  });

  it('buries a job of an unknown name at once', async () => {
    await bench.running();
    await world().addPlainly('greetings', 'wave', {});
    expect(await onlyLetter(world())).toMatchObject({ jobName: 'wave', code: 'JOB_UNKNOWN' });
  });

  it('tries a failing job as often as its definition says, whoever added it, then buries it', async () => {
    const runs = await bench.running(() => {
      throw new Error('Ada Lovelace is not at home');
    });
    await world().addPlainly('greetings', 'greet', { name: 'Ada' });

    const letter = await onlyLetter(world());
    expect(runs.map((run) => run.context.attempt)).toEqual([1, 2, 3]);
    expect(new Set(runs.map((run) => run.context.jobKey))).toEqual(new Set([letter.jobKey]));
    expect(letter).toMatchObject({ code: 'JOB_FAILED', reason: 'Error', attempts: 3 });
    await until(() => isIdle(bench.queues));
    expect(await world().leftovers('greetings')).toEqual({ failed: 0, completed: 0 });
  });

  it('rests between the tries', async () => {
    const slow = { firstMs: 400, maxMs: 400 };
    const patient = defineJob({ ...greet, queue: 'patience', attempts: 2, backoff: slow });
    const times: number[] = [];
    await bench
      .runner()
      .register(patient, async () => {
        times.push(Date.now());
        throw new Error('not yet');
      })
      .start();
    await bench.queues.add(patient, { name: 'Ada' });

    await onlyLetter(world());
    expect(Number(times[1]) - Number(times[0])).toBeGreaterThanOrEqual(300);
  });

  it('does a job that succeeds on a later try', async () => {
    const runs = await bench.running((_data, { attempt }) => {
      if (attempt < 3) throw new Error('not yet');
    });
    await bench.queues.add(greet, { name: 'Ada' });

    await until(() => runs.length === 3);
    await until(() => isIdle(bench.queues));
    expect(await letters(world())).toEqual([]);
  });

  it.each([
    [
      'says so itself',
      Object.assign(new Error('No such connection'), { code: 'CONNECTION_GONE', retryable: false }),
    ],
    [
      'has a code that is known to be final',
      Object.assign(new Error('Mapping is wrong'), { code: 'BAD_MAPPING' }),
    ],
  ])('buries at once when the error %s', async (_why, error) => {
    const runs = await bench.running(
      () => {
        throw error;
      },
      { permanentCodes: ['BAD_MAPPING'] },
    );
    await bench.queues.add(greet, { name: 'Ada' });

    expect(await onlyLetter(world())).toMatchObject({ code: error.code, reason: error.message, attempts: 1 });
    expect(runs).toHaveLength(1);
  });

  it('keeps a job on its queue as long as its dead letter cannot be recorded', async () => {
    let reachable = false;
    const { store } = world();
    await bench.running(undefined, {
      deadLetters: {
        record: async (letter) => {
          if (!reachable) throw new Error('no database');
          await store.record(letter);
        },
        settle: (jobKey) => store.settle(jobKey),
      },
    });
    await world().addPlainly('greetings', 'wave', { hello: true });
    await until(async () => (await bench.queues.counts('greetings')).delayed === 1);

    reachable = true;
    const letter = await onlyLetter(world());
    expect(await store.payload(letter.id)).toMatchObject({ data: { hello: true } });
  });
});
