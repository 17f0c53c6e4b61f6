import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { WatchdogOrders } from './watchdog.js';

const { beats, tickMs, stalledAfterMs = Number.POSITIVE_INFINITY, parentPid } = workerData as WatchdogOrders;
const count = new Int32Array(beats);

let seen = 0;
let silentMs = 0;

/**
 * Silence counts in ticks of this thread, however late they come: for a process that was stopped, or a machine that slept,
 * that is one, and then the event loop has its turn as well. A busy machine keeps both waiting.
 */
function tick(): void {
  const beat = Atomics.load(count, 0);
  silentMs = beat === seen ? silentMs + tickMs : 0;
  seen = beat;
  if (silentMs >= stalledAfterMs) end();
  // Whoever is left behind with its event loop standing still would stand for ever.
  if (parentPid !== undefined && process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
}

/** The logger belongs to the loop that stands still. */
function end(): void {
  const said = { level: 60, time: Date.now(), name: 'watchdog', stalledForMs: silentMs };
  const msg = 'the event loop stands still: the process is ended, and its work taken up by the next one';
  try {
    writeSync(2, `${JSON.stringify({ ...said, msg })}\n`);
  } finally {
    process.kill(process.pid, 'SIGABRT');
  }
}

setInterval(tick, tickMs);
parentPort?.postMessage('watching');
