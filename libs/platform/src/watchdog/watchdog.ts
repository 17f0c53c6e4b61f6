import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface WatchdogOptions {
  /** An event loop that gives no sign for so long stands still; absent: nobody looks. */
  readonly stalledAfterMs?: number;
  /** The process that this one must not outlive; absent: none. */
  readonly parentPid?: number;
}

export interface Watchdog {
  stop(): Promise<void>;
}

/** What the thread is told. */
export interface WatchdogOrders extends WatchdogOptions {
  /** Counted up by the event loop. */
  readonly beats: SharedArrayBuffer;
  readonly tickMs: number;
}

/** Threads need little; the limits are those of a program of a few lines. */
const SMALL = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4, stackSizeMb: 1 };
const LONGEST_TICK_MS = 1_000;

/**
 * Has a thread of its own end the process when its event loop stands still, since nothing else in it could: a process that
 * is dead is started again, and its work taken up; one that hangs keeps what it has. Resolves when the thread watches: work
 * that comes first could stop the event loop before there is anybody to see it.
 */
export async function startWatchdog(options: WatchdogOptions): Promise<Watchdog> {
  const beats = new SharedArrayBuffer(4);
  const count = new Int32Array(beats);
  const tickMs = Math.min(LONGEST_TICK_MS, (options.stalledAfterMs ?? Number.POSITIVE_INFINITY) / 10);
  const timer = setInterval(() => Atomics.add(count, 0, 1), tickMs / 2).unref();
  const workerData: WatchdogOrders = { ...options, beats, tickMs };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), {
    workerData,
    resourceLimits: SMALL,
    // What a person preloads into the process is not meant for it.
    execArgv: [],
    env: {},
  });
  await once(thread, 'message');
  thread.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await thread.terminate();
    },
  };
}
