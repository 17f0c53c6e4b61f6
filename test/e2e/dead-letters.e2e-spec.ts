import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createPostgresBackend, withBackend } from 'bullmq';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/databases.js';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  rollcall,
  ServiceProcess,
} from './support/service-process.js';

jest.setTimeout(60_000);

const { Queue } = withBackend(createPostgresBackend);

describe('dead letters', () => {
  let database: TestDatabase;
  let sql: pg.Pool;
  let service: ServiceProcess;
  let queue: InstanceType<typeof Queue>;
  let env: Record<string, string>;
  beforeAll(async () => {
    database = await createTestDatabase();
    sql = new pg.Pool({ connectionString: database.url, max: 1 });
    env = {
      DATABASE_URL: database.url,
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
    };
    service = await ServiceProcess.start({ env });
    queue = new Queue('identity-commands', { connection: { connectionString: database.url } });
  });
  afterAll(async () => {
    await queue?.close();
    await service?.stop();
    await sql?.end();
    await database?.drop();
  });
  beforeEach(() => sql.query('truncate dead_letters'));

  const send = (method: string, path: string) => service.send(method, `/v1/dead-letters${path}`);
  const list = async (query = ''): Promise<Letter[]> => (await send('GET', query)).body;

  /** Jobs that are given up at once, oldest first. */
  async function bury(...jobs: [name: string, data: unknown][]): Promise<Letter[]> {
    const known = (await list()).length;
    for (const [name, data] of jobs) {
      const { id } = await queue.add(name, data);
      await eventually(list, (letters) => letters.some((letter) => letter.job_id === id));
    }
    return (await list()).slice(0, known + jobs.length).reverse();
  }

  const badName: [string, unknown] = ['identity.explode', {}];
  const badData: [string, unknown] = ['identity.upsert', { identifier_key: 'k', name: 1, note: 'private' }];

  describe('looking', () => {
    it('lists them newest first, a page at a time', async () => {
      const buried = (await bury(badName, badData, badName)).map(({ id }) => id).reverse();
      expect((await list()).map(({ id }) => id)).toEqual(buried);
      expect((await list('?limit=2')).map(({ id }) => id)).toEqual(buried.slice(0, 2));
      expect((await list(`?limit=2&after=${buried[1]}`)).map(({ id }) => id)).toEqual(buried.slice(2));
    });

    it('filters by queue, job, code, status and time', async () => {
      const [unknown, invalid] = (await bury(badName, badData)) as [Letter, Letter];
      const found = async (query: string) => (await list(query)).map(({ id }) => id);
      expect(await found('?queue=identity-commands')).toHaveLength(2);
      expect(await found('?queue=other')).toEqual([]);
      expect(await found('?job=identity.upsert')).toEqual([invalid.id]);
      expect(await found('?code=JOB_UNKNOWN')).toEqual([unknown.id]);
      expect(await found('?status=discarded')).toEqual([]);
      expect(await found(`?from=${invalid.failed_at}`)).toEqual([invalid.id]);
      expect(await found(`?to=${invalid.failed_at}`)).toEqual([unknown.id]);
    });

    it('shows what the producer sent only when asked for the one', async () => {
      const [letter] = (await bury(badData)) as [Letter];
      expect(JSON.stringify(await list())).not.toContain('private');
      const { body } = await send('GET', `/${letter.id}`);
      expect(body).toEqual({ ...letter, data: badData[1] });
    });

    it('answers 404 for one that is not there, and 422 with an example for what is no id', async () => {
      expect((await send('GET', '/123e4567-e89b-42d3-8456-426614174000')).status).toBe(404);
      const malformed = await send('GET', '/17');
      expect(malformed).toMatchObject({
        status: 422,
        body: { examples: ['123e4567-e89b-42d3-8456-426614174000'] },
      });
    });

    it('is for admins', async () => {
      const { stdout } = await rollcall(['keys', 'create', 'writer', '--scope', 'write'], env);
      const refused = await service.send('GET', '/v1/dead-letters', { key: stdout.trim() });
      expect(refused.status).toBe(403);
      expect((await service.send('GET', '/v1/dead-letters', { key: 'rc_nobody' })).status).toBe(401);
    });
  });

  describe('retrying', () => {
    it('puts the job back: what still cannot be done waits in the same letter again', async () => {
      const [letter] = (await bury(badName)) as [Letter];
      expect(await send('POST', `/${letter.id}/retry`)).toMatchObject({
        status: 200,
        body: { status: 'retried' },
      });
      const [again] = await eventually(list, ([only]) => only?.status === 'waiting');
      expect(again?.id).toBe(letter.id);
    });

    it('by filter takes the matching ones alone', async () => {
      const [, invalid] = (await bury(badName, badData)) as [Letter, Letter];
      await queue.pause();
      const { body } = await send('POST', '/retry?code=JOB_UNKNOWN');
      expect(body).toEqual({ retried: 1, unreadable: 0 });
      expect((await list('?status=waiting')).map(({ id }) => id)).toEqual([invalid.id]);
      await queue.resume();
      await eventually(
        () => list('?status=waiting'),
        (letters) => letters.length === 2,
      );
    });

    it('says so when the letter was discarded', async () => {
      const [letter] = (await bury(badName)) as [Letter];
      await send('POST', `/${letter.id}/discard`);
      expect((await send('POST', `/${letter.id}/retry`)).status).toBe(409);
    });
  });

  describe('discarding', () => {
    it('erases the data', async () => {
      const [letter] = (await bury(badData)) as [Letter];
      expect(await send('POST', `/${letter.id}/discard`)).toMatchObject({ body: { status: 'discarded' } });
      expect((await send('GET', `/${letter.id}`)).body).toMatchObject({ status: 'discarded', data: null });
      const { rows } = await sql.query('select length(payload) as bytes from dead_letters');
      expect(rows).toEqual([{ bytes: 0 }]);
    });

    it('by filter spares the others', async () => {
      const [, invalid] = (await bury(badName, badData)) as [Letter, Letter];
      expect((await send('POST', '/discard?job=identity.explode')).body).toEqual({ discarded: 1 });
      expect((await list('?status=waiting')).map(({ id }) => id)).toEqual([invalid.id]);
    });
  });

  describe('a bulk action', () => {
    it.each([
      ['no filter', ''],
      ['an empty one', '?code='],
      ['a misspelt one', '?code=JOB_UNKNOWN&jbo=identity.explode'],
      ['all beside a filter', '?all=true&code=JOB_UNKNOWN'],
      ['all=false', '?all=false'],
    ])('is refused with %s', async (_, query) => {
      await bury(badName);
      for (const action of ['retry', 'discard']) {
        expect((await send('POST', `/${action}${query}`)).status).toBe(422);
      }
      expect(await list('?status=waiting')).toHaveLength(1);
    });

    it('takes every one with all=true', async () => {
      await bury(badName, badData);
      expect((await send('POST', '/discard?all=true')).body).toEqual({ discarded: 2 });
    });
  });

  describe('the command line', () => {
    const run = (...args: string[]) =>
      rollcall(['dead-letters', ...args], { ROLLCALL_URL: service.url, ROLLCALL_API_KEY: service.adminKey });

    it('lists them', async () => {
      const [letter] = (await bury(badName)) as [Letter];
      const { stdout, code } = await run('list', '--code', 'JOB_UNKNOWN');
      expect(code).toBe(0);
      expect(stdout).toContain(letter.id);
      expect(stdout).toContain('JOB_UNKNOWN: No job of this name exists on this queue');
    });

    it('retries and discards by id and by filter', async () => {
      const [first, second] = (await bury(badName, badName)) as [Letter, Letter];
      expect((await run('discard', first.id)).stdout).toBe(`${first.id} discarded\n`);
      expect((await run('retry', second.id)).stdout).toBe(`${second.id} retried\n`);
      await eventually(
        () => list('?status=waiting'),
        (letters) => letters.length === 1,
      );
      expect((await run('discard', '--job', 'identity.explode')).stdout).toBe('1 discarded\n');
      await bury(badData);
      expect((await run('retry', '--all')).stdout).toBe('1 put back on their queues\n');
    });

    it('does nothing when it is not told to which', async () => {
      await bury(badName);
      expect(await run('discard')).toMatchObject({ code: 1, stderr: expect.stringContaining('all=true') });
      expect(await list('?status=waiting')).toHaveLength(1);
    });
  });
});

interface Letter {
  readonly id: string;
  readonly job_id: string;
  readonly status: string;
  readonly failed_at: string;
}
