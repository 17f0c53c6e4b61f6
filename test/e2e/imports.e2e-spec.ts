import { once } from 'node:events';
import http from 'node:http';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { describeEachQueueBackend } from '../support/databases.js';
import { PEOPLE_MAP, people, SP500_MAP } from './support/import-files.js';
import { eventually, freshAdminKey, freshSecretKey, ServiceProcess } from './support/service-process.js';

jest.setTimeout(90_000);

describeEachQueueBackend('imports through the front door', (services) => {
  let service: ServiceProcess;
  let database: pg.Client;
  const secrets = { ROLLCALL_SECRET_KEY: freshSecretKey(), ROLLCALL_ADMIN_KEY: freshAdminKey() };

  const start = () =>
    ServiceProcess.start({
      env: {
        ...secrets,
        DATABASE_URL: services.databaseUrl,
        ...(services.redisUrl && { REDIS_URL: services.redisUrl }),
        ROLLCALL_QUEUE_PREFIX: services.prefix.replace(/[{}]/g, ''),
      },
    });

  beforeAll(async () => {
    service = await start();
    database = new pg.Client({ connectionString: services.databaseUrl });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await service.stop();
  });

  const count = async (sql: string): Promise<number> => Number((await database.query(sql)).rows[0].count);
  /** Of this import alone: a chunk of an earlier test's import may still be committing. */
  const eventsOf = (projectId: string) =>
    count(
      `select count(*) from es.events where stream_id in (select id from identities where project_id = '${projectId}')`,
    );

  const post = (query: Record<string, string>, body: RequestInit['body'], key = service.adminKey) =>
    fetch(`${service.url}/v1/imports?${new URLSearchParams(query)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'text/csv' },
      body,
      duplex: 'half',
    } as RequestInit);

  const imported = async (id: string) =>
    (
      await eventually(
        () => service.send('GET', `/v1/imports/${id}`),
        ({ body }) => body.finished_at !== null,
        60_000,
      )
    ).body;

  describe('over REST', () => {
    it('tells its progress as server-sent events, until the end', async () => {
      const answer = await post({ mapping: PEOPLE_MAP }, people(0, 3_000));
      const { id } = (await answer.json()) as { id: string };
      const watched = await fetch(`${service.url}/v1/imports/${id}/progress`, {
        headers: { authorization: `Bearer ${service.adminKey}` },
      });
      expect(watched.headers.get('content-type')).toBe('text/event-stream');
      const told = (await watched.text()).trim().split('\n\n');
      expect(told.at(-1)).toMatch(/^event: finished\ndata: /);
      expect(JSON.parse(told.at(-1)?.split('data: ')[1] ?? '')).toMatchObject({
        id,
        status: 'completed',
        rows: { read: 3_000, rejected: 0 },
      });
    });

    it('refuses a mapping that does not fit while the file is still being sent', async () => {
      function* endless() {
        for (let from = 0; ; from += 1_000) yield people(from, 1_000);
      }
      const sending = http.request(
        `${service.url}/v1/imports?${new URLSearchParams({ mapping: SP500_MAP })}`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${service.adminKey}`, 'content-type': 'text/csv' },
        },
      );
      const sent = pipeline(Readable.from(endless()), sending);
      const [answer] = (await once(sending, 'response')) as [http.IncomingMessage];
      expect(answer.statusCode).toBe(422);
      expect(await json(answer)).toMatchObject({
        detail: expect.stringContaining('names the column "Symbol"'),
      });
      // The service listens a little longer, then hangs up.
      await expect(sent).rejects.toThrow();
    });

    it('fails an import whose sender went away, and says so', async () => {
      const id = '0198c0de-0000-7000-8000-00000000dead';
      const gone = new AbortController();
      async function* leaving() {
        yield Buffer.from(people(0, 20_000));
        await eventually(
          () => service.send('GET', `/v1/imports/${id}`),
          ({ body }) => body.rows?.created + body.rows?.unchanged > 0,
        );
        gone.abort();
      }
      const sending = fetch(
        `${service.url}/v1/imports?${new URLSearchParams({ mapping: PEOPLE_MAP, import_id: id, project_id: 'gone' })}`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${service.adminKey}`, 'content-type': 'text/csv' },
          body: Readable.toWeb(Readable.from(leaving())),
          duplex: 'half',
          signal: gone.signal,
        } as RequestInit,
      );
      await expect(sending).rejects.toThrow(/abort/);
      expect(await imported(id)).toMatchObject({
        status: 'failed',
        error: expect.stringContaining('broke off'),
      });
    });

    it('needs a key that may write', async () => {
      const { body } = await service.send('GET', '/v1/imports?limit=1');
      expect(body).toHaveLength(1);
      expect((await post({ mapping: PEOPLE_MAP }, people(0, 1), 'rc_nothing')).status).toBe(401);
    });

    it.each([
      ['GET', '/v1/imports/0198c0de-0000-7000-8000-000000000404', 404],
      ['GET', '/v1/imports/0198c0de-0000-7000-8000-000000000404/progress', 404],
      ['GET', '/v1/imports/0198c0de-0000-7000-8000-000000000404/rejected', 404],
      ['POST', '/v1/imports/0198c0de-0000-7000-8000-000000000404/cancel', 404],
      ['POST', '/v1/imports/0198c0de-0000-7000-8000-000000000404/retry-failed', 404],
      ['GET', '/v1/imports/none', 422],
      ['POST', '/v1/imports', 422],
    ])('answers %s %s with %i', async (method, target, status) => {
      expect((await service.send(method, target)).status).toBe(status);
    });
  });

  it('ends with each identity once when everything is killed half way', async () => {
    const rows = 30_000;
    const answer = await post({ mapping: PEOPLE_MAP, project_id: 'killed' }, people(0, rows));
    const { id } = (await answer.json()) as { id: string };
    await eventually(
      () => count(`select count(*) from identities where project_id = 'killed'`),
      (some) => some > 2_000,
    );
    await service.kill();
    const halfway = await count(`select count(*) from identities where project_id = 'killed'`);
    expect(halfway).toBeLessThan(rows);
    service = await start();
    expect(await imported(id)).toMatchObject({ status: 'completed', rows: { created: rows } });
    expect(await count(`select count(*) from identities where project_id = 'killed'`)).toBe(rows);
    expect(await eventsOf('killed')).toBe(rows);
  });
});
