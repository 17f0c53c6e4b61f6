import { fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { closeLater } from '../measure/clean-up.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = (name) => fileURLToPath(new URL(name, import.meta.url));

/** @typedef {{ url: string, key: string, stop(): Promise<void> }} Api */

/**
 * Rollcall as it is shipped, with keys, validation and ETags; without the rate limit, which would end the measurement.
 * @returns {Promise<Api>}
 */
export async function startRollcall(databaseUrl, { only = 'api', environment = {} } = {}) {
  const port = await freePort();
  const key = `rc_${randomBytes(32).toString('base64url')}`;
  const args = ['dist/bin/rollcall.js', 'start', ...(only ? ['--only', only] : [])];

  const child = spawn(process.execPath, [...profiling(), ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: String(port),
      HOST: '127.0.0.1',
      DATABASE_URL: databaseUrl,
      REDIS_URL: '',
      ROLLCALL_ADMIN_KEY: key,
      ROLLCALL_SECRET_KEY: randomBytes(32).toString('base64'),
      ROLLCALL_RATE_LIMIT: '0',
      ...environment,
    },
  });
  const stop = closeLater(() => ended(child));
  const url = `http://127.0.0.1:${port}`;
  await untilReady(child, `${url}/health/ready`);
  return { url, key, stop };
}

/** @returns {Promise<Api>} */
export async function startBareApi(databaseUrl, statements) {
  const child = fork(program('./bare-api.mjs'), {
    execArgv: profiling(),
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const stop = closeLater(() => ended(child));
  child.send({ databaseUrl, statements });
  const { url } = await answerOf(child);
  return { url, key: 'none', stop };
}

/** A process that sends requests, and how many of them a second were answered. */
export function startLoad() {
  const child = fork(program('./load.mjs'));
  const stop = closeLater(() => ended(child));
  const rate = async (job) => {
    child.send(job);
    const { failed, rate } = await answerOf(child);
    if (failed) throw new Error(failed);
    return rate;
  };
  return { rate, stop };
}

/** A program of the bench's own, which answers each message with one. */
export function startChild(file) {
  const child = fork(file, { execArgv: profiling(), env: { ...process.env, NODE_ENV: 'production' } });
  const stop = closeLater(() => ended(child));
  const ask = (message) => {
    child.send(message);
    return answerOf(child);
  };
  return { ask, stop };
}

async function answerOf(child) {
  const heard = new AbortController();
  const { signal } = heard;
  const exit = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`${child.spawnargs.at(-1)} ended with code ${code}`);
  });
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal }), exit]);
    return answer;
  } finally {
    exit.catch(() => {}); // The abort: nobody waits for the exit any more.
    heard.abort();
  }
}

async function untilReady(child, url) {
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`Rollcall ended with code ${child.exitCode} before it was ready`);
    const ready = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** With BENCH_PROFILE_DIR, each server leaves its CPU profile there. */
function profiling() {
  const folder = process.env.BENCH_PROFILE_DIR;
  return folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [];
}
