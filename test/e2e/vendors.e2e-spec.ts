import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { knownConnectors, loadManifests } from '#connectors';
import { type JourneyFake, loadFakes } from '#connectors/testing';
import { createTestDatabase, describeWithRedis, type TestDatabase } from '../support/databases.js';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  rollcall,
  ServiceProcess,
} from './support/service-process.js';

jest.setTimeout(120_000);

const fakes = await loadFakes();
await loadManifests();

describe('every vendor', () => {
  it('has a fake that can be started by name, and is connected below', () => {
    expect([...fakes.keys()].sort()).toEqual(
      knownConnectors()
        .map(({ descriptor }) => descriptor.id)
        .sort(),
    );
  });
});

describeWithRedis('a vendor, as its guide says', (redis) => {
  let world: World;
  beforeAll(async () => {
    world = await World.open(redis.url, redis.prefix);
  });
  afterAll(() => world?.close());

  describe.each([...fakes])('%s', (kind, { journey }) => {
    let fake: JourneyFake;
    let ids: Map<string, Identity>;
    beforeAll(async () => {
      fake = await journey();
    });
    afterAll(() => fake?.close());

    it('is connected by the command of its guide', async () => {
      const added = await world.connect(kind, fake);
      expect(added).toMatchObject({ code: 0, stderr: '' });
      expect(added.stdout).toContain(`Account  ${fake.account}\n`);
    });

    it('gives an identity for each record', async () => {
      const ran = await world.rollcall('sync', 'run', kind, '--wait', '--full');
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      ids = await world.identitiesOf(kind);
      expect([...ids.keys()].sort()).toEqual(fake.ids());
    });

    it('has nothing to do the second time', async () => {
      const runs = await world.ran(kind, 'full');
      expect(runs.length).toBeGreaterThan(0);
      for (const { status, counts } of runs) {
        expect(status).toBe('completed');
        expect(Object.keys(counts)).toEqual(['unchanged']);
      }
      expect(total(runs, 'unchanged')).toBe(fake.ids().length);
      expect(await world.identitiesOf(kind)).toEqual(ids);
    });

    it('shows a change after an incremental run, and only there', async () => {
      const id = fake.rename('Zenobia');
      const runs = await world.ran(kind, 'incremental');
      expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['completed']));
      expect(total(runs, 'update')).toBe(1);
      const after = await world.identitiesOf(kind);
      expect(after.get(id)?.name).toMatch(/^Zenobia\b/);
      expect(after.get(id)?.id).toBe(ids.get(id)?.id);
      for (const found of [ids, after]) found.delete(id);
      expect(after).toEqual(ids);
    });

    it('lets go whoever is gone there, unannounced, after the run that it promises, and nobody else', async () => {
      for (const { how, seenBy, lose } of fake.losses) {
        const before = await world.identitiesOf(kind);
        const gone = before.get(lose())?.id;
        const runs = await world.ran(kind, seenBy);
        const seen = {
          how,
          statuses: runs.map(({ status }) => status),
          gone: await world.goneOf(kind, before),
        };
        expect(seen).toEqual({ how, statuses: runs.map(() => 'completed'), gone: [gone] });
      }
    });
  });
});

interface Run {
  readonly id: string;
  readonly status: string;
  readonly counts: Readonly<Record<string, number>>;
}

const total = (runs: readonly Run[], action: string): number =>
  runs.reduce((sum, { counts }) => sum + (counts[action] ?? 0), 0);

interface Identity {
  readonly id: string;
  readonly identifier_key: string;
  readonly name: string;
  readonly properties: readonly { readonly key: string; readonly value: unknown }[];
}

