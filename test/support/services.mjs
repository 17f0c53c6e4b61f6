import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { lockDataDir } from '../../dist/libs/platform/src/embedded-postgres/data-dir-lock.js';
import { stopPreviousServer } from '../../dist/libs/platform/src/embedded-postgres/previous-server.js';
import { startEmbeddedPostgres } from '../../dist/libs/platform/src/embedded-postgres/start-embedded-postgres.js';
import { applyMigrations } from '../../dist/libs/platform/src/migrations/apply-migrations.js';
import { embeddedSuperuserUrl } from '../../dist/libs/platform/src/testing/embedded-superuser.js';
import { findPrograms, missingPrograms } from './programs.mjs';

const PREFIX = 'rollcall_test_';
const DATA_DIR = 'rollcall-test-';
const OLDEST_POSTGRES = 150_000;
/** What may run beside this code while it is rolled out. Each release sets it to the one before. */
const EARLIER_RELEASE = { version: '0.1.0', commit: '0d38a22aeb70ddaae064dfefa0bc98e5ee07174a' };

/**
 * Brings up what the suites run on: an embedded PostgreSQL always, an own PostgreSQL and a Redis where they answer.
 * `found` is plain data for the workers; `stop` removes everything that this run made.
 */
export async function startServices() {
  const run = `${PREFIX}${randomBytes(4).toString('hex')}`;
  await removeDeadServers();
  const dataDir = mkdtempSync(path.join(os.tmpdir(), DATA_DIR));
  chmodSync(dataDir, 0o755); // For root's sake: its server is another user.
  // Clusters that suites copy (cluster-template.ts), made by whoever needs one first.
  const clusters = path.join(dataDir, 'clusters');
  mkdirSync(clusters);
  chmodSync(clusters, 0o1777);
  const server = await startEmbeddedPostgres({ dataDir, log: (message) => console.log(message) });
  const embedded = await prepareServer(embeddedSuperuserUrl(server.dataDir), run);
  const own = await tryService(() => prepareServer(testDatabaseUrl(), run));
  const redis = await tryService(() => pingRedis(testRedisUrl()));
  const programs = findPrograms();
  const earlier = await tryService(() => earlierRelease());
  return {
    found: {
      run,
      embedded: embedded.url,
      own: own.value?.url,
      redis: redis.value,
      programs,
      clusters,
      earlier: earlier.value,
      missing: [...missing({ own, redis, earlier }), ...missingPrograms(programs)],
    },
    stop: async () => {
      await own.value?.stop();
      await embedded.stop();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const testDatabaseUrl = () => process.env.TEST_DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres';
const testRedisUrl = () => process.env.TEST_REDIS_URL || 'redis://127.0.0.1:6379';

/** A shallow clone does not have its commit. */
function earlierRelease() {
  execFileSync('git', ['cat-file', '-e', `${EARLIER_RELEASE.commit}^{commit}`], { stdio: 'pipe' });
  return EARLIER_RELEASE;
}

async function pingRedis(url) {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 2_000, retryStrategy: () => null });
  let reason;
  redis.on('error', (error) => {
    reason = error; // The call below rejects too, without saying why.
  });
  try {
    await redis.ping();
    return url;
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.disconnect();
  }
}

const missing = ({ own, redis, earlier }) => [
  ...(own.error ? [`an own PostgreSQL (TEST_DATABASE_URL): ${own.error}`] : []),
  ...(redis.error ? [`Redis (TEST_REDIS_URL): ${redis.error}`] : []),
  ...(earlier.error
    ? [`the code of ${EARLIER_RELEASE.version}, one release back (git fetch --unshallow): ${earlier.error}`]
    : []),
];

/** A service that is not there is reported at the end of the run, not an error by itself. */
async function tryService(start) {
  try {
    return { value: await start() };
  } catch (error) {
    if (error.migration) throw error;
    return { error: error.message || error.code || String(error) };
  }
}

/**
 * Makes this run's template database. The connection stays open: its name tells other runs that this one lives,
 * so that they remove the databases of dead runs only.
 */
async function prepareServer(url, run) {
  const client = new pg.Client({
    connectionString: url,
    application_name: run,
    connectionTimeoutMillis: 2_000,
  });
  await client.connect();
  try {
    await refuseOldServer(client);
    await dropDatabases(client, await deadRuns(client));
    await createTemplate(client, url, `${run}_template`);
  } catch (error) {
    await client.end();
    throw error;
  }
  return {
    url,
    stop: async () => {
      await dropDatabases(client, [run]);
      await client.end();
    },
  };
}

async function refuseOldServer(client) {
  const { rows } = await client.query('show server_version_num');
  if (Number(rows[0].server_version_num) < OLDEST_POSTGRES) throw new Error('older than PostgreSQL 15');
}

async function createTemplate(client, url, name) {
  await client.query(`create database ${name}`);
  const target = new URL(url);
  target.pathname = `/${name}`;
  await applyMigrations(target.href);
  await client.query(`alter database ${name} allow_connections false`);
}

async function deadRuns(client) {
  const { rows } = await client.query(
    `select distinct substring(datname from '^${PREFIX}[0-9a-f]{8}') as run from pg_database
      where datname ~ '^${PREFIX}[0-9a-f]{8}_'
     except select application_name from pg_stat_activity`,
  );
  return rows.map(({ run }) => run);
}

async function dropDatabases(client, runs) {
  const { rows } = await client.query(
    'select datname from pg_database where substring(datname from 1 for $1) = any($2)',
    [PREFIX.length + 8, runs],
  );
  for (const { datname } of rows) await client.query(`drop database if exists ${datname} with (force)`);
}

/** Servers of runs that were killed, in directories of ours. */
async function removeDeadServers() {
  for (const name of readdirSync(os.tmpdir()).filter((entry) => entry.startsWith(DATA_DIR))) {
    const dir = path.join(os.tmpdir(), name);
    const lockFile = path.join(dir, 'rollcall.lock');
    if (existsSync(lockFile) && statSync(dir).uid === process.getuid()) await removeDeadServer(dir, lockFile);
  }
}

async function removeDeadServer(dir, lockFile) {
  try {
    lockDataDir(lockFile, dir);
  } catch (error) {
    if (error.code === 'DATA_DIR_IN_USE') return;
    throw error;
  }
  await stopPreviousServer(path.join(dir, 'postgres'), () => undefined);
  rmSync(dir, { recursive: true, force: true });
}
