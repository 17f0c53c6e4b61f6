import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from '@jest/globals';
import {
  added,
  greet,
  greetingBench,
  isIdle,
  letters,
  names,
  newGate,
} from '../../../test/support/greeting-bench.js';
import { describeEachBackend, type QueueWorld, until } from '../../../test/support/queue-world.js';

describeEachBackend('a job runner in trouble', (world) => {
  const bench = greetingBench(world);

  it('runs a job again under the same key when its worker went away', async () => {
    const never = new Promise<void>(() => {});
    const lost = await bench.running(() => never, { closeWithinMs: 1 });
    await bench.queues.add(greet, { name: 'Ada' });
    await until(() => lost.length === 1);
    await bench.runners.shift()?.close();

    const runs = await bench.running();
    await until(() => runs.length === 1);
    expect(runs[0]?.context.jobKey).toBe(lost[0]?.context.jobKey);
    expect(runs[0]?.context.attempt).toBe(1);
    await until(() => isIdle(bench.queues));
    expect(await letters(world())).toEqual([]);
  });

  it('runs a job again whose process was killed', async () => {
    const jobId = await bench.queues.add(greet, { name: 'Ada' });
    const child = await hangingProcess(world(), 'greetings');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const runs = await bench.running();
    await until(() => runs.length === 1);
    expect(runs[0]?.context.jobId).toBe(jobId);
  });

  it('never counts against a job how often it lost its worker', async () => {
    await bench.queues.add(greet, { name: 'Ada' });
    for (let lost = 0; lost < 5; lost++) {
      const child = await hangingProcess(world(), 'greetings');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }

    const runs = await bench.running();
    await until(() => runs.length === 1);
    await until(() => isIdle(bench.queues));
    expect(await letters(world())).toEqual([]);
  });

  it('takes back the letter of a job that another worker did after all', async () => {
    await bench.queues.add(greet, { name: 'Ada' });
    const child = await hangingProcess(world(), 'greetings');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { store } = world();
    await bench.running(async (_data, { jobKey }) => {
      await store.record(letterOf(jobKey));
    });

    await until(async () => (await letters(world())).some((letter) => letter.status === 'retried'));
  });

  it('lets running jobs end before it closes, and leaves the others on the queue', async () => {
    const gate = newGate();
    const runs = await bench.running(() => gate.open, { concurrency: 1 });
    await bench.queues.addBulk(greet, [{ data: { name: 'first' } }, { data: { name: 'second' } }]);
    await until(() => runs.length === 1);

    const closed = bench.runners[0]?.close();
    gate.release();
    await closed;

    expect(runs).toHaveLength(1);
    expect(await bench.queues.counts('greetings')).toEqual({ waiting: 1, delayed: 0, active: 0 });
    expect(await letters(world())).toEqual([]);
  });

  it('aborts what runs too long on closing, and gives it back as if not tried', async () => {
    const only = { ...greet, attempts: 1 };
    const signals: AbortSignal[] = [];
    const closing = bench.runner({ closeWithinMs: 50 }).register(only, async (_data, { signal }) => {
      signals.push(signal);
      await once(signal, 'abort');
      throw new Error('interrupted');
    });
    await closing.start();
    await bench.queues.add(only, { name: 'Ada' });
    await until(() => signals.length === 1);

    await closing.close();

    expect(await letters(world())).toEqual([]);
    expect(await bench.queues.counts('greetings')).toEqual({ waiting: 1, delayed: 0, active: 0 });
  });

  it('goes on working when the queue is lost, and does not take a new job for an old one', async () => {
    const runs = await bench.running();
    await bench.queues.add(greet, { name: 'before' });
    await until(() => runs.length === 1);
    await until(() => isIdle(bench.queues));

    await world().loseEverything();
    await bench.queues.add(greet, { name: 'after' });

    await until(() => runs.length === 2);
    expect(runs[1]?.context.jobKey).not.toBe(runs[0]?.context.jobKey);
  });

  it('goes on working when its connections are cut, again and again', async () => {
    const runs = await bench.running();
    for (const name of ['one', 'two', 'three', 'four', 'five']) {
      expect(await world().cutConnections()).toBeGreaterThan(0);
      await until(() => added(bench.queues, name));
      await until(() => names(runs).includes(name));
    }
  });
});

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