/** One service for all vendors. */
class World {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'rollcall-vendors-'));

  private constructor(
    private readonly database: TestDatabase,
    private readonly service: ServiceProcess,
  ) {}

  static async open(redisUrl: string, prefix: string): Promise<World> {
    const database = await createTestDatabase();
    const env = {
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl,
      ROLLCALL_QUEUE_PREFIX: prefix.replaceAll(/[{}]/g, ''),
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
    };
    return new World(database, await ServiceProcess.start({ env }));
  }

  /** The command of the guide, with what a person has to fill in. */
  connect(kind: string, fake: JourneyFake) {
    const { env, args } = guideCommand(kind, { ...fake.fill, ...this.written(fake.files) });
    const settings = fake.settings.flatMap((setting) => ['--setting', setting]);
    return rollcall([...args, ...settings], { ...this.access(), ...env, ...fake.env });
  }

  rollcall(...args: string[]) {
    return rollcall(args, this.access());
  }

  /** What the command line does with `--wait`, without the time that a process takes to start. */
  async ran(kind: string, mode: string): Promise<Run[]> {
    const { body: connections } = await this.service.send('GET', '/v1/connections');
    const { id } = connections.find(({ name }: { name: string }) => name === kind);
    const started = await this.service.send('POST', `/v1/connections/${id}/runs`, { body: { mode } });
    expect(started.status).toBeLessThan(300);
    return Promise.all((started.body as Run[]).map((run) => this.ended(run)));
  }

  /** Those that have the vendor's id, by that id. */
  async identitiesOf(kind: string): Promise<Map<string, Identity>> {
    const found = new Map<string, Identity>();
    for (const identity of await this.identities()) {
      const id = identity.properties.find(({ key }) => key === `${kind}_id`)?.value;
      if (id !== undefined) found.set(String(id), identity);
    }
    return found;
  }

  /** The ids of those of `before` that are there no more; nobody may have come. */
  async goneOf(kind: string, before: ReadonlyMap<string, Identity>): Promise<string[]> {
    const known = [...before.values()].map(({ id }) => id);
    const now = new Set([...(await this.identitiesOf(kind)).values()].map(({ id }) => id));
    expect(known).toEqual(expect.arrayContaining([...now]));
    return known.filter((id) => !now.has(id));
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.database.drop();
    rmSync(this.folder, { recursive: true });
  }

  private async ended({ id }: Run): Promise<Run> {
    const { body } = await eventually(
      () => this.service.send('GET', `/v1/runs/${id}`),
      ({ body: { status } }) => status !== 'waiting' && status !== 'running',
    );
    return body;
  }

  private async identities(): Promise<Identity[]> {
    const all: Identity[] = [];
    for (;;) {
      const after = all.at(-1)?.id;
      const query = `limit=500${after ? `&after=${after}` : ''}`;
      const { status, body } = await this.service.send('GET', `/v1/identities/?${query}`);
      expect(status).toBe(200);
      all.push(...body);
      if (body.length < 500) return all;
    }
  }

  private access(): Record<string, string> {
    return { ROLLCALL_URL: this.service.url, ROLLCALL_API_KEY: this.service.adminKey };
  }

  /** @returns the names of the guide and where these files really are */
  private written(files: Readonly<Record<string, string>> = {}): Record<string, string> {
    const places = Object.keys(files).map((name) => [name, path.join(this.folder, name)] as const);
    for (const [name, place] of places) writeFileSync(place, `${files[name]}\n`);
    return Object.fromEntries(places);
  }
}

/** `NAME=value … rollcall connections add <kind> …` of docs/<kind>.md, the first that there is. */
function guideCommand(kind: string, fill: Readonly<Record<string, string>>) {
  const guide = readFileSync(`docs/${kind}.md`, 'utf8').replaceAll(/ \\\n\s*/g, ' ');
  const pattern = new RegExp(`^ *((?:\\w+=\\S+ )*)rollcall (connections add ${kind}\\b.*)$`, 'm');
  const [line, variables = '', command = ''] = pattern.exec(guide) ?? [];
  if (line === undefined) throw new Error(`docs/${kind}.md has no command that connects it`);
  const words = (text: string) => text.trim().split(/\s+/).filter(Boolean).map(filled(fill));
  const env = words(variables).map((pair) => [
    pair.slice(0, pair.indexOf('=')),
    pair.slice(pair.indexOf('=') + 1),
  ]);
  return { env: Object.fromEntries(env) as Record<string, string>, args: words(command) };
}

const filled =
  (fill: Readonly<Record<string, string>>) =>
  (word: string): string =>
    Object.entries(fill).reduce((text, [blank, value]) => text.replace(blank, () => value), word);
