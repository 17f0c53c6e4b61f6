import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createPostgresBackend, withBackend } from 'bullmq';
import pg from 'pg';
import { type HubSpotFake, startHubSpotFake } from '#connectors/hubspot/fake';
import { packageVersion } from '#platform';
import { createTestDatabase, describeWithEarlierRelease, type TestDatabase } from '../support/databases.js';
import { buildRelease } from '../support/earlier-release.js';
import { PEOPLE_MAP, people } from './support/import-files.js';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  rollcall,
  ServiceProcess,
  soonLost,
} from './support/service-process.js';

/** Building the earlier release takes most of it, once in a checkout. */
jest.setTimeout(400_000);
/** What the release before holds is anybody's after two of BullMQ's half minutes, its import after as many again. */
const PATIENCE_MS = 240_000;

const releases = ['this release', 'the one before'] as const;
type Release = (typeof releases)[number];
type Part = 'api' | 'worker';
const other = (release: Release): Release => (release === 'this release' ? 'the one before' : 'this release');

describeWithEarlierRelease('one release back, on the schema of this one,', ({ commit }) => {
  let world: World;
  beforeAll(async () => {
    world = await World.open(commit);
  });
  afterAll(() => world.close());

  it.each(releases)('shows at once what %s wrote, whatever the value', async (release) => {
    const identity = { ...everyValue(`shown-${release}`), project_id: 'a project' };
    const { status, body } = await world.api[release].send('POST', '/v1/identities/', { body: identity });
    expect(status).toBe(200);
    const seen = await world.api[other(release)].send('GET', `/v1/identities/${body.id}`);
    expect(seen.body).toMatchObject(identity);
    const events = `/v1/identities/${body.id}/events`;
    expect((await world.api[other(release)].send('GET', events)).body).toMatchObject(
      (await world.api['the one before'].send('GET', events)).body,
    );
  });

  it('changes the same identities at the same time, and none of the changes is lost', async () => {
    const ids = await world.create(
      'shared',
      Array.from({ length: 8 }, (_, n) => n),
    );
    const writes = ids.flatMap((id) =>
      Array.from({ length: 10 }, (_, n) =>
        releases.map(async (release) => {
          const body = [{ key: `${release} ${n}`, value: n, type: 'number' }];
          return world.patiently(release, 'PUT', `/v1/identities/${id}/properties`, { body });
        }),
      ).flat(),
    );
    expect(new Set(await Promise.all(writes))).toEqual(new Set([200]));
    for (const id of ids) {
      const { body, headers } = await world.api['the one before'].send('GET', `/v1/identities/${id}`);
      expect(body.properties).toHaveLength(20);
      expect(headers.get('etag')).toBe('"21"');
    }
  });

  it.each(releases)('knows a key that %s took, and an identity that it deleted', async (release) => {
    const body = { identifier_key: `taken-${release}`, name: 'Ada', identity_type: 'user' };
    const { id } = (await world.api[release].send('POST', '/v1/identities/', { body })).body;
    const there = world.api[other(release)];
    expect((await there.send('POST', '/v1/identities/', { body })).status).toBe(409);
    expect((await world.api[release].send('DELETE', `/v1/identities/${id}`)).status).toBe(200);
    expect((await there.send('GET', `/v1/identities/${id}`)).status).toBe(404);
    expect((await there.send('POST', '/v1/identities/', { body })).status).toBe(200);
  });

  it('imports the same files at both doors at the same time: each row once', async () => {
    const files = [people(0, 1_500), people(750, 1_500)];
    const imports = await Promise.all(
      files.flatMap((file) => releases.map((release) => world.import(release, file))),
    );
    for (const id of imports) expect(await world.imported(id)).toMatchObject({ status: 'completed' });
    expect(await world.count(`select from identities where identifier_key like 'key-%'`)).toBe(2_250);
    expect(
      await world.count(
        `select from es.events where type = 'IdentityCreated' and data->>'identifierKey' like 'key-%'`,
      ),
    ).toBe(2_250);
  });

  it.each([
    ['both', []],
    ['the worker of this release alone', ['the one before']],
    ['the worker of the one before alone', ['this release']],
  ] as const)('does the jobs of any producer: %s', async (name, stopped) => {
    for (const release of stopped) await world.worker[release].stop();
    await world.addJobs(name, 120);
    await eventually(
      () => world.count(`select from identities where identifier_key like 'job ${name} %'`),
      (count) => count === 120,
      PATIENCE_MS,
    );
    for (const release of stopped) world.worker[release] = await world.start('worker', release);
  });

  it.each(releases)('goes on with jobs and an import of %s whose worker is killed', async (release) => {
    const file = people(10_000 + 5_000 * releases.indexOf(release), 4_000);
    const imported = world.import(release, file);
    await world.addJobs(`killed ${release}`, 200);
    await world.worker[release].kill();
    expect(await world.imported(await imported)).toMatchObject({
      status: 'completed',
      rows: { read: 4_000, rejected: 0 },
    });
    await eventually(
      () => world.count(`select from identities where identifier_key like 'job killed ${release} %'`),
      (count) => count === 200,
      PATIENCE_MS,
    );
    world.worker[release] = await world.start('worker', release);
  });

  it.each(releases)('syncs a connection that was made at the door of %s', async (release) => {
    const id = await world.connect(release);
    const { contacts } = world.hubspot.account;
    expect(await world.sync(release, id, 'full')).toMatchObject({ status: 'completed' });
    const { id: changed } = contacts.create({ email: `new@${releases.indexOf(release)}.example` });
    expect(await world.sync(other(release), id, 'incremental')).toMatchObject({ status: 'completed' });
    contacts.update(changed, { firstname: 'Grace' });
    expect(await world.sync(release, id, 'incremental')).toMatchObject({ status: 'completed' });
    const found = `/v1/identities/?identifier_key=new@${releases.indexOf(release)}.example`;
    expect((await world.api[other(release)].send('GET', found)).body).toMatchObject([{ name: 'Grace' }]);
    expect((await world.api[other(release)].send('GET', `/v1/connections/${id}`)).body.id).toBe(id);
  });

  it('leaves nothing lost, doubled or out of step, whoever wrote it', async () => {
    expect(await world.count('select from dead_letters')).toBe(0);
    expect(await world.count(BROKEN_STREAMS)).toBe(0);
    const { stdout, code } = await world.rebuildCheck();
    expect({ stdout, code }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Every row is what the log says'),
    });
  });

  it('is ready, starts anew, and lists everything the other lists', async () => {
    for (const release of releases) {
      await world.api[release].stop();
      world.api[release] = await world.start('api', release);
      expect((await world.api[release].send('GET', '/health/ready')).body).toMatchObject({ status: 'ok' });
    }
    const connections = (await world.api['this release'].send('GET', '/v1/connections')).body;
    const paths = connections.flatMap(({ id }: { id: string }) => listingsOf(id));
    for (const path of [...listings, ...paths]) {
      const [now, before] = await Promise.all(
        releases.map((release) => world.api[release].send('GET', path)),
      );
      expect(before?.status).toBe(200);
      expect({ path, body: now?.body }).toMatchObject({ path, body: before?.body });
    }
  });
});

