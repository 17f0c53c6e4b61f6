import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import { describeEachBackend, type QueueWorld, until } from '../../../test/support/queue-world.js';
import { defineJob, type JobContext, JobRunner, type JobRunnerOptions, Queues } from './index.js';

jest.setTimeout(30_000);

const greet = defineJob({
  queue: 'greetings',
  name: 'greet',
  schema: z.strictObject({ name: z.string(), times: z.int().default(1) }),
  attempts: 3,
  backoff: { firstMs: 20, maxMs: 50 },
});
const greetAll = defineJob({ ...greet, name: 'greet-all', priority: 10 });

describeEachBackend('a job runner', (world) => {
  let queues: Queues;
  const runners: JobRunner[] = [];

  beforeEach(() => {
    queues = new Queues(world().backend);
  });
  afterEach(async () => {
    await Promise.all(runners.splice(0).map((runner) => runner.close()));
    await queues.close();
  });

  function runner(options: Partial<JobRunnerOptions> = {}): JobRunner {
    const made = new JobRunner({
      backend: world().backend,
      deadLetters: world().store,
      lockDurationMs: 500,
      stalledIntervalMs: 100,
      closeWithinMs: 2_000,
      ...options,
    });
    runners.push(made);
    return made;
  }

  async function running(
    handler: Handler = () => {},
    options: Partial<JobRunnerOptions> = {},
  ): Promise<Run[]> {
    const runs: Run[] = [];
    const handle = async (data: Data, context: JobContext) => {
      runs.push({ data, context });
      await handler(data, context);
    };
    await runner(options).register(greet, handle).register(greetAll, handle).start();
    return runs;
  }

  it('hands a job to its handler, parsed and with its key', async () => {
    const runs = await running();
    const before = Date.now();

    const jobId = await queues.add(greet, { name: 'Ada' });

    await until(() => runs.length === 1);
    expect(runs[0]?.data).toEqual({ name: 'Ada', times: 1 });
    expect(runs[0]?.context).toMatchObject({ jobId, attempt: 1 });
    expect(runs[0]?.context.jobKey).toMatch(new RegExp(`^greetings:${jobId}:\\d{13}$`));
    expect(runs[0]?.context.enqueuedAt.getTime()).toBeGreaterThanOrEqual(before);
  });

  it('takes single jobs before bulk ones that came earlier', async () => {
    await queues.addBulk(greetAll, [{ data: { name: 'bulk 1' } }, { data: { name: 'bulk 2' } }]);
    await queues.add(greet, { name: 'single 1' });
    await queues.add(greet, { name: 'single 2' });

    const runs = await running(undefined, { concurrency: 1 });

    await until(() => runs.length === 4);
    expect(names(runs)).toEqual(['single 1', 'single 2', 'bulk 1', 'bulk 2']);
  });

  it('waits for a delayed job', async () => {
    const runs = await running();
    await queues.add(greet, { name: 'later' }, { delayMs: 300 });
    await queues.add(greet, { name: 'now' });

    await until(() => runs.length === 2);
    expect(names(runs)).toEqual(['now', 'later']);
    expect(Date.now() - Number(runs[1]?.context.enqueuedAt)).toBeGreaterThanOrEqual(300);
  });

  it('adds a job once while one of its id is on the queue', async () => {
    const first = await queues.add(greet, { name: 'first' }, { jobId: 'only-one' });
    const second = await queues.add(greet, { name: 'second' }, { jobId: 'only-one' });
    const other = await queues.add(greet, { name: 'other' });

    expect([first, second]).toEqual(['only-one', 'only-one']);
    expect(other).not.toBe('only-one');
    expect(await queues.counts('greetings')).toMatchObject({ waiting: 2 });
    const runs = await running();
    await until(() => runs.length === 2);
    expect(names(runs).sort()).toEqual(['first', 'other']);
  });

  it('shrinks jobs of one coalescing key to the newest, and runs them one after the other', async () => {
    const gate = newGate();
    const runs = await running((data) => (data.name === 'first' ? gate.open : undefined));
    await queues.add(greet, { name: 'first' }, { coalesceBy: 'ada' });
    await until(() => runs.length === 1);

    await queues.add(greet, { name: 'second' }, { coalesceBy: 'ada' });
    await queues.add(greet, { name: 'third' }, { coalesceBy: 'ada' });
    gate.release();

    await until(() => runs.length === 2);
    await until(() => isIdle(queues));
    expect(names(runs)).toEqual(['first', 'third']);
  });

  it('buries a job of a wrong shape at once, saying where and what was expected, not what came', async () => {
    const runs = await running();
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
    await until(() => isIdle(queues));
    expect(await world().leftovers('greetings')).toEqual({ failed: 0, completed: 0 });
    expect(runs).toEqual([]);
  });

  it.each([null, 7, 'text', ['list']])('buries a job whose data is %j', async (data) => {
    await running();
    await world().addPlainly('greetings', 'greet', data);
    expect(await onlyLetter(world())).toMatchObject({ code: 'JOB_INVALID' });
  });

  it('buries a job of an unknown name at once', async () => {
    await running();
    await world().addPlainly('greetings', 'wave', {});
    expect(await onlyLetter(world())).toMatchObject({ jobName: 'wave', code: 'JOB_UNKNOWN' });
  });

  it('tries a failing job as often as its definition says, whoever added it, then buries it', async () => {
    const runs = await running(() => {
      throw new Error('Ada Lovelace is not at home');
    });
    await world().addPlainly('greetings', 'greet', { name: 'Ada' });

    const letter = await onlyLetter(world());
    expect(runs.map((run) => run.context.attempt)).toEqual([1, 2, 3]);
    expect(new Set(runs.map((run) => run.context.jobKey))).toEqual(new Set([letter.jobKey]));
    expect(letter).toMatchObject({ code: 'JOB_FAILED', reason: 'Error', attempts: 3 });
    await until(() => isIdle(queues));
    expect(await world().leftovers('greetings')).toEqual({ failed: 0, completed: 0 });
  });

  it('rests between the tries', async () => {
    const slow = { firstMs: 400, maxMs: 400 };
    const patient = defineJob({ ...greet, queue: 'patience', attempts: 2, backoff: slow });
    const times: number[] = [];
    await runner()
      .register(patient, async () => {
        times.push(Date.now());
        throw new Error('not yet');
      })
      .start();
    await queues.add(patient, { name: 'Ada' });

    await onlyLetter(world());
    expect(Number(times[1]) - Number(times[0])).toBeGreaterThanOrEqual(300);
  });

  it('does a job that succeeds on a later try', async () => {
    const runs = await running((_data, { attempt }) => {
      if (attempt < 3) throw new Error('not yet');
    });
    await queues.add(greet, { name: 'Ada' });

    await until(() => runs.length === 3);
    await until(() => isIdle(queues));
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
    const runs = await running(
      () => {
        throw error;
      },
      { permanentCodes: ['BAD_MAPPING'] },
    );
    await queues.add(greet, { name: 'Ada' });

    expect(await onlyLetter(world())).toMatchObject({ code: error.code, reason: error.message, attempts: 1 });
    expect(runs).toHaveLength(1);
  });

  it('keeps a job on its queue as long as its dead letter cannot be recorded', async () => {
    let reachable = false;
    const { store } = world();
    await running(undefined, {
      deadLetters: {
        record: async (letter) => {
          if (!reachable) throw new Error('no database');
          await store.record(letter);
        },
        settle: (jobKey) => store.settle(jobKey),
      },
    });
    await world().addPlainly('greetings', 'wave', { hello: true });
    await until(async () => (await queues.counts('greetings')).delayed === 1);

    reachable = true;
    const letter = await onlyLetter(world());
    expect(await store.payload(letter.id)).toMatchObject({ data: { hello: true } });
  });

  it('runs a job again under the same key when its worker went away', async () => {
    const never = new Promise<void>(() => {});
    const lost = await running(() => never, { closeWithinMs: 1 });
    await queues.add(greet, { name: 'Ada' });
    await until(() => lost.length === 1);
    await runners.shift()?.close();

    const runs = await running();
    await until(() => runs.length === 1);
    expect(runs[0]?.context.jobKey).toBe(lost[0]?.context.jobKey);
    expect(runs[0]?.context.attempt).toBe(1);
    await until(() => isIdle(queues));
    expect(await letters(world())).toEqual([]);
  });

  it('runs a job again whose process was killed', async () => {
    const jobId = await queues.add(greet, { name: 'Ada' });
    const child = await hangingProcess(world(), 'greetings');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const runs = await running();
    await until(() => runs.length === 1);
    expect(runs[0]?.context.jobId).toBe(jobId);
  });

  it('buries a job that loses its worker once too often, without running it', async () => {
    await queues.add(greet, { name: 'Ada' });
    const child = await hangingProcess(world(), 'greetings');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const runs = await running(undefined, { maxStalled: 0 });
    expect(await onlyLetter(world())).toMatchObject({ code: 'JOB_STALLED', jobName: 'greet' });
    expect(runs).toEqual([]);
  });

  it('takes back the letter of a job that another worker did after all', async () => {
    await queues.add(greet, { name: 'Ada' });
    const child = await hangingProcess(world(), 'greetings');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { store } = world();
    await running(async (_data, { jobKey }) => {
      await store.record(letterOf(jobKey));
    });

    await until(async () => (await letters(world())).some((letter) => letter.status === 'retried'));
  });

  it('lets running jobs end before it closes, and leaves the others on the queue', async () => {
    const gate = newGate();
    const runs = await running(() => gate.open, { concurrency: 1 });
    await queues.addBulk(greet, [{ data: { name: 'first' } }, { data: { name: 'second' } }]);
    await until(() => runs.length === 1);

    const closed = runners[0]?.close();
    gate.release();
    await closed;

    expect(runs).toHaveLength(1);
    expect(await queues.counts('greetings')).toEqual({ waiting: 1, delayed: 0, active: 0 });
    expect(await letters(world())).toEqual([]);
  });

  it('aborts what runs too long on closing, and gives it back as if not tried', async () => {
    const only = { ...greet, attempts: 1 };
    const signals: AbortSignal[] = [];
    const closing = runner({ closeWithinMs: 50 }).register(only, async (_data, { signal }) => {
      signals.push(signal);
      await once(signal, 'abort');
      throw new Error('interrupted');
    });
    await closing.start();
    await queues.add(only, { name: 'Ada' });
    await until(() => signals.length === 1);

    await closing.close();

    expect(await letters(world())).toEqual([]);
    expect(await queues.counts('greetings')).toEqual({ waiting: 1, delayed: 0, active: 0 });
  });

  it('goes on working when the queue is lost, and does not take a new job for an old one', async () => {
    const runs = await running();
    await queues.add(greet, { name: 'before' });
    await until(() => runs.length === 1);
    await until(() => isIdle(queues));

    await world().loseEverything();
    await queues.add(greet, { name: 'after' });

    await until(() => runs.length === 2);
    expect(runs[1]?.context.jobKey).not.toBe(runs[0]?.context.jobKey);
  });

  it('goes on working when its connections are cut, again and again', async () => {
    const runs = await running();
    for (const name of ['one', 'two', 'three', 'four', 'five']) {
      expect(await world().cutConnections()).toBeGreaterThan(0);
      await until(() => added(queues, name));
      await until(() => names(runs).includes(name));
    }
  });
});

