import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { type HubSpotFake, startHubSpotFake } from '#connectors/hubspot/fake';
import { describeMainlyWith, type QueueBackend } from '../support/databases.js';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  rollcall,
  ServiceProcess,
  soonLost,
} from './support/service-process.js';

jest.setTimeout(120_000);

describeMainlyWith('postgres', 'runs', (home) => {
  let world: World;
  beforeAll(async () => {
    world = await World.open(home);
    for (let n = 0; n < 450; n += 1) world.contacts.create({ email: `c${n}@x.example` }, { silent: true });
  });
  afterEach(() => world.hubspot.account.faults.clear());
  afterAll(() => world.close());

  it('go on in another worker when theirs is killed, with nothing lost and nothing twice', async () => {
    world.hubspot.account.faults.add({ kind: 'slow', ms: 700, path: '/contacts', times: 100 });
    const id = await world.start({ mode: 'full', stream: 'contacts' });
    await world.until(id, ({ progress }) => progress.rows >= 200);
    await world.worker.kill();
    world.hubspot.account.faults.clear();
    world.worker = await world.startPart('worker');
    const run = await world.until(id, ({ status }) => status === 'completed');
    expect(run.counts).toEqual({ create: 450 });
    expect(run.progress).toMatchObject({ rows: 450, percent: 100, seconds_left: 0 });
    expect((await world.api.send('GET', '/v1/identities/count')).body).toBe(450);
    const versions = await world.api.send('GET', '/v1/identities/?limit=50');
    expect(versions.body).toHaveLength(50);
    const [{ id: identity }] = versions.body;
    expect((await world.api.send('GET', `/v1/identities/${identity}/events`)).body).toHaveLength(1);
  });

  it('tell their progress as server-sent events, also that they were cancelled', async () => {
    world.hubspot.account.faults.add({ kind: 'slow', ms: 400, path: '/contacts', times: 100 });
    const id = await world.start({ mode: 'full', stream: 'contacts' });
    const watched = await fetch(`${world.api.url}/v1/runs/${id}/progress`, {
      headers: { authorization: `Bearer ${world.api.adminKey}` },
    });
    expect(watched.headers.get('content-type')).toBe('text/event-stream');
    await world.until(id, ({ progress }) => progress.rows >= 100);
    expect((await world.api.send('POST', `/v1/runs/${id}/cancel`)).body.status).toBe('cancelled');
    const events = eventsOf(await watched.text());
    world.hubspot.account.faults.clear();
    expect(events.length).toBeGreaterThan(2);
    expect(events.slice(0, -1).every(({ name }) => name === 'progress')).toBe(true);
    const progress = events.map(({ data }) => data.progress);
    expect(progress.at(-2)).toMatchObject({ total: 450, percent: expect.any(Number) });
    expect(progress.at(-2).api_calls).toBeGreaterThan(0);
    expect(events.at(-1)).toMatchObject({ name: 'finished', data: { id, status: 'cancelled' } });
  });

  it('wait for the one under way when the command line is told to wait', async () => {
    const headers = { 'retry-after': '1' };
    world.hubspot.account.faults.add({
      kind: 'status',
      status: 429,
      headers,
      path: '/contacts',
      times: 1_000,
    });
    const first = await world.start({ mode: 'full', stream: 'contacts' });
    const ran = await rollcall(
      ['sync', 'run', 'hubspot', '--wait', '--stream', 'contacts'],
      world.access(),
      (stdout) => stdout.includes('is under way') && world.hubspot.account.faults.clear(),
    );
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('A run of contacts (full) is under way; waiting for it to end\n');
    expect(ran.stdout).toMatch(/^contacts: incremental run \S+ completed/m);
    expect((await world.api.send('GET', `/v1/runs/${first}`)).body.status).toBe('completed');
  });

  it('read single records from the command line', async () => {
    const { id } = world.contacts.create({ email: 'single@x.example' }, { silent: true });
    const ran = await world.rollcall('sync', 'record', 'hubspot', 'contacts', id);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(/^contacts: record run \S+ completed, create 1$/m);
  });

  it('show what a dry run would change, field by field', async () => {
    const [first] = world.contacts.listed(false);
    world.contacts.update(first?.id ?? '', { firstname: 'Ada' }, { silent: true });
    const ran = await world.rollcall('sync', 'run', 'hubspot', '--dry-run', '--stream', 'contacts');
    expect(ran.stdout).toMatch(/^contacts: dry_run run \S+ completed, update 1, unchanged 450$/m);
    expect(ran.stdout).toMatch(new RegExp(`^ {2}update ${first?.id}\\n {4}name: .* → "Ada"$`, 'm'));
  });

  it('delete what is gone at the source, up to a limit that an operator can lift', async () => {
    for (const { id } of world.contacts.listed(false, '0', 100)) world.contacts.erase(id, { silent: true });
    const refused = await world.rollcall(
      ...['sync', 'run', 'hubspot', '--sweep', '--stream', 'contacts', '--wait'],
    );
    expect(refused.stdout).toMatch(/completed_with_errors\n {2}100 of 451 linked records .* may delete 45 /);
    const allowed = await world.rollcall(
      ...['sync', 'run', 'hubspot', '--sweep', '--allow-sweep', '--stream', 'contacts', '--wait'],
    );
    expect(allowed.stdout).toMatch(/sweep run \S+ completed, delete 100/);
    expect((await world.api.send('GET', '/v1/identities/count')).body).toBe(351);
  });

  it('take an empty CRM for empty only when its records are asked for by name', async () => {
    const { companies } = world.hubspot.account;
    const { id } = companies.create({ domain: 'x.example' }, { silent: true });
    const full = await world.start({ mode: 'full', stream: 'companies' });
    await world.until(full, ({ status }) => status === 'completed');
    companies.erase(id, { silent: true });
    const sweep = ['sync', 'run', 'hubspot', '--sweep', '--allow-sweep', '--stream', 'companies', '--wait'];
    const doubted = await world.rollcall(...sweep);
    expect(doubted.stdout).toMatch(/completed_with_errors\n {2}The CRM listed nothing at all/);
    const named = await world.rollcall('sync', 'record', 'hubspot', 'companies', id);
    expect(named.stdout).toMatch(/completed, delete 1$/m);
    const content = await world.rollcall(...sweep);
    expect(content.stdout).toMatch(/^companies: sweep run \S+ completed$/m);
  });

  it.each([
    [{ mode: 'record', stream: 'contacts' }, 'external_ids'],
    [{ mode: 'full', external_ids: ['1'] }, 'external_ids'],
    [{ mode: 'incremental', allow_sweep: true }, 'allow_sweep'],
    [
      { mode: 'record', stream: 'contacts', external_ids: Array.from({ length: 101 }, (_, n) => `${n}`) },
      'external_ids',
    ],
  ])('are not started by a request that contradicts itself (%#)', async (body, field) => {
    const refused = await world.api.send('POST', `/v1/connections/${world.connectionId}/runs`, { body });
    expect(refused.status).toBe(422);
    expect(refused.body.detail).toContain(field);
  });
});

