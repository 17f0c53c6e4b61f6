import { afterEach, beforeEach, expect } from '@jest/globals';
import { z } from 'zod';
import { defineJob, type JobContext, JobRunner, type JobRunnerOptions, Queues } from '#queue';
import { type QueueWorld, until } from './queue-world.js';

export const greet = defineJob({
  queue: 'greetings',
  name: 'greet',
  schema: z.strictObject({ name: z.string(), times: z.int().default(1) }),
  attempts: 3,
  backoff: { firstMs: 20, maxMs: 50 },
});
export const greetAll = defineJob({ ...greet, name: 'greet-all', priority: 10 });

/** Queues and runners of a suite, closed after each test. */
export function greetingBench(world: () => QueueWorld) {
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

  return {
    runner,
    running,
    runners,
    get queues() {
      return queues;
    },
  };
}

export type Data = z.output<typeof greet.schema>;
export type Handler = (data: Data, context: JobContext) => Promise<void> | void;
export interface Run {
  readonly data: Data;
  readonly context: JobContext;
}

export const names = (runs: readonly Run[]): string[] => runs.map((run) => run.data.name);

export const added = (queues: Queues, name: string): Promise<boolean> =>
  queues.add(greet, { name }).then(
    () => true,
    () => false,
  );

export const letters = async (world: QueueWorld) => (await world.store.list({}, { limit: 10 })).letters;

export async function onlyLetter(world: QueueWorld) {
  await until(async () => (await letters(world)).length > 0);
  const [letter, ...others] = await letters(world);
  expect(others).toEqual([]);
  if (!letter) throw new Error('no letter');
  return letter;
}

export async function isIdle(queues: Queues): Promise<boolean> {
  const { waiting, delayed, active } = await queues.counts('greetings');
  return waiting + delayed + active === 0;
}

export function newGate() {
  let release = () => {};
  const open = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { open, release: () => release() };
}