type Data = z.output<typeof greet.schema>;
type Handler = (data: Data, context: JobContext) => Promise<void> | void;
interface Run {
  readonly data: Data;
  readonly context: JobContext;
}

const names = (runs: readonly Run[]): string[] => runs.map((run) => run.data.name);

const added = (queues: Queues, name: string): Promise<boolean> =>
  queues.add(greet, { name }).then(
    () => true,
    () => false,
  );

const letters = async (world: QueueWorld) => (await world.store.list({}, { limit: 10 })).letters;

async function onlyLetter(world: QueueWorld) {
  await until(async () => (await letters(world)).length > 0);
  const [letter, ...others] = await letters(world);
  expect(others).toEqual([]);
  if (!letter) throw new Error('no letter');
  return letter;
}

async function isIdle(queues: Queues): Promise<boolean> {
  const { waiting, delayed, active } = await queues.counts('greetings');
  return waiting + delayed + active === 0;
}

function newGate() {
  let release = () => {};
  const open = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { open, release: () => release() };
}

async function hangingProcess(world: QueueWorld, queue: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', world.hangingWorker(queue)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  await once(child.stdout, 'data');
  return child;
}

const letterOf = (jobKey: string) => ({
  queue: 'greetings',
  jobName: 'greet',
  jobId: '1',
  jobKey,
  code: 'JOB_FAILED',
  reason: 'Error',
  attempts: 3,
  payload: { data: { name: 'Ada' }, priority: 0 },
});
