import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { describeEachBackend } from '../../../test/support/queue-world.js';
import {
  defineJob,
  JobNotStorableError,
  JobRunner,
  postgresBackend,
  Queues,
  QueueUnavailableError,
  redisBackend,
} from './index.js';

const note = defineJob({ queue: 'notes', name: 'note', schema: z.object({ text: z.string() }) });

describeEachBackend('queues', (world) => {
  let queues: Queues;
  beforeEach(() => {
    queues = new Queues(world().backend);
  });
  afterEach(() => queues.close());

  it('count what waits, what is put off and what goes on', async () => {
    await queues.addBulk(note, [{ data: { text: 'a' } }, { data: { text: 'b' }, priority: 5 }]);
    await queues.add(note, { text: 'c' }, { delayMs: 60_000 });

    expect(await queues.counts('notes')).toEqual({ waiting: 2, delayed: 1, active: 0 });
  });

  it('answer a ping', () => expect(queues.ping()).resolves.toBeUndefined());

  it('refuse ids that BullMQ keeps for itself', async () => {
    for (const jobId of ['', '42', 'a:b']) {
      await expect(queues.add(note, { text: 'a' }, { jobId })).rejects.toThrow(JobNotStorableError);
    }
  });

  it('add nothing for nothing', () => expect(queues.addBulk(note, [])).resolves.toEqual([]));

  it('let every process prepare the backend at once', async () => {
    await Promise.all([world().backend.prepare(), world().backend.prepare(), world().backend.prepare()]);
  });

  it('either keep a NUL character or say that they cannot', async () => {
    const adding = queues.add(note, { text: 'a\0b' });
    await (world().kind === 'redis'
      ? expect(adding).resolves.toEqual(expect.any(String))
      : expect(adding).rejects.toThrow(JobNotStorableError));
  });
});

describe('queues without a server', () => {
  it.each(['redis', 'postgres'] as const)('say soon that %s is not there', async (kind) => {
    const port = await closedPort();
    const backend =
      kind === 'redis'
        ? redisBackend(`redis://127.0.0.1:${port}`, { patienceMs: 200 })
        : postgresBackend(`postgres://postgres@127.0.0.1:${port}/none`);
    const queues = new Queues(backend);
    const deadLetters = { record: async () => undefined, settle: async () => undefined };
    const runner = new JobRunner({ backend, deadLetters }).register(note, async () => undefined);

    await expect(queues.add(note, { text: 'a' })).rejects.toThrow(QueueUnavailableError);
    await expect(queues.ping()).rejects.toThrow(QueueUnavailableError);
    await expect(backend.prepare()).rejects.toThrow(QueueUnavailableError);
    await expect(runner.start()).rejects.toThrow(QueueUnavailableError);

    await queues.close();
    await backend.close();
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
