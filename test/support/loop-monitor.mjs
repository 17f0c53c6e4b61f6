// Loaded before a process's own code (`node --import`): measures how late its loop is, and tells it over the socket that
// LOOP_MONITOR names. Each question is answered with the longest delay since the one before, in milliseconds.
import { createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 5;
const NS_IN_MS = 1e6;

if (process.env.LOOP_MONITOR && isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(String(delays.max / NS_IN_MS - RESOLUTION_MS));
    delays.reset();
  });
  server.listen(process.env.LOOP_MONITOR);
  server.unref();
  // Children of the process have loops of their own.
  delete process.env.LOOP_MONITOR;
}