interface WireRun {
  readonly status: string;
  readonly counts: Record<string, number>;
  readonly progress: { readonly rows: number };
}

function eventsOf(text: string) {
  return [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, name, data]) => ({
    name,
    data: JSON.parse(data ?? ''),
  }));
}

/** API and worker as processes of their own, and HubSpot's fake beside them. */
class World {
  connectionId = '';

  private constructor(
    readonly hubspot: HubSpotFake,
    private readonly env: Record<string, string>,
    readonly api: ServiceProcess,
    public worker: ServiceProcess,
  ) {}

  static async open(home: QueueBackend): Promise<World> {
    const env: Record<string, string> = {
      DATABASE_URL: home.databaseUrl,
      ...(home.redisUrl && { REDIS_URL: home.redisUrl }),
      ROLLCALL_QUEUE_PREFIX: home.prefix.replaceAll(/[{}]/g, ''),
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
      ...soonLost,
    };
    const hubspot = await startHubSpotFake({
      searchLagMs: 0,
      limits: { tenSecondly: 10_000, searchPerSecond: 1_000 },
    });
    const api = await ServiceProcess.start({ env, args: ['--only', 'api'] });
    const worker = await ServiceProcess.start({ env, args: ['--only', 'worker'] });
    const world = new World(hubspot, env, api, worker);
    const added = await api.send('POST', '/v1/connections', {
      body: {
        kind: 'hubspot',
        name: 'hubspot',
        settings: { baseUrl: hubspot.url },
        secrets: { accessToken: hubspot.token, clientSecret: hubspot.clientSecret },
        every_seconds: null,
      },
    });
    world.connectionId = added.body.id;
    return world;
  }

  get contacts() {
    return this.hubspot.account.contacts;
  }

  startPart(part: string): Promise<ServiceProcess> {
    return ServiceProcess.start({ env: this.env, args: ['--only', part] });
  }

  async start(body: unknown): Promise<string> {
    const started = await this.api.send('POST', `/v1/connections/${this.connectionId}/runs`, { body });
    return started.body[0].id;
  }

  async until(id: string, so: (run: WireRun) => boolean) {
    const ask = () => this.api.send('GET', `/v1/runs/${id}`);
    return (await eventually(ask, ({ body }) => so(body))).body;
  }

  access(): Record<string, string> {
    return { ROLLCALL_URL: this.api.url, ROLLCALL_API_KEY: this.api.adminKey };
  }

  rollcall(...args: string[]) {
    return rollcall(args, this.access());
  }

  async close(): Promise<void> {
    await this.worker.stop();
    await this.api.stop();
    await this.hubspot.close();
  }
}
