import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type HubSpotFake, startHubSpotFake } from '#connectors/hubspot/fake';
import { describeMainlyWith } from '../support/databases.js';
import { eventually, freshAdminKey, freshSecretKey, ServiceProcess } from './support/service-process.js';

jest.setTimeout(90_000);

/** A signature that tries every way to share out 300 arguments: it outlives everybody, and nothing inside stops it. */
const NATIVE_SEARCH = `($f := function($x)<${'s+'.repeat(12)}n:s>{ 1 }; $f(${Array(300).fill('"a"').join()}))`;
const DOUBLED_TEXT = '($d := function($s, $n) { $n = 0 ? $s : $d($s & $s, $n - 1) }; $length($d("ab", 24)))';
const DOUBLED_TREE = `${'('.repeat(60)}Name${' ?? Name)'.repeat(60)}`;
const ENDLESS = [
  ['searches natively', NATIVE_SEARCH],
  ['compares all with all', '$string($count($distinct([1..99999])))'],
  ['fills the memory', '$string($reduce([1..60], function($a, $n) { $append($a, $a) }, [{ "a": 1 }]))'],
  ['doubles a text', `$string(${DOUBLED_TEXT})`],
] as const;

describeMainlyWith('redis', 'expressions of whoever may write a mapping', (services) => {
  let service: ServiceProcess;
  let hubspot: HubSpotFake;
  let connection: string;
  const secrets = { ROLLCALL_SECRET_KEY: freshSecretKey(), ROLLCALL_ADMIN_KEY: freshAdminKey() };
  const start = () =>
    ServiceProcess.start({
      env: {
        ...secrets,
        DATABASE_URL: services.databaseUrl,
        ...(services.redisUrl && { REDIS_URL: services.redisUrl }),
        ROLLCALL_QUEUE_PREFIX: services.prefix.replace(/[{}]/g, ''),
        ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
      },
    });

  beforeAll(async () => {
    service = await start();
    hubspot = await startHubSpotFake({ searchLagMs: 0, seed: { contacts: 60 } });
    const { body } = await service.send('POST', '/v1/connections', {
      body: {
        kind: 'hubspot',
        name: 'crm',
        settings: { baseUrl: hubspot.url },
        secrets: { accessToken: hubspot.token },
        every_seconds: null,
      },
    });
    connection = `/v1/connections/${body.id}`;
  });
  afterAll(async () => {
    await service.stop();
    await hubspot.close();
  });

  const upload = async (jsonata: string, rows = 40) => {
    const mapping = { identifier_key: 'Key', name: { jsonata }, identity_type: '=user' };
    const query = new URLSearchParams({ mapping: JSON.stringify(mapping) });
    const response = await fetch(`${service.url}/v1/imports?${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.adminKey}`, 'content-type': 'text/csv' },
      body: `Key,Name\n${Array.from({ length: rows }, (_, n) => `key-${n},Name ${n}\n`).join('')}`,
    });
    return { status: response.status, body: (await response.json()) as { id: string; detail?: string } };
  };
  const finished = async (id: string) =>
    (
      await eventually(
        () => service.send('GET', `/v1/imports/${id}`),
        ({ body }) => body.finished_at !== null,
      )
    ).body;
  const document = (name: string) => ({
    version: 1,
    identifier_key: 'properties.email',
    name,
    identity_type: '"user"',
  });

  it.each(ENDLESS)('fail an import that %s, with their place, while others get on', async (_, jsonata) => {
    const { body } = await upload(jsonata);
    const alive = await service.send('GET', '/v1/identities/?limit=1');
    expect(alive.status).toBe(200);
    expect(await finished(body.id)).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(
        /^The mapping was given up after an expression had to be stopped on 5 records: name /,
      ),
    });
  });

  it('reject the one row that they cannot be evaluated for, and take its neighbours', async () => {
    const { body } = await upload(`Key = "key-7" ? (${NATIVE_SEARCH}) : Name`);
    expect(await finished(body.id)).toMatchObject({
      status: 'completed',
      rows: { read: 40, rejected: 1 },
    });
    const response = await fetch(`${service.url}/v1/imports/${body.id}/rejected`, {
      headers: { authorization: `Bearer ${service.adminKey}`, accept: 'text/csv' },
    });
    const rejected = await response.text();
    expect(rejected).toContain('EXPRESSION_LIMIT');
    expect(rejected).toContain('key-7');
  });

  it('are refused where they would take for ever to compile, at each door', async () => {
    expect(await upload(DOUBLED_TREE)).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('name has an expression that takes too much to compile') },
    });
    const contacts = document(DOUBLED_TREE);
    const patched = await service.send('PATCH', connection, { body: { mapping: { contacts } } });
    expect(patched).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('contacts.name') },
    });
    const previewed = await service.send('POST', `${connection}/preview`, {
      body: { stream: 'contacts', mapping: contacts },
    });
    expect(previewed.status).toBe(422);
  });

  it('have two seconds for all records of a preview, and it shows what became of each', async () => {
    const properties = [1, 2, 3].map((n) => ({ key: `slow_${n}`, type: 'number', value: NATIVE_SEARCH }));
    const { status, body } = await service.send('POST', `${connection}/preview`, {
      body: { stream: 'contacts', limit: 20, mapping: { ...document('"a"'), properties } },
    });
    expect(status).toBe(200);
    expect(body).toHaveLength(20);
    for (const { mapped, errors } of body) {
      expect(mapped).toBeNull();
      expect(errors).toEqual(
        expect.arrayContaining([
          { field: expect.stringMatching(/^properties\.slow_/), reason: expect.any(String) },
        ]),
      );
    }
  });

  it('fail a run, with their place', async () => {
    const contacts = document(NATIVE_SEARCH);
    expect((await service.send('PATCH', connection, { body: { mapping: { contacts } } })).status).toBe(200);
    const { body: run } = await service.send('POST', `${connection}/runs`, {
      body: { mode: 'full', stream: 'contacts' },
    });
    const ended = await eventually(
      () => service.send('GET', `/v1/runs/${[run].flat()[0].id}`),
      ({ body }) => body.finished_at !== null,
    );
    expect(ended.body).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/stopped on 5 records: name /),
    });
  });

  it('let the service stop in the middle of them, and start again', async () => {
    await upload(ENDLESS[0][1], 2_000);
    expect(await service.stop()).toBe(0);
    service = await start();
    expect((await service.send('GET', '/v1/identities/?limit=1')).status).toBe(200);
  });
});