describe('a schema that a newer release migrated', () => {
  let database: TestDatabase;
  let sql: pg.Client;
  let env: Record<string, string>;
  beforeEach(async () => {
    database = await createTestDatabase();
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    env = {
      DATABASE_URL: database.url,
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
    };
  });
  afterEach(async () => {
    await sql.end();
    await database.drop();
  });

  const migrated = (oldestCode: string) =>
    sql.query(
      `insert into _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
         values ('later', 'unknown here', '29991231000000_later', now(), 1);
       insert into schema_requirements values ('29991231000000_later', '${oldestCode}');`,
    );

  it('is said once and worked with as long as it lets this code run', async () => {
    await migrated(packageVersion());
    const service = await ServiceProcess.start({ env });
    for (let n = 0; n < 3; n += 1)
      expect((await service.send('GET', '/health/ready')).body).toMatchObject({ status: 'ok' });
    expect(service.log.match(/the schema is newer than this code/g)).toHaveLength(1);
    expect(await service.stop()).toBe(0);
  });

  it.each([
    ['the service', ['start']],
    ['a tool', ['keys', 'list']],
    ['the migrations', ['migrate']],
  ])('is refused in one sentence by %s when it excludes this code', async (_, args) => {
    await migrated('999.0.0');
    const refused = await rollcall(args, env);
    expect(refused.code).toBe(1);
    expect(refused.stderr.trim().split('\n').at(-1)).toMatch(
      /^This database needs Rollcall 999\.0\.0 or newer since migration 29991231000000_later, and this is \d/,
    );
  });

  it('takes a running service out of the rotation when it comes to exclude it', async () => {
    const service = await ServiceProcess.start({ env });
    const ready = async () => (await service.send('GET', '/health/ready')).body;
    expect(await ready()).toMatchObject({ status: 'ok' });
    await migrated('999.0.0');
    await eventually(ready, ({ checks }) => checks.migrations === 'failed');
    expect(service.log).toContain('needs Rollcall 999.0.0 or newer');
    expect(await service.stop()).toBe(0);
  });
});

const listings = [
  '/v1/identities/?limit=1000',
  '/v1/identities/count',
  '/v1/imports?limit=100',
  '/v1/connections',
  '/v1/dead-letters?limit=100',
];
const listingsOf = (connection: string) =>
  ['runs', 'outcomes', 'conflicts', 'quarantine', 'webhook-deliveries'].map(
    (name) => `/v1/${name}?connection_id=${connection}`,
  );

const everyValue = (identifierKey: string) => ({
  identifier_key: identifierKey,
  name: 'Ünï ☃ "quoted"',
  identity_type: 'org',
  properties: [
    { key: 'text', value: 'a\nb', type: 'string' },
    { key: 'whole', value: 9_007_199_254_740_991, type: 'number' },
    { key: 'part', value: -0.000_001, type: 'number' },
    { key: 'truth', value: false, type: 'boolean' },
    { key: 'tree', value: { a: [1, { b: null }], '': 'x' }, type: 'json' },
  ],
});

