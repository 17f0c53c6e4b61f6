// Imports generated rows into the real service, kills it with SIGKILL half way, starts it again, and holds the result
// to what was promised: each row one identity with one event, and no process of ours above its memory limit.
//   npm run build && node test/scale/run.mjs --rows 1000000 [--queue redis]
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startServices } from '../support/services.mjs';
import { generatedCsv, MAPPING } from './generated-rows.mjs';
import { RunningService } from './running-service.mjs';

const MAX_RSS_MB = 300;
const STANDSTILL_MS = 120_000;

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, queue: { type: 'string', default: 'postgres' } },
});
const rows = Number(values.rows);

const services = await startServices();
try {
  await run(services.found);
} finally {
  if (values.queue === 'redis') await forgetQueues(services.found);
  await services.stop();
}

async function run(found) {
  const database = await createDatabase(found);
  const environment = environmentOf(found, database.url);
  const id = randomUUID();
  const first = await RunningService.start(environment);
  const startedAt = Date.now();
  await upload(first, id);
  say(`${rows} rows are in after ${seconds(startedAt)} s`);
  await until(first, id, ({ rows: { created } }) => created >= rows / 2);
  await first.kill();
  say(`killed after ${await countOf(database, 'identities')} identities and ${seconds(startedAt)} s`);
  const second = await RunningService.start(environment);
  const done = await until(second, id, ({ finished_at: finishedAt }) => finishedAt !== null);
  say(`finished after ${seconds(startedAt)} s: ${Math.round(rows / Number(seconds(startedAt)))} rows/s`);
  await second.stop();
  const faults = [...(await faultsIn(database, done)), ...faultsOf([first, second])];
  await database.end();
  for (const fault of faults) say(`FAILED: ${fault}`);
  if (faults.length === 0) say(`every one of ${rows} rows is one identity with one event`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function environmentOf(found, url) {
  if (values.queue === 'redis' && !found.redis) throw new Error('No Redis answers at TEST_REDIS_URL');
  return {
    DATABASE_URL: url,
    ROLLCALL_QUEUE_PREFIX: queuePrefix(found),
    ...(values.queue === 'redis' && { REDIS_URL: found.redis }),
  };
}

function queuePrefix({ run: name }) {
  return `${name}_scale`;
}

async function forgetQueues(found) {
  const redis = new Redis(found.redis);
  for await (const keys of redis.scanStream({ match: `{${queuePrefix(found)}}*`, count: 1_000 })) {
    if (keys.length > 0) await redis.unlink(keys);
  }
  await redis.quit();
}

/** Named after the run, whose end drops it. */
async function createDatabase({ run: name, own, embedded }) {
  const admin = new pg.Client({ connectionString: own ?? embedded });
  await admin.connect();
  await admin.query(`create database ${name}_scale`);
  await admin.end();
  const url = new URL(own ?? embedded);
  url.pathname = `/${name}_scale`;
  return {
    url: url.href,
    pool: new pg.Pool({ connectionString: url.href, max: 1 }),
    end() {
      return this.pool.end();
    },
  };
}

async function upload(service, id) {
  const query = new URLSearchParams({
    import_id: id,
    mapping: JSON.stringify(MAPPING),
    file_name: 'generated.csv',
  });
  const sending = http.request(`${service.url}/v1/imports?${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, 'content-type': 'text/csv' },
  });
  const answered = new Promise((resolve, reject) => {
    sending.once('response', resolve);
    sending.once('error', reject);
  });
  await pipeline(Readable.from(generatedCsv(rows)), sending);
  const { statusCode } = await answered;
  if (statusCode !== 200) throw new Error(`The upload was answered with ${statusCode}`);
}

/** Waits for as long as there is progress. */
async function until(service, id, so) {
  let last = '';
  for (let movedAt = Date.now(); ; await sleep(100)) {
    const view = await service.get(`/v1/imports/${id}`);
    if (so(view)) return view;
    if (view.finished_at !== null) throw new Error(`The import is ${view.status}: ${view.error}`);
    if (view.updated_at !== last) movedAt = Date.now();
    if (Date.now() - movedAt > STANDSTILL_MS) throw new Error(`No progress since ${view.updated_at}`);
    last = view.updated_at;
  }
}

async function faultsIn(database, { status, rows: counts }) {
  const facts = {
    'the status': [status, 'completed'],
    'rows counted as created': [counts.created, rows],
    identities: [await countOf(database, 'identities'), rows],
    events: [await countOf(database, 'es.events'), rows],
    'streams that begin with IdentityCreated': [
      await countOf(database, `es.events where type = 'IdentityCreated' and version = 1`),
      rows,
    ],
    'chunks left': [await countOf(database, 'import_chunks'), 0],
  };
  return Object.entries(facts)
    .filter(([, [is, wanted]]) => is !== wanted)
    .map(([what, [is, wanted]]) => `${what}: ${is} instead of ${wanted}`);
}

function faultsOf(processes) {
  for (const { pid, peakMb } of processes) say(`process ${pid} used at most ${peakMb} MB`);
  return processes
    .filter(({ peakMb }) => peakMb > MAX_RSS_MB)
    .map(({ pid, peakMb }) => `process ${pid} used ${peakMb} MB, more than ${MAX_RSS_MB}`);
}

async function countOf({ pool }, what) {
  const { rows: counted } = await pool.query(`select count(*)::int as count from ${what}`);
  return counted[0].count;
}

function seconds(since) {
  return ((Date.now() - since) / 1000).toFixed(1);
}

function say(line) {
  console.log(line);
}
