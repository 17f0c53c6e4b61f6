import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type FakeServer, startFakeServer } from '#connectors/testing';
import { createTestDatabase } from '../support/databases.js';
import { freshAdminKey, freshSecretKey, rollcall, ServiceProcess } from './support/service-process.js';

jest.setTimeout(90_000);

const EXAMPLE = 'docs/examples/tiny-crm.yaml';

/** The worked example of docs/manifests.md, as a reader runs it. */
describe('rollcall connectors', () => {
  let crm: FakeServer;
  let folder: string;

  beforeAll(async () => {
    crm = await startFakeServer(async ({ path: asked, query, headers }) => {
      if (headers.authorization !== 'Bearer tiny-token') return { status: 401 };
      if (asked === '/v1/me') return { status: 200, json: { workspace: { id: 'w-7' } } };
      if (asked !== '/v1/people' || query.get('limit') !== '50') return { status: 404 };
      return { status: 200, json: { people: PEOPLE, next_cursor: query.has('cursor') ? null : 'page-2' } };
    });
    folder = await mkdtemp(path.join(os.tmpdir(), 'rollcall-manifests-'));
  });
  afterAll(async () => {
    await crm.close();
    await rm(folder, { recursive: true });
  });

  const attempt = (...more: string[]) =>
    rollcall(
      [
        'connectors',
        'try',
        EXAMPLE,
        '--setting',
        `baseUrl=${crm.url}`,
        '--secret',
        'token=tiny-token',
        ...more,
      ],
      { ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true' },
    );

  it('finds nothing wrong with the example', async () => {
    expect(await rollcall(['connectors', 'check', EXAMPLE], {})).toMatchObject({
      code: 0,
      stdout: `${EXAMPLE} is fine: Tiny CRM (tiny-crm) with people\n`,
    });
  });

  it('points at file, line, column and field of every fault', async () => {
    const file = path.join(folder, 'broken.yaml');
    const example = await readFile(EXAMPLE, 'utf8');
    await writeFile(
      file,
      example.replace('type: bearer', 'type: barer').replace('{{page.token}}', '{{page.tokn}}'),
    );
    const { code, stderr } = await rollcall(['connectors', 'check', file], {});
    expect(code).toBe(2);
    expect(stderr).toMatch(/broken\.yaml:12:9 {2}auth\.type: .*bearer/);
    await writeFile(file, example.replace('{{page.token}}', '{{page.tokn}}'));
    expect((await rollcall(['connectors', 'check', file], {})).stderr).toMatch(
      /broken\.yaml:27:\d+ {2}streams\.people\.list\.query\.cursor: \{\{page\.tokn\}\}/,
    );
  });

  it('reads one page and prints the identities, and why others are none', async () => {
    const { code, stdout, stderr } = await attempt();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('people of w-7: 1 identities, 2 rejected; there is more');
    expect(stdout).toMatch(
      /p-1 +ada@x\.example +user +Ada Lovelace +email="Ada@x\.example" employer="Engines"/,
    );
    expect(stdout).toMatch(/p-2 +name is empty/);
    expect(stdout).toMatch(/\(no id\) +id: expected an id/);
  });

  it('prints the same as JSON, and takes a secret from a file', async () => {
    const file = path.join(folder, 'token');
    await writeFile(file, 'tiny-token\n');
    const { stdout } = await attempt('--secret', `token=@${file}`, '--json', '--stream', 'people');
    expect(JSON.parse(stdout)).toMatchObject({
      account: 'w-7',
      stream: 'people',
      complete: false,
      identities: [
        { external_id: 'p-1', identity: { identifierKey: 'ada@x.example', identityType: 'user' } },
      ],
      rejected: [{ external_id: null }, { external_id: 'p-2' }],
    });
  });

  it('says which secret is missing, which is wrong, and which stream there is not', async () => {
    const bare = await rollcall(['connectors', 'try', EXAMPLE], {});
    expect(bare).toMatchObject({ code: 1, stderr: expect.stringMatching(/^--secret: token: /) });
    const wrong = await attempt('--secret', 'token=wrong');
    expect(wrong).toMatchObject({ code: 1, stderr: 'GET /v1/me answered 401\n' });
    expect((await attempt('--stream', 'deals')).stderr).toContain('the manifest has people');
  });

  it('lists what can be connected, the operator’s own manifests among them', async () => {
    await writeFile(path.join(folder, 'own.yaml'), await readFile(EXAMPLE, 'utf8'));
    await rm(path.join(folder, 'broken.yaml'), { force: true });
    const { stdout } = await rollcall(['connectors', 'list'], { ROLLCALL_MANIFESTS: folder });
    for (const kind of ['hubspot', 'espocrm', 'tiny-crm'])
      expect(stdout).toMatch(new RegExp(`^${kind} `, 'm'));
  });

  it('makes them known to a running service, with the settings they take', async () => {
    const own = await mkdtemp(path.join(folder, 'own-'));
    await writeFile(path.join(own, 'own.yaml'), await readFile(EXAMPLE, 'utf8'));
    const database = await createTestDatabase();
    const service = await ServiceProcess.start({
      env: {
        DATABASE_URL: database.url,
        ROLLCALL_SECRET_KEY: freshSecretKey(),
        ROLLCALL_ADMIN_KEY: freshAdminKey(),
        ROLLCALL_MANIFESTS: own,
      },
    });
    try {
      const headers = { authorization: `Bearer ${service.adminKey}` };
      const answer = await fetch(`${service.url}/v1/connectors`, { headers });
      const known = (await answer.json()) as { kind: string; settings: unknown }[];
      expect(known.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['espocrm', 'intercom', 'tiny-crm']),
      );
      const tiny = known.find(({ kind }) => kind === 'tiny-crm');
      expect(tiny?.settings).toMatchObject({ properties: { baseUrl: { type: 'string' } } });
    } finally {
      await service.stop();
      await database.drop();
    }
  });

  it('stops the start over a bad manifest, with file and line', async () => {
    const bad = await mkdtemp(path.join(folder, 'bad-'));
    await writeFile(path.join(bad, 'bad.yaml'), 'id: bad\nname: 7\n');
    const { code, stderr } = await rollcall(['start'], { ROLLCALL_MANIFESTS: bad });
    expect(code).toBe(1);
    expect(stderr).toMatch(/bad\.yaml:2:\d+ {2}name: /);
  });
});

const PEOPLE = [
  {
    id: 'p-1',
    full_name: 'Ada Lovelace',
    email: 'Ada@x.example',
    employer: { name: 'Engines' },
    updated_at: '2026-09-01T10:00:00Z',
  },
  { id: 'p-2', full_name: '', email: null, updated_at: '2026-09-01T10:00:00Z' },
  { full_name: 'Nobody', updated_at: '2026-09-01T10:00:00Z' },
];
