import { createLogger, isDatabaseUnavailable } from '#platform';
import type { OpenQueue } from '../backends/queue-backend.js';
import type { CallLimiter } from '../call-limits/call-limiter.js';
import type { DeadLetterStore } from '../dead-letters/dead-letter.store.js';
import type { Isolate, Portion } from '../isolate.js';
import { contextOf } from '../job-context.js';
import { parsed, type RegisteredJob } from '../job-registry.js';
import { Queues } from '../queues.js';
import type { Order } from './culprit-search.js';
import type { FromCell, Question, SuspectJob, ToCell } from './messages.js';
import { heardError, saidError } from './said-error.js';

/** The other side of the cell: what its process needs of the worker that started it. */
export interface Warder {
  readonly calls: CallLimiter;
  /** Adds jobs by way of the worker. */
  readonly queues: Queues;
}

export interface ServedJobs {
  find(queue: string, name: string): RegisteredJob | undefined;
  readonly deadLetters: Pick<DeadLetterStore, 'record'>;
}

/**
 * Serves the worker that forked this process: runs the jobs it is told to, one at a time, and asks before each portion of
 * divided work. It has no life of its own and ends with that worker.
 */
export function serveAlone(open: (setup: unknown, warder: Warder) => Promise<ServedJobs>): void {
  const channel = new Channel();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    // Sent to the whole group; the worker drains, and ends this process when it is through.
    process.on(signal, () => undefined);
  }
  process.once('disconnect', () => process.exit(0));
  let jobs: ServedJobs | undefined;
  process.on('message', async (message: ToCell) => {
    if (message.kind === 'answer') return channel.answered(message);
    if (message.kind === 'setup') {
      setInterval(() => channel.tell({ kind: 'beat' }), message.beatMs);
      jobs = await open(message.setup, channel.warder);
      return channel.tell({ kind: 'ready' });
    }
    if (jobs) await runOne(message.job, jobs, channel);
  });
}

async function runOne(job: SuspectJob, jobs: ServedJobs, channel: Channel): Promise<void> {
  try {
    const registered = jobs.find(job.queue, job.name);
    if (!registered) throw new TypeError(`No job ${job.name} here`);
    const context = contextOf(job, {
      signal: new AbortController().signal,
      log: createLogger('alone'),
      deadLetters: jobs.deadLetters,
      alone: { isolate: isolateBy(channel) },
    });
    const { handleAlone } = registered.care;
    if (handleAlone) await handleAlone(job.data, context);
    else await registered.handler(parsed(registered, job.data), context);
    channel.tell({ kind: 'done' });
  } catch (error) {
    channel.tell({ kind: 'failed', error: saidError(error) });
  }
}

/** An error that a trial throws is no death: it is met again, and heard, when all is done at once. */
const isolateBy =
  (channel: Channel): Isolate =>
  async ({ name, items, idOf, apply, saysNothing }) => {
    const ids = [...new Set(items.map(idOf))];
    for (;;) {
      const order = (await channel.ask({ about: 'order', work: name, ids })) as Order;
      const portion = portionOf(items, idOf, order);
      if (!order.isTrial) return apply(portion);
      await apply(portion).catch((error: unknown) => {
        if (isDatabaseUnavailable(error) || saysNothing?.(error)) throw error;
      });
    }
  };

function portionOf<Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  { ids, isTrial, poisoned }: Order,
): Portion<Item> {
  const reasons = new Map(poisoned.map(({ id, reason }) => [id, reason]));
  const wanted = ids && new Set(ids);
  return {
    isTrial,
    items: items.filter((item) => (wanted ? wanted.has(idOf(item)) : !reasons.has(idOf(item)))),
    poisoned: items.flatMap((item) => {
      const reason = reasons.get(idOf(item));
      return reason === undefined ? [] : [{ item, reason }];
    }),
  };
}

/** Questions to the worker, and its answers. */
class Channel {
  private readonly open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private asked = 0;

  readonly warder: Warder = {
    queues: new Queues({ openQueue: async (name) => this.queueOf(name), ping: async () => undefined }),
    calls: {
      take: async (...args) =>
        (await this.ask({ about: 'calls', method: 'take', args })) as { waitMs: number },
      left: async (...args) => (await this.ask({ about: 'calls', method: 'left', args })) as number[],
      block: async (...args) => void (await this.ask({ about: 'calls', method: 'block', args })),
    },
  };

  tell(message: FromCell): void {
    if (process.connected) process.send?.(message);
  }

  private queueOf(queue: string): OpenQueue {
    return {
      addBulk: async (jobs) => {
        const ids = (await this.ask({ about: 'add', queue, jobs })) as string[];
        return ids.map((id) => ({ id }));
      },
      getJobCounts: () => Promise.reject(new TypeError('Who runs alone does not look at queues')),
      close: async () => undefined,
    };
  }

  ask(question: Question): Promise<unknown> {
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject });
      this.tell({ kind: 'ask', id, question });
    });
  }

  answered({ id, value, error }: Extract<ToCell, { kind: 'answer' }>): void {
    const asked = this.open.get(id);
    this.open.delete(id);
    if (error) asked?.reject(heardError(error));
    else asked?.resolve(value);
  }
}
