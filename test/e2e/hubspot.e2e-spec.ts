import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type HubSpotFake, startHubSpotFake } from '#connectors/hubspot/fake';
import { describeMainlyWith, type QueueBackend } from '../support/databases.js';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  rollcall,
  ServiceProcess,
} from './support/service-process.js';

jest.setTimeout(120_000);

/** Webhook to visible: the promise is "within a second or two"; a busy test machine gets some more. */
const SOON_MS = 5_000;

describeMainlyWith('redis', 'HubSpot', (home) => {
  let world: World;
  beforeAll(async () => {
    world = await World.open(home);
  });
  afterAll(() => world.close());

  it('is connected and backfilled from the command line', async () => {
    world.hubspot.account.seed({ contacts: 230, companies: 120 });
    const added = await world.rollcall(
      'connections',
      'add',
      'hubspot',
      '--every',
      'never',
      ...world.access(),
    );
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain('Account  62515');
    world.connectionId = /Id +(\S+)/.exec(added.stdout)?.[1] ?? '';
    const webhook = /Webhook +(\S+)/.exec(added.stdout)?.[1] ?? '';
    world.hubspot.account.webhooks.send({ url: webhook, automatic: true, duplicate: true, shuffle: true });
    const ran = await world.rollcall('sync', 'run', 'hubspot', '--wait');
    expect(ran.stdout).toMatch(/contacts: full run \S+ completed, create 230/);
    expect(ran.stdout).toMatch(/companies: full run \S+ completed, create 120/);
  });

  it('says what a dry run would do, and does nothing', async () => {
    world.hubspot.account.contacts.create({ email: 'dry@x.example' }, { silent: true });
    const ran = await world.rollcall('sync', 'run', 'hubspot', '--dry-run', '--wait', '--stream', 'contacts');
    expect(ran.stdout).toMatch(/contacts: dry_run run \S+ completed, create 1, unchanged 230/);
    expect(await world.identities('dry@x.example')).toEqual([]);
  });

  describe('by webhook', () => {
    it('shows a new contact, a change of it, and a new key of the same identity', async () => {
      const { contacts } = world.hubspot.account;
      const { id } = contacts.create({ email: 'Ada@X.example', firstname: 'Ada', jobtitle: 'Analyst' });
      const [ada] = await world.soon('ada@x.example', ([found]) => found?.name === 'Ada');
      contacts.update(id, { lastname: 'Lovelace', jobtitle: '' });
      const [changed] = await world.soon('ada@x.example', ([found]) => found?.name === 'Ada Lovelace');
      expect(changed.properties.map(({ key }: { key: string }) => key)).not.toContain('job_title');
      contacts.update(id, { email: 'countess@x.example' });
      const [countess] = await world.soon('countess@x.example', (found) => found.length === 1);
      expect(countess.id).toBe(ada.id);
    });

    it('deletes what is archived, and gives the same identity back when it is restored', async () => {
      const { contacts } = world.hubspot.account;
      const { id } = contacts.create({ email: 'grace@x.example', firstname: 'Grace' });
      const [grace] = await world.soon('grace@x.example', (found) => found.length === 1);
      contacts.archive(id);
      await world.soon('grace@x.example', (found) => found.length === 0);
      contacts.restore(id);
      const [restored] = await world.soon('grace@x.example', (found) => found.length === 1);
      expect(restored.id).toBe(grace.id);
    });

    it('merges two into one and names it to whoever asks for the other', async () => {
      const { contacts } = world.hubspot.account;
      const primary = contacts.create({ email: 'primary@x.example' });
      const other = contacts.create({ email: 'other@x.example' });
      const [winner] = await world.soon('primary@x.example', (found) => found.length === 1);
      const [loser] = await world.soon('other@x.example', (found) => found.length === 1);
      contacts.merge(primary.id, other.id);
      await world.soon('other@x.example', (found) => found.length === 0);
      expect(await world.soon('primary@x.example', () => true)).toMatchObject([{ id: winner.id }]);
      const gone = await world.service.send('GET', `/v1/identities/${loser.id}`);
      expect(gone.status).toBe(404);
      expect(gone.body.detail).toContain(winner.id);
    });

    it('leads along a chain of merges to who lives at its end', async () => {
      const { contacts } = world.hubspot.account;
      const [a, b, c] = ['chain-a@x.example', 'chain-b@x.example', 'chain-c@x.example'] as const;
      const records = [a, b, c].map((email) => contacts.create({ email }));
      const found = async (email: string) => (await world.soon(email, ({ length }) => length === 1))[0].id;
      const [idOfA, idOfB, idOfC] = [await found(a), await found(b), await found(c)];
      const merged = contacts.merge(String(records[1]?.id), String(records[0]?.id));
      await world.soon(a, ({ length }) => length === 0);
      contacts.merge(String(records[2]?.id), merged.id);
      await world.soon(b, ({ length }) => length === 0);
      expect(await found(c)).toBe(idOfC);
      for (const lost of [idOfA, idOfB]) {
        const gone = await world.service.send('GET', `/v1/identities/${lost}`);
        expect(gone).toMatchObject({ status: 404, body: { detail: expect.stringContaining(idOfC) } });
      }
    });

    it('takes nothing that is not signed for this connection', async () => {
      const path = `/v1/webhooks/hubspot/${world.connectionId}`;
      expect((await world.service.send('POST', path, { body: [] })).status).toBe(401);
      const unknown = '/v1/webhooks/hubspot/01999999-9999-7999-8999-999999999999';
      expect((await world.service.send('POST', unknown, { body: [] })).status).toBe(404);
      const otherKind = path.replace('hubspot', 'salesforce');
      expect((await world.service.send('POST', otherKind, { body: [] })).status).toBe(404);
    });

    it('keeps each signal once and shows what became of it', async () => {
      const query = `/v1/webhook-deliveries?connection_id=${world.connectionId}`;
      await eventually(
        () => world.service.send('GET', `${query}&status=waiting`),
        ({ body }) => body.length === 0,
      );
      const { body } = await world.service.send('GET', `${query}&status=done&limit=1000`);
      const keys = body.map((d: Record<string, string>) => [d.external_id, d.kind, d.occurred_at].join());
      expect(keys.length).toBeGreaterThan(10);
      expect((await world.service.send('GET', `${query}&status=failed`)).body).toEqual([]);
    });
  });

  it('never shows a secret', async () => {
    const { body } = await world.service.send('GET', `/v1/connections/${world.connectionId}`);
    const text = JSON.stringify(body);
    expect(text).not.toContain(world.hubspot.token);
    expect(text).not.toContain(world.hubspot.clientSecret);
    expect(body).toMatchObject({ kind: 'hubspot', status: 'active', account_id: '62515' });
  });

  it('explains what is wrong with a connection that cannot be', async () => {
    const refused = await world.rollcall(
      'connections',
      'add',
      'hubspot',
      '--name',
      'x',
      '--token',
      'wrong',
      '--setting',
      `base_url=${world.hubspot.url}`,
    );
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/hubspot could not be used: .*401.*\(422 CONNECTION_CHECK_FAILED\)/s);
    const misspelt = await world.rollcall(
      'connections',
      'add',
      'hubspot',
      '--name',
      'x',
      '--token',
      't',
      '--setting',
      'base_ulr=http://x',
    );
    expect(misspelt.stderr).toMatch(/settings.*baseUlr.*\(422 INVALID_CONNECTION\)/s);
  });

  it('goes on with a run where it was when the process was killed', async () => {
    const { contacts } = world.hubspot.account;
    for (let n = 0; n < 600; n += 1) contacts.create({ email: `k${n}@x.example` }, { silent: true });
    world.hubspot.account.faults.add({ kind: 'slow', ms: 1_500, path: '/contacts', times: 1 });
    const started = await world.service.send('POST', `/v1/connections/${world.connectionId}/runs`, {
      body: { mode: 'full', stream: 'contacts' },
    });
    const run = `/v1/runs/${started.body[0].id}`;
    await eventually(
      () => world.service.send('GET', run),
      ({ body }) => body.pages > 2,
    );
    await world.restartAfterKill();
    const { body } = await eventually(
      () => world.service.send('GET', run),
      ({ body: { status } }) => status === 'completed',
      60_000,
    );
    const total = contacts.listed(false).length;
    expect(Object.values(body.counts as Record<string, number>).reduce((sum, n) => sum + n)).toBe(total);
    const { body: count } = await world.service.send('GET', '/v1/identities/count?identity_type=user');
    expect(count).toBe(total);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: identities as the API answers them, looked into by assertions.
type Found = any[];

/** The service as a process, and HubSpot's fake beside it. */
class World {
  connectionId = '';

  private constructor(
    readonly hubspot: HubSpotFake,
    private readonly env: Record<string, string>,
    public service: ServiceProcess,
  ) {}

  static async open(home: QueueBackend): Promise<World> {
    const env: Record<string, string> = {
      DATABASE_URL: home.databaseUrl,
      ...(home.redisUrl && { REDIS_URL: home.redisUrl }),
      ROLLCALL_QUEUE_PREFIX: home.prefix.replaceAll(/[{}]/g, ''),
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
    };
    const hubspot = await startHubSpotFake({ searchLagMs: 0 });
    return new World(hubspot, env, await ServiceProcess.start({ env }));
  }

  access(): string[] {
    const { url, token, clientSecret } = this.hubspot;
    return ['--setting', `base_url=${url}`, '--token', token, '--client-secret', clientSecret];
  }

  rollcall(...args: string[]) {
    return rollcall(args, { ROLLCALL_URL: this.service.url, ROLLCALL_API_KEY: this.service.adminKey });
  }

  async identities(identifierKey: string): Promise<Found> {
    const key = encodeURIComponent(identifierKey);
    return (await this.service.send('GET', `/v1/identities/?identifier_key=${key}`)).body;
  }

  soon(identifierKey: string, so: (found: Found) => boolean): Promise<Found> {
    return eventually(() => this.identities(identifierKey), so, SOON_MS);
  }

  async restartAfterKill(): Promise<void> {
    await this.service.kill();
    this.service = await ServiceProcess.start({ env: this.env });
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.hubspot.close();
  }
}