/** An API and a worker of each release as processes, on one database that this release migrated, and HubSpot's fake. */
class World {
  readonly api = {} as Record<Release, ServiceProcess>;
  readonly worker = {} as Record<Release, ServiceProcess>;
  private connections = 0;

  private constructor(
    private readonly database: TestDatabase,
    private readonly sql: pg.Client,
    private readonly earlier: string,
    readonly hubspot: HubSpotFake,
    private readonly env: Record<string, string>,
  ) {}

  static async open(commit: string): Promise<World> {
    const earlier = await buildRelease(commit);
    const database = await createTestDatabase();
    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    const hubspot = await startHubSpotFake({
      searchLagMs: 0,
      limits: { tenSecondly: 10_000, searchPerSecond: 1_000 },
    });
    hubspot.account.seed({ contacts: 120, companies: 0 });
    const world = new World(database, sql, earlier, hubspot, {
      DATABASE_URL: database.url,
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
      ...soonLost,
    });
    for (const release of releases) {
      world.api[release] = await world.start('api', release);
      world.worker[release] = await world.start('worker', release);
    }
    return world;
  }

  start(part: Part, release: Release): Promise<ServiceProcess> {
    const main = release === 'the one before' ? { main: this.earlier } : {};
    return ServiceProcess.start({ env: this.env, args: ['--only', part], ...main });
  }

  /** As clients do it: a 503 (here: ten seconds behind others at one lock) wrote nothing and is sent again. */
  async patiently(release: Release, ...request: Parameters<ServiceProcess['send']>): Promise<number> {
    const send = async () => (await this.api[release].send(...request)).status;
    return eventually(send, (status) => status !== 503);
  }

  /** By both doors in turn. */
  create(prefix: string, numbers: readonly number[]): Promise<string[]> {
    return Promise.all(
      numbers.map(async (n) => {
        const body = { identifier_key: `${prefix}-${n}`, name: `${n}`, identity_type: 'user' };
        const door = this.api[releases[n % 2] as Release];
        return (await door.send('POST', '/v1/identities/', { body })).body.id as string;
      }),
    );
  }

  async import(release: Release, file: string): Promise<string> {
    const { url, adminKey } = this.api[release];
    const answer = await fetch(`${url}/v1/imports?${new URLSearchParams({ mapping: PEOPLE_MAP })}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'text/csv' },
      body: file,
    });
    return ((await answer.json()) as { id: string }).id;
  }

  async imported(id: string) {
    const ask = () => this.api['this release'].send('GET', `/v1/imports/${id}`);
    return (await eventually(ask, ({ body }) => body.finished_at !== null, PATIENCE_MS)).body;
  }

  async addJobs(prefix: string, count: number): Promise<void> {
    const { Queue: PostgresQueue } = withBackend(createPostgresBackend);
    const queue = new PostgresQueue('identity-commands', {
      connection: { connectionString: this.database.url },
    });
    const identity = (n: number) => ({
      identifier_key: `job ${prefix} ${n}`,
      name: `${n}`,
      identity_type: 'user',
    });
    await queue.addBulk(
      Array.from({ length: count }, (_, n) => ({ name: 'identity.create', data: identity(n) })),
    );
    await queue.close();
  }

  async connect(release: Release): Promise<string> {
    this.connections += 1;
    const body = {
      kind: 'hubspot',
      name: `hubspot ${this.connections}`,
      settings: { baseUrl: this.hubspot.url },
      secrets: { accessToken: this.hubspot.token, clientSecret: this.hubspot.clientSecret },
      every_seconds: null,
    };
    return (await this.api[release].send('POST', '/v1/connections', { body })).body.id;
  }

  async sync(release: Release, connectionId: string, mode: 'full' | 'incremental') {
    const body = { mode, stream: 'contacts' };
    const started = await this.api[release].send('POST', `/v1/connections/${connectionId}/runs`, { body });
    const ask = () => this.api[other(release)].send('GET', `/v1/runs/${started.body[0].id}`);
    return (await eventually(ask, (run) => run.body.finished_at !== null, PATIENCE_MS)).body;
  }

  async count(query: string): Promise<number> {
    return (await this.sql.query(query)).rowCount ?? 0;
  }

  rebuildCheck() {
    return rollcall(['rebuild', 'identities', '--check'], this.env);
  }

  async close(): Promise<void> {
    for (const release of releases) {
      await this.worker[release]?.stop();
      await this.api[release]?.stop();
    }
    await this.hubspot.close();
    await this.sql.end();
    await this.database.drop();
  }
}

/** Whose versions are not 1, 2, 3 … up to the stream's own. */
const BROKEN_STREAMS = `
  select from es.streams s
    left join (select stream_id, count(*) as events, min(version) as first, max(version) as last
                 from es.events group by stream_id) e using (stream_id)
   where (e.first, e.events, e.last) is distinct from (1, s.version, s.version)`;
