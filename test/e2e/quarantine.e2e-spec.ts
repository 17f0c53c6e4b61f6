import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type HubSpotFake, startHubSpotFake } from '#connectors/hubspot/fake';
import { ApiKeys, createPrisma, type NewApiKey } from '#platform';
import { describeEachQueueBackend } from '../support/databases.js';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  rollcall,
  ServiceProcess,
} from './support/service-process.js';

jest.setTimeout(120_000);

describeEachQueueBackend('what webhooks could not take', (home) => {
  let hubspot: HubSpotFake;
  let service: ServiceProcess;
  let connectionId: string;

  beforeAll(async () => {
    hubspot = await startHubSpotFake({ searchLagMs: 0 });
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
        name: 'HubSpot',
        settings: { baseUrl: hubspot.url },
        secrets: { accessToken: hubspot.token, clientSecret: hubspot.clientSecret },
        every_seconds: null,
      },
    });
    connectionId = body.id;
    const url = `${service.url}/v1/webhooks/hubspot/${connectionId}`;
    hubspot.account.webhooks.send({ url, automatic: true });
  });

  afterAll(async () => {
    await service.stop();
    await hubspot.close();
  });

  const cli = (...args: string[]) =>
    rollcall(args, { ROLLCALL_URL: service.url, ROLLCALL_API_KEY: service.adminKey });
  const get = async (path: string) => (await service.send('GET', path)).body;
  const quarantine = (status = 'waiting') =>
    get(`/v1/quarantine?connection_id=${connectionId}&status=${status}`);
  const makeKey = async (key: Omit<NewApiKey, 'name'>): Promise<string> => {
    const prisma = createPrisma({ url: home.databaseUrl, max: 1 });
    const made = new ApiKeys(prisma).create({ name: 'a test', ...key });
    return (await made.finally(() => prisma.$disconnect())).key;
  };
  const spoil = (id: string, title: string) =>
    hubspot.account.contacts.disguise(id, { id, properties: { jobtitle: `${title}\u0000` } });
  const setAside = async (email: string) => {
    const contact = hubspot.account.contacts.create({ email, jobtitle: 'Analyst' }, { silent: true });
    spoil(contact.id, 'Analyst');
    hubspot.account.contacts.update(contact.id, { lastname: 'Lovelace' });
    const [held] = await eventually(quarantine, (found) => found.length === 1);
    return { recordId: contact.id, held };
  };

  it('is shown with its reason, and its payload to an admin', async () => {
    const { recordId, held } = await setAside('ada@x.example');
    expect(held).toMatchObject({ external_id: recordId, stream: 'contacts', status: 'waiting' });
    expect(held).not.toHaveProperty('payload');
    const listed = await cli('quarantine', 'list', 'HubSpot');
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining(held.id) });
    expect((await cli('quarantine', 'show', held.id)).stdout).toContain('Analyst');
  });

  it('shows its payload to the scope admin alone, and itself to no key of another project', async () => {
    const [held] = await quarantine();
    const ask = (key: string, path = `/v1/quarantine/${held.id}`) => service.send('GET', path, { key });
    const list = `/v1/quarantine?connection_id=${connectionId}`;
    for (const scope of ['read', 'write'] as const) {
      const key = await makeKey({ scopes: [scope] });
      expect(await ask(key)).toMatchObject({ status: 200, body: held });
      for (const path of [`/v1/quarantine/${held.id}`, list])
        expect(JSON.stringify((await ask(key, path)).body)).not.toMatch(/payload|Analyst/);
    }
    const admin = await ask(await makeKey({ scopes: ['admin'] }));
    expect(admin.body).toEqual({ ...held, payload: expect.anything() });
    expect(JSON.stringify(admin.body.payload)).toContain('Analyst');
    expect(JSON.stringify(await quarantine())).not.toMatch(/payload|Analyst/);
    const stranger = await makeKey({ scopes: ['admin'], projectIds: ['elsewhere'] });
    for (const path of [`/v1/quarantine/${held.id}`, list])
      expect(await ask(stranger, path)).toMatchObject({ status: 404 });
    const reader = await makeKey({ scopes: ['read'] });
    for (const action of ['replay', 'discard']) {
      const path = `/v1/quarantine/${held.id}/${action}`;
      expect((await service.send('POST', path, { key: reader })).status).toBe(403);
    }
  });

  it('is fetched again on request, and its values say where they come from', async () => {
    const [held] = await quarantine();
    hubspot.account.contacts.disguise(held.external_id, undefined);
    const replayed = await cli('quarantine', 'replay', held.id);
    expect(replayed.stdout).toContain('1 will be fetched again');
    await eventually(quarantine, (found) => found.length === 0);
    const [ada] = await get('/v1/identities/?identifier_key=ada%40x.example');
    const plain = await get(`/v1/identities/${ada.id}`);
    expect(plain).not.toHaveProperty('provenance');
    const { provenance, ...rest } = await get(`/v1/identities/${ada.id}?include=provenance`);
    expect(rest).toEqual(plain);
    expect(provenance.name).toMatchObject({
      source: 'connection',
      connection_id: connectionId,
      stream: 'contacts',
      external_id: held.external_id,
      version: 1,
    });
    expect(provenance.properties.job_title.actor).toBe(`connection:${connectionId}`);
    const query = `connection_id=${connectionId}&external_id=${held.external_id}`;
    const outcomes = await get(`/v1/outcomes?${query}`);
    expect(outcomes.map(({ action }: { action: string }) => action)).toEqual(['create', 'invalid']);
    const deliveries = await get(`/v1/webhook-deliveries?${query}`);
    expect(deliveries.map(({ origin }: { origin: string }) => origin)).toEqual(['quarantine', 'webhook']);
  });

  it('is let go until it changes', async () => {
    const { held } = await setAside('grace@x.example');
    expect((await cli('quarantine', 'discard', '--connection', 'HubSpot')).stdout).toContain('1 discarded');
    expect(await quarantine()).toEqual([]);
    expect(await quarantine('discarded')).toMatchObject([{ id: held.id }]);
    spoil(held.external_id, 'Admiral');
    hubspot.account.contacts.update(held.external_id, { lastname: 'Hopper' });
    await eventually(quarantine, ([found]) => found?.id === held.id);
  });

  it('is replayed by delivery, one or many', async () => {
    const listed = await cli('webhooks', 'list', 'HubSpot', '--status', 'done');
    expect(listed.stdout).toContain('contacts');
    const [delivery] = await get(`/v1/webhook-deliveries?connection_id=${connectionId}&status=done&limit=1`);
    expect((await cli('webhooks', 'replay', delivery.id)).stdout).toContain('1 will be worked off again');
    await eventually(
      () => get(`/v1/webhook-deliveries?connection_id=${connectionId}&external_id=${delivery.external_id}`),
      (found) =>
        found.some(
          ({ id, status, replays }: { id: string; status: string; replays: number }) =>
            id === delivery.id && status === 'done' && replays === 1,
        ),
    );
    const none = await cli('webhooks', 'replay', '--connection', 'HubSpot', '--status', 'failed');
    expect(none.stdout).toContain('0 will be worked off again');
    expect(await cli('webhooks', 'replay')).toMatchObject({ code: 1 });
  });
});
