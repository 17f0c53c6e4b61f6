import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/databases.js';
import { PEOPLE_MAP, SP500, SP500_MAP } from './support/import-files.js';
import { freshAdminKey, freshSecretKey, rollcall, ServiceProcess } from './support/service-process.js';

jest.setTimeout(90_000);

describe('rollcall import', () => {
  let own: TestDatabase;
  let service: ServiceProcess;
  let database: pg.Client;
  let folder: string;

  beforeAll(async () => {
    own = await createTestDatabase();
    service = await ServiceProcess.start({
      env: {
        DATABASE_URL: own.url,
        ROLLCALL_SECRET_KEY: freshSecretKey(),
        ROLLCALL_ADMIN_KEY: freshAdminKey(),
      },
    });
    database = new pg.Client({ connectionString: own.url });
    await database.connect();
    folder = await mkdtemp(path.join(os.tmpdir(), 'rollcall-import-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
    await database.end();
    await service.stop();
    await own.drop();
  });

  const cli = (args: string[], env: Record<string, string> = {}) =>
    rollcall(['import', ...args], { ROLLCALL_URL: service.url, ROLLCALL_API_KEY: service.adminKey, ...env });

  const events = async (): Promise<number> =>
    Number((await database.query('select count(*) from es.events')).rows[0].count);

  it('imports a file, then finds nothing new in it, then the one row that changed', async () => {
    const before = await events();
    expect(await cli([SP500, '--map', SP500_MAP])).toMatchObject({
      code: 0,
      stdout: 'created 503, updated 0, unchanged 0, rejected 0\n',
    });
    expect((await events()) - before).toBe(503);
    expect(await cli([SP500, '--map', SP500_MAP])).toMatchObject({
      code: 0,
      stdout: 'created 0, updated 0, unchanged 503, rejected 0\n',
    });
    const changed = path.join(folder, 'changed.csv');
    await writeFile(changed, (await readFile(SP500, 'utf8')).replace('MMM,3M,Industrials', 'MMM,3M,Other'));
    const map = path.join(folder, 'map.json');
    await writeFile(map, SP500_MAP);
    expect(await cli([changed, '--map', map])).toMatchObject({
      code: 0,
      stdout: 'created 0, updated 1, unchanged 502, rejected 0\n',
    });
    expect((await events()) - before).toBe(504);
  });

  it('shows the identities to the API', async () => {
    const { body } = await service.send('GET', '/v1/identities/?identifier_key=AAPL');
    expect(body).toMatchObject([
      {
        name: 'Apple Inc.',
        identity_type: 'org',
        properties: [
          { key: 'sector', type: 'string', value: 'Information Technology' },
          { key: 'founded', type: 'string', value: '1977' },
        ],
      },
    ]);
  });

  it('writes nothing in a dry run', async () => {
    // One company is called as its ticker.
    const before = await events();
    const map = JSON.stringify({ ...JSON.parse(SP500_MAP), name: 'Symbol' });
    const { code, stdout } = await cli([SP500, '--map', map, '--dry-run']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'Dry run, nothing was written: created 0, updated 502, unchanged 1, rejected 0\n',
    });
    expect(await events()).toBe(before);
  });

  it('ends with 2 when rows were rejected, and saves them', async () => {
    const file = path.join(folder, 'some.csv');
    const rejected = path.join(folder, 'rejected.csv');
    await writeFile(file, 'key,name,age\na,Ada,36\nb,Bob,old\n');
    const result = await cli([file, '--map', PEOPLE_MAP, '--project', 'p1', '--rejected', rejected]);
    expect(result).toMatchObject({ code: 2, stdout: 'created 1, updated 0, unchanged 0, rejected 1\n' });
    expect(await readFile(rejected, 'utf8')).toBe(
      'key,name,age,_line,_field,_code,_reason\nb,Bob,old,3,properties.age,WRONG_TYPE,has to be a number such as 1234.5\n',
    );
    const { body } = await service.send('GET', '/v1/identities/?project_id=p1');
    expect(body).toMatchObject([{ identifier_key: 'a', project_id: 'p1' }]);
  });

  it.each([
    [
      'no server',
      { ROLLCALL_URL: 'http://127.0.0.1:9' },
      [SP500, '--map', SP500_MAP],
      /No answer from .*ROLLCALL_URL/,
    ],
    [
      'a wrong key',
      { ROLLCALL_API_KEY: 'wrong' },
      [SP500, '--map', SP500_MAP],
      /Unauthorized \(401 UNAUTHORIZED\)/,
    ],
    [
      'a mapping that does not fit',
      {},
      [SP500, '--map', PEOPLE_MAP],
      /names the column "key".*\(422 INVALID_IMPORT_MAPPING\)/,
    ],
    ['a mapping that is not JSON', {}, [SP500, '--map', '{x'], /--map is not valid JSON/],
    ['no such mapping', {}, [SP500, '--map', 'nowhere.json'], /neither JSON nor a file/],
    [
      'no such file',
      {},
      ['nowhere.csv', '--map', SP500_MAP],
      /nowhere.csv cannot be read: there is no such file/,
    ],
  ])('ends with 1 and says why: %s', async (_case, env, args, reason) => {
    const { code, stderr } = await cli(args, env);
    expect(stderr).toMatch(reason);
    expect(code).toBe(1);
  });
});
