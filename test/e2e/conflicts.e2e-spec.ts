import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type HubSpotFake, startHubSpotFake } from '#connectors/hubspot/fake';
import { describeEachQueueBackend } from '../support/databases.js';
import { freshAdminKey, freshSecretKey, rollcall, ServiceProcess } from './support/service-process.js';

jest.setTimeout(120_000);

describeEachQueueBackend('two records that want one key', (home) => {
  let hubspot: HubSpotFake;
  let service: ServiceProcess;
  let connectionId: string;
  let records: string[];

  beforeAll(async () => {
    hubspot = await startHubSpotFake({ searchLagMs: 0 });
    records = ['Ada', 'Grace'].map(
      (firstname) => hubspot.account.contacts.create({ email: 'ada@x.example', firstname }).id,
    );
    const env: Record<string, string> = {
      DATABASE_URL: home.databaseUrl,
      ...(home.redisUrl && { REDIS_URL: home.redisUrl }),
      ROLLCALL_QUEUE_PREFIX: home.prefix.replaceAll(/[{}]/g, ''),
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
    };
    service = await ServiceProcess.start({ env });
    const { body } = await service.send('POST', '/v1/connections', {
      body: {
        kind: 'hubspot',
        name: 'crm',
        settings: { baseUrl: hubspot.url },
        secrets: { accessToken: hubspot.token, clientSecret: hubspot.clientSecret },
        every_seconds: null,
      },
    });
    connectionId = body.id;
  });

  afterAll(async () => {
    await service.stop();
    await hubspot.close();
  });

  const cli = (...args: string[]) =>
    rollcall(args, { ROLLCALL_URL: service.url, ROLLCALL_API_KEY: service.adminKey });
  const conflicts = async (status: string) =>
    (await service.send('GET', `/v1/conflicts?connection_id=${connectionId}&status=${status}`)).body;
  const keys = async () =>
    (await service.send('GET', '/v1/identities/')).body
      .map((identity: { identifier_key: string }) => identity.identifier_key)
      .sort();

  it('are one identity and one conflict, which names the other record', async () => {
    const run = await cli('sync', 'run', 'crm', '--full', '--wait', '--stream', 'contacts');
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('conflict 1') });
    expect(await keys()).toEqual(['ada@x.example']);
    expect(await conflicts('open')).toMatchObject([
      { stream: 'contacts', identifier_key: 'ada@x.example', status: 'open' },
    ]);
    const [{ external_id: held }] = await conflicts('open');
    expect(records).toContain(held);
    expect((await cli('conflicts', 'list', '--connection', 'crm')).stdout).toContain(`contacts/${held}`);
  });

  it('refuse a resolution that says nothing', async () => {
    const [conflict] = await conflicts('open');
    expect(await cli('conflicts', 'resolve', conflict.id)).toMatchObject({
      stderr: expect.stringContaining('exactly one of'),
    });
    const path = `/v1/conflicts/${conflict.id}/resolve`;
    expect((await service.send('POST', path, { body: { action: 'rekey' } })).status).toBe(422);
    expect(await conflicts('open')).toHaveLength(1);
  });

  it('go apart under the key that a person names, and stay so', async () => {
    const [conflict] = await conflicts('open');
    const resolved = await cli('conflicts', 'resolve', conflict.id, '--rekey', 'grace@x.example');
    expect(resolved).toMatchObject({ code: 0, stdout: expect.stringContaining('rekey') });
    expect(await keys()).toEqual(['ada@x.example', 'grace@x.example']);
    await cli('sync', 'run', 'crm', '--full', '--wait', '--stream', 'contacts');
    expect(await keys()).toEqual(['ada@x.example', 'grace@x.example']);
    expect(await conflicts('open')).toEqual([]);
    const again = await service.send('POST', `/v1/conflicts/${conflict.id}/resolve`, {
      body: { action: 'merge' },
    });
    expect(again.status).toBe(409);
  });
});
