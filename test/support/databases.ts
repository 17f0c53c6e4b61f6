import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describeLong } from './long.js';

export type DatabaseKind = 'embedded' | 'own';

export interface TestDatabase {
  readonly kind: DatabaseKind;
  readonly url: string;
  drop(): Promise<void>;
}

/** A database of one describe block, there from its hooks on; gone after its hooks. */
export interface SuiteDatabase {
  readonly kind: DatabaseKind;
  readonly url: string;
}

export interface SuiteRedis {
  readonly url: string;
  /** A key prefix in braces, so that it is one hash slot; everything below it is removed afterwards. */
  readonly prefix: string;
}

export interface QueueBackend {
  readonly kind: 'redis' | 'postgres';
  /** Where Rollcall's own tables are, and the jobs when `kind` is `postgres`. */
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly prefix: string;
}

export interface EarlierRelease {
  readonly version: string;
  readonly commit: string;
}

interface Services {
  readonly run: string;
  readonly embedded: string;
  readonly own?: string;
  readonly redis?: string;
  readonly programs: Readonly<Record<string, string>>;
  readonly earlier?: EarlierRelease;
}

const services = (): Services => {
  const text = process.env.ROLLCALL_TEST_SERVICES;
  if (!text)
    throw new Error(
      'The services of this test run are missing: run jest with jest.config.mjs, without --unit',
    );
  return JSON.parse(text);
};

export const availableDatabases = (): DatabaseKind[] => (services().own ? ['embedded', 'own'] : ['embedded']);

/** A migrated database of its own, cloned from the run's template in some 50 ms. */
export const createTestDatabase = (kind: DatabaseKind = 'embedded'): Promise<TestDatabase> =>
  createDatabase(kind, `${services().run}_template`);

/** A database without any table. */
export const createEmptyDatabase = (kind: DatabaseKind = 'embedded'): Promise<TestDatabase> =>
  createDatabase(kind, 'template0');

type DatabaseSuite = (database: SuiteDatabase) => void;

/** Runs the suite on every PostgreSQL there is, each time with a migrated database of its own. */
export const describeEachDatabase = (name: string, suite: DatabaseSuite): void =>
  eachDatabase(undefined, name, suite);

/** For a long suite: on this PostgreSQL in `npm test`, on the other one in `npm run test:long`. */
export const describeMainlyOn = (always: DatabaseKind, name: string, suite: DatabaseSuite): void =>
  eachDatabase(always, name, suite);

function eachDatabase(always: DatabaseKind | undefined, name: string, suite: DatabaseSuite): void {
  for (const kind of ['embedded', 'own'] as const) {
    const run = availableDatabases().includes(kind) ? describeAlways(kind, always) : describe.skip;
    run(`${name} (${kind} PostgreSQL)`, () => withDatabase(kind, suite));
  }
}

/** Runs the suite when a Redis answers; the run's last lines say so when none does. */
export function describeWithRedis(
  name: string,
  suite: (redis: SuiteRedis) => void,
  block: Block = describe,
): void {
  const url = services().redis;
  const run = url ? block : describe.skip;
  run(name, () => withRedis(url ?? '', suite));
}

/** Runs the suite where these programs are installed; the run's last lines say so where one is not. */
export function describeWithPrograms(
  name: string,
  programs: readonly string[],
  suite: () => void,
  block: Block = describe,
): void {
  const here = programs.every((program) => program in services().programs);
  (here ? block : describe.skip)(name, suite);
}

export function programPath(program: string): string {
  const file = services().programs[program];
  if (!file) throw new Error(`${program} is not installed`);
  return file;
}

/** Runs the suite where Debian's faketime is installed, with the library to preload. */
export function describeWithFaketime(name: string, suite: (library: string) => void): void {
  describeWithPrograms(name, ['faketime'], () => {
    const args = ['-m', '-f', '+0s', 'printenv', 'LD_PRELOAD'];
    suite(execFileSync(programPath('faketime'), args, { encoding: 'utf8' }).trim());
  });
}

/** Runs the suite when the code of one release back can be had; the run's last lines say so when it cannot. */
export function describeWithEarlierRelease(name: string, suite: (earlier: EarlierRelease) => void): void {
  const { earlier } = services();
  if (earlier) describe(`${name} (${earlier.version})`, () => suite(earlier));
  else describe.skip(name, () => suite({ version: '', commit: '' }));
}

type QueueSuite = (backend: QueueBackend) => void;

/** Runs the suite on both homes of jobs: Redis beside an own PostgreSQL when there is one, and the embedded PostgreSQL. */
export const describeEachQueueBackend = (name: string, suite: QueueSuite): void =>
  eachQueueBackend(undefined, name, suite);

/** For a long suite: with its jobs here in `npm test`, in the other home in `npm run test:long`. */
export const describeMainlyWith = (always: QueueBackend['kind'], name: string, suite: QueueSuite): void =>
  eachQueueBackend(always, name, suite);

function eachQueueBackend(always: QueueBackend['kind'] | undefined, name: string, suite: QueueSuite): void {
  const database = services().own ? 'own' : 'embedded';
  const onRedis = (redis: SuiteRedis) =>
    withDatabase(database, (db) =>
      suite({
        kind: 'redis',
        redisUrl: redis.url,
        prefix: redis.prefix,
        get databaseUrl() {
          return db.url;
        },
      }),
    );
  describeWithRedis(`${name} (Redis)`, onRedis, describeAlways('redis', always));
  describeAlways('postgres', always)(`${name} (PostgreSQL)`, () =>
    withDatabase('embedded', (db) =>
      suite({
        kind: 'postgres',
        redisUrl: undefined,
        prefix: uniquePrefix(),
        get databaseUrl() {
          return db.url;
        },
      }),
    ),
  );
}

type Block = (name: string, suite: () => void) => void;

const describeAlways = (kind: string, always: string | undefined): Block =>
  always === undefined || always === kind ? describe : describeLong;

/** The database goes after the suite's own hooks, which close what is connected to it. */
function withDatabase(kind: DatabaseKind, suite: (database: SuiteDatabase) => void): void {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  suite({
    kind,
    get url() {
      if (!database) throw new Error('The database is there in hooks and tests only');
      return database.url;
    },
  });
  afterAll(() => database?.drop());
}

function withRedis(url: string, suite: (redis: SuiteRedis) => void): void {
  const prefix = uniquePrefix();
  suite({ url, prefix });
  afterAll(() => removeKeys(url, prefix));
}

const uniquePrefix = () => `{test-${randomBytes(4).toString('hex')}}`;

async function removeKeys(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url);
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1000 })) {
    if (keys.length > 0) await redis.unlink(keys);
  }
  await redis.quit();
}

async function createDatabase(kind: DatabaseKind, template: string): Promise<TestDatabase> {
  const { run, [kind]: adminUrl } = services();
  if (!adminUrl) throw new Error('No own PostgreSQL answers at TEST_DATABASE_URL');
  const name = `${run}_${randomBytes(4).toString('hex')}`;
  await ask(adminUrl, `create database ${name} template ${template}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return { kind, url: url.href, drop: () => ask(adminUrl, `drop database if exists ${name} with (force)`) };
}

async function ask(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
