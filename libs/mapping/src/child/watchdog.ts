import { Worker } from 'node:worker_threads';

/**
 * A thread beside the one that evaluates: it ends the whole process when one item takes longer than it may, or when
 * the parent is gone, whatever the other thread is stuck in. Nothing else can: the loop of a stuck thread sees no message.
 */
export class Watchdog {
  /**
   * [0] counts beginnings and ends: it is odd while something is going on. [1] is 1 while the thread sleeps. [2] is the
   * limit, in milliseconds. [3] is the count for which it is over.
   */
  private readonly shared = new Int32Array(new SharedArrayBuffer(16));

  /** Whether what is going on has had its time; it has `graceMs` more to say so itself. */
  readonly isOverTime = (): boolean => Atomics.load(this.shared, 3) === Atomics.load(this.shared, 0);

  constructor(signal: NodeJS.Signals, graceMs: number) {
    const workerData = { shared: this.shared, signal, graceMs, parent: process.ppid };
    new Worker(WATCH, { eval: true, workerData }).unref();
  }

  begin(limitMs: number): void {
    Atomics.store(this.shared, 2, limitMs);
    Atomics.add(this.shared, 0, 1);
    if (Atomics.load(this.shared, 1) === 1) Atomics.notify(this.shared, 0);
  }

  end(): void {
    Atomics.add(this.shared, 0, 1);
  }
}

/**
 * As text, so that it is the same from sources and from `dist`. It counts ticks of its own: a process that is paused from
 * outside, or gets no turn on a busy machine, is not one that takes too long.
 */
const WATCH = `
const { workerData: { shared, signal, graceMs, parent } } = require('node:worker_threads');
const tickMs = 20;
let seen = 0, ticks = 0;
for (;;) {
  const now = Atomics.load(shared, 0);
  if (now % 2 === 0) {
    Atomics.store(shared, 1, 1);
    Atomics.wait(shared, 0, now);
    Atomics.store(shared, 1, 0);
    continue;
  }
  if (now !== seen) { seen = now; ticks = 0; }
  const limitMs = Atomics.load(shared, 2);
  if (ticks * tickMs >= limitMs) Atomics.store(shared, 3, now);
  if (ticks * tickMs >= limitMs + graceMs) process.kill(process.pid, signal);
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  Atomics.wait(shared, 0, now, tickMs);
  ticks += 1;
}
`;
