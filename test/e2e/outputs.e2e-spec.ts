import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeys, createPrisma } from '#platform';
import { createTestDatabase, type TestDatabase } from '../support/databases.js';
import { eventually, freshAdminKey, freshSecretKey } from './support/service-process.js';
import { shell } from './support/shell.js';

/** 128 and SIGPIPE. */
const READER_GONE = 141;
/** More than a pipe holds. */
const MANY = 1_500;

let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createTestDatabase();
  env = {
    DATABASE_URL: database.url,
    ROLLCALL_SECRET_KEY: freshSecretKey(),
    ROLLCALL_ADMIN_KEY: freshAdminKey(),
    ROLLCALL_LOG_LEVEL: 'warn',
  };
  await makeKeys(database.url);
});
afterAll(() => database.drop());

describe('a command whose reader went away', () => {
  it.each([
    ['before it said anything', '$rollcall keys list >&$gone'],
    ['in the middle of its output', '$rollcall keys list | head -n 1'],
    ['of both outputs', '$rollcall keys list >&$gone 2>&$gone'],
    ['of its help', '$rollcall --help >&$gone'],
    ['of what is wrong with its options', '$rollcall keys list --nothing 2>&$gone'],
    ['of its progress', '$rollcall rebuild identities --check 2>&$gone >/dev/null'],
  ])('ends quietly %s', async (_, script) => {
    const { code, stdout, stderr } = await shell(`${script}; exit \${PIPESTATUS[0]}`, env).ended;
    expect({ code, stderr }).toEqual({ code: READER_GONE, stderr: '' });
    expect(stdout.split('\n').length).toBeLessThanOrEqual(2);
  });

  it('works for another that is there', async () => {
    const { code, stdout } = await shell('$rollcall keys list 2>&$gone', env).ended;
    expect(code).toBe(0);
    expect(stdout.split('\n').length).toBeGreaterThan(MANY);
  });
});

describe('a command whose output has no room', () => {
  it.each(['keys list', 'keys list --help'])('says so: %s', async (command) => {
    const { code, stderr } = await shell(`$rollcall ${command} >/dev/full`, env).ended;
    expect(code).toBe(1);
    expect(stderr).toBe(
      'Standard output cannot be written: no space is left on the device (ENOSPC). Make room, or write elsewhere.\n',
    );
  });

  it('fails when it cannot even say so', async () => {
    const { code } = await shell('$rollcall keys list >/dev/full 2>&1', env).ended;
    expect(code).toBe(1);
  });
});

describe('what serves goes on when its reader went away', () => {
  it.each<[string, NodeJS.Signals]>([
    ['>&$gone 2>&$gone', 'SIGTERM'],
    ['>/dev/full 2>/dev/full', 'SIGTERM'],
    ['> >(head -n 1) 2> >(head -n 1)', 'SIGTERM'],
    // What a terminal says that is closed.
    ['>&$gone 2>&$gone', 'SIGHUP'],
  ])('rollcall start %s, and drains at %s', async (to, signal) => {
    const port = await freePort();
    const talkative = { ...env, PORT: port, ROLLCALL_LOG_LEVEL: 'debug' };
    const { child, ended } = shell(`exec $rollcall start ${to}`, talkative);
    await answers(`http://127.0.0.1:${port}/health/ready`);
    child.kill(signal);
    expect((await ended).code).toBe(0);
  });

  it('npm run fake', async () => {
    const port = await freePort();
    const { child, ended } = shell(`exec $fake hubspot --port 0 --admin-port ${port} >&$gone 2>&$gone`, env);
    await answers(`http://127.0.0.1:${port}/`);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });
});

const answers = (url: string): Promise<number> =>
  eventually(
    () => statusOf(url),
    (status) => status === 200,
  );

/** Zero while nobody answers. */
const statusOf = (url: string): Promise<number> =>
  fetch(url).then(
    ({ status }) => status,
    () => 0,
  );

async function makeKeys(url: string): Promise<void> {
  const prisma = createPrisma({ url });
  const keys = new ApiKeys(prisma);
  const { id } = await keys.create({ name: 'one of many', scopes: ['read'], projectIds: [] });
  await prisma.$executeRawUnsafe(
    `insert into api_keys select (jsonb_populate_record(k, jsonb_build_object('id', gen_random_uuid(),
      'hash', '\\x' || md5(n::text)))).* from api_keys k, generate_series(1, ${MANY}) n where k.id = '${id}'`,
  );
  await prisma.$disconnect();
}

/** One that was free a moment ago: who cannot read the greeting has to choose it. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}
