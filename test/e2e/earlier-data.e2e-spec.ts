import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { migrationsPending } from '#platform';
import { availableDatabases, createEmptyDatabase, type TestDatabase } from '../support/databases.js';
import { rollcall, ServiceProcess } from './support/service-process.js';

jest.setTimeout(120_000);

/** What each release's own API wrote and then answered: see test/fixtures/README.md. */
const earlier = ['0.1.0'];

describe.each(earlier.flatMap((version) => availableDatabases().map((kind) => [version, kind] as const)))(
  'data of release %s, migrated by this one on the %s PostgreSQL,',
  (version, kind) => {
    let database: TestDatabase;
    let sql: pg.Client;
    let service: ServiceProcess;
    let env: Record<string, string>;

    beforeAll(async () => {
      database = await createEmptyDatabase(kind);
      sql = new pg.Client({ connectionString: database.url });
      await sql.connect();
      await sql.query(fixture(version, 'sql'));
      env = { ...fixtureKeys, DATABASE_URL: database.url };
      // No worker: it would try again what waits, and tidy up what has grown old since.
      service = await ServiceProcess.start({ env, args: ['--only', 'api'] });
    });
    afterAll(async () => {
      await service.stop();
      await sql.end();
      await database.drop();
    });

    it('has every migration', async () => {
      expect(await migrationsPending(database.url)).toEqual([]);
    });

    it.each(answersOf(version))('is answered as it was: $target', async ({ target, body }) => {
      const response = await fetch(`${service.url}${target}`, {
        headers: { authorization: `Bearer ${service.adminKey}` },
      });
      expect(response.status).toBe(200);
      const isJson = response.headers.get('content-type')?.startsWith('application/json');
      const answer = isJson ? await response.json() : await response.text();
      expect({ answer }).toMatchObject({ answer: body });
    });

    it('has rows that are what the log says', async () => {
      const { stdout, code } = await rollcall(['rebuild', 'identities', '--check'], env);
      expect({ stdout, code }).toMatchObject({ code: 0, stdout: expect.stringContaining('Every row is') });
    });

    it('opens what was sealed', async () => {
      const [{ id }] = (await service.send('GET', '/v1/connections')).body;
      const compared = await service.send('POST', `/v1/connections/${id}/secrets/compare`, {
        body: { secrets: { clientSecret: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy', accessToken: 'another' } },
      });
      expect(compared.body).toEqual({ secrets: { clientSecret: 'same', accessToken: 'changed' } });
    });

    it('is written on', async () => {
      const [ada] = (await service.send('GET', '/v1/identities/?identifier_key=ada@x.example')).body;
      const before = (await service.send('GET', `/v1/identities/${ada.id}/events`)).body;
      await service.send('PATCH', `/v1/identities/${ada.id}`, { body: { name: 'Countess' } });
      const after = (await service.send('GET', `/v1/identities/${ada.id}/events`)).body;
      expect(after.slice(0, -1)).toEqual(before);
      expect(after.at(-1)).toMatchObject({ type: 'IdentityModified', version: before.length + 1 });
      const { rows } = await sql.query(
        'select max(global_position) filter (where stream_id = $1) = max(global_position) as is_last from es.events',
        [ada.id.replace('identity-', '')],
      );
      expect(rows).toEqual([{ is_last: true }]);
      const [letter] = (await service.send('GET', '/v1/dead-letters')).body;
      const discarded = await service.send('POST', `/v1/dead-letters/${letter.id}/discard`);
      expect(discarded).toMatchObject({ status: 200, body: { status: 'discarded' } });
    });
  },
);

function answersOf(version: string): { target: string; body: unknown }[] {
  return JSON.parse(fixture(version, 'answers.json'));
}

function fixture(version: string, kind: string): string {
  return readFileSync(`test/fixtures/release-${version}.${kind}`, 'utf8');
}

/** As `test/support/make-release-data.mjs` has them; they open nothing else. */
const fixtureKeys = {
  ROLLCALL_ADMIN_KEY: 'the-admin-key-of-fixtures',
  ROLLCALL_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
};
