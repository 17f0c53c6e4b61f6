import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { connectorOf } from '../declarative/declarative.connector.js';
import { readManifest, shippedManifests } from '../declarative/manifest-file.js';
import type { ConnectorContext } from '../port/call-context.js';
import type { Connector } from '../port/connector.js';
import type { SourceRecord } from '../port/records.js';
import type { WebhookDelivery } from '../port/webhook.js';
import type { ContractWorld } from '../testing/contract/contract-world.js';
import { describeConnector } from '../testing/contract/index.js';
import { startFakeServer } from '../testing/fake-server.js';
import { mapOne } from '../testing/map-one.js';
import { type IntercomFake, startIntercomFake } from './fake/intercom-fake.js';

const START = new Date('2026-09-01T10:00:00.250Z');
const HOUR_MS = 3_600_000;
const connector = connectorOf(
  await readManifest(path.join(shippedManifests(), 'intercom.yaml')),
) as Connector;

const abilities = {
  oauth: false,
  burst: ['vendor'],
  daily: false,
  removeField: false,
  signsUrl: false,
  signsTime: false,
} as const;

describe('Intercom by manifest: contacts', () =>
  describeConnector(connector, () => startWorld('contacts'), {
    ...abilities,
    webhookKinds: ['delete', 'restore'],
  }));
describe('Intercom by manifest: companies', () =>
  describeConnector(connector, () => startWorld('companies'), {
    ...abilities,
    merge: false,
    restore: false,
    // Companies are read anew by every run: there is no date that a late one could fall behind.
    lateCommits: false,
    webhookKinds: ['delete'],
  }));

describe('Intercom by manifest: searches by day', () => {
  for (const utcOffsetHours of [-11, -8, 0, 9, 14])
    it(`finds a change of the same day, at UTC${utcOffsetHours < 0 ? '' : '+'}${utcOffsetHours}, at every hour`, async () => {
      const fake = await startIntercomFake({ startAt: START, utcOffsetHours });
      const { contacts } = fake.workspace;
      const { id } = contacts.create({ name: 'Ada', role: 'user' });
      let cursor: unknown = (await pages(fake, null)).at(-1)?.next;
      for (let hour = 0; hour < 26; hour += 1) {
        await fake.workspace.advance(HOUR_MS);
        contacts.update(id, { name: `Ada ${hour}` });
        await fake.workspace.advance(1_000);
        const read = await pages(fake, cursor);
        expect(namesOf(read)).toEqual([`Ada ${hour}`]);
        cursor = read.at(-1)?.next;
      }
      await fake.close();
    });

  it('leaves out here what a whole day’s search repeats', async () => {
    const fake = await startIntercomFake({ startAt: START });
    fake.workspace.contacts.create({ name: 'quiet', role: 'user' });
    await fake.workspace.advance(HOUR_MS);
    const cursor = (await pages(fake, null)).at(-1)?.next;
    await fake.workspace.advance(HOUR_MS);
    fake.workspace.contacts.create({ name: 'new', role: 'lead' });
    expect(namesOf(await pages(fake, cursor))).toEqual(['new']);
    await fake.close();
  });
});

describe('Intercom by manifest: what only Intercom has', () => {
  it('says of a merged contact that it is gone, and hears of the survivor', async () => {
    const fake = await startIntercomFake({ startAt: START });
    const { contacts } = fake.workspace;
    const [user, lead] = [contacts.create({ role: 'user' }), contacts.create({ role: 'lead' })];
    const deliveries = await deliveriesOf(fake, () => contacts.merge(user.id, lead.id));
    const signals = deliveries.flatMap((delivery) => connector.webhook?.parse(delivery).signals ?? []);
    expect(signals[0]).toMatchObject({ id: user.id, kind: 'upsert', account: fake.workspace.appId });
    const found = await connector.fetchByIds(contextOf(fake), 'contacts', [user.id, lead.id]);
    expect([found.get(user.id)?.status, found.get(lead.id)?.status]).toEqual(['found', 'gone']);
    await fake.close();
  });

  it('waits for the end of the window that X-RateLimit-Reset names', async () => {
    const fake = await startIntercomFake({ startAt: START, requestsPerMinute: 6 });
    await pages(fake, null);
    await expect(pages(fake, null)).rejects.toMatchObject({
      scope: 'burst',
      retryAt: new Date('2026-09-01T10:00:10.250Z'),
    });
    await fake.close();
  });

  it('maps seeded records, each to an identity of its own', async () => {
    const fake = await startIntercomFake({ startAt: START, seed: { contacts: 200, companies: 70 } });
    for (const { id, defaultMapping } of connector.descriptor.tables) {
      const keys = new Set<string>();
      for (const { records } of await pages(fake, null, id))
        for (const { raw } of records) {
          const result = await mapOne(defaultMapping, raw);
          if (!result.ok) throw new Error(JSON.stringify(result.errors));
          keys.add(result.identity.identifierKey);
        }
      expect(keys.size).toBe(id === 'contacts' ? 200 : 70);
    }
    await fake.close();
  });
});

async function pages(fake: IntercomFake, from: unknown, stream = 'contacts') {
  const read = [];
  for await (const page of connector.read(contextOf(fake), stream, from)) read.push(page);
  return read;
}

function namesOf(read: Awaited<ReturnType<typeof pages>>): (string | null)[] {
  return read.flatMap(({ records }) => records.map(nameOf));
}

function nameOf({ raw }: SourceRecord): string | null {
  return (raw as { name?: string }).name ?? null;
}

function contextOf(
  { url, workspace }: IntercomFake,
  secrets: Record<string, unknown> = {},
): ConnectorContext<unknown, unknown> {
  return {
    config: connector.descriptor.configSchema.parse({ baseUrl: url }),
    secrets: { accessToken: workspace.token, clientSecret: workspace.clientSecret, ...secrets },
    network: { allowPrivateNetwork: true, timeoutMs: 4_000, maxResponseBytes: 4 * 1024 * 1024 },
    now: () => new Date(workspace.clock.now()),
  };
}

async function startWorld(stream: 'contacts' | 'companies'): Promise<ContractWorld> {
  const fake = await startIntercomFake({ startAt: START, requestsPerMinute: 1_000_000 });
  const { workspace } = fake;
  const table = workspace[stream];
  return {
    stream,
    account: workspace.appId,
    secrets: [workspace.token, workspace.clientSecret],
    unknownId: '66ffffffffffffffffffffff',
    context: () => contextOf(fake),
    contextWith: (change) => {
      if (change === 'wrong-token') return contextOf(fake, { accessToken: 'wrong-token' });
      if (change === 'public-network-only') return { ...contextOf(fake), network: {} };
      if (change === 'no-webhook-secret') return contextOf(fake, { clientSecret: undefined });
      return contextOf(fake, { clientSecret: 'new', previousClientSecrets: [workspace.clientSecret] });
    },
    now: () => new Date(workspace.clock.now()),
    create: (name) => table.create({ name }).id,
    change: (id, name) => table.update(id, { name }),
    createLate: (name, ms) => table.create({ name }, { visibleAfterMs: ms }).id,
    poison: (id, kind) => {
      if (kind === 'no-id') table.disguise(id, { id: null, name: 'x', updated_at: 1_756_720_000 });
      if (kind === 'wrong-type') table.disguise(id, { id, name: 'x', updated_at: 'yesterday' });
      if (kind === 'nul') table.update(id, { name: 'a\0b' });
      if (kind === 'megabyte') table.update(id, { name: 'x'.repeat(1_000_000) });
    },
    archive: (id) => table.delete(id),
    erase: (id) => table.erase(id),
    restore: (id) => table.restore(id),
    merge: (winner, loser) => table.merge(winner, loser).id,
    advance: (ms) => workspace.advance(ms),
    fault: (fault) => workspace.faults.add(fault),
    limit: () => {
      workspace.limits.perMinute = 0;
    },
    expireTokens: () => {
      workspace.tokenRevoked = true;
    },
    deliveriesOf: (change) => deliveriesOf(fake, change),
    forge: (delivery, proof) => {
      const signature = { missing: undefined, wrong: `sha1=${'0'.repeat(40)}`, short: 'short' }[proof];
      return { ...delivery, headers: { ...delivery.headers, 'x-hub-signature': signature } };
    },
    nameOf,
    close: () => fake.close(),
  };
}

async function deliveriesOf({ workspace }: IntercomFake, change: () => void): Promise<WebhookDelivery[]> {
  const url = 'https://rollcall.example/v1/webhooks/7';
  const received: WebhookDelivery[] = [];
  const receiver = await startFakeServer(async ({ method, headers, body }) => {
    received.push({ method, url, tail: '', headers, rawBody: body });
    return { status: 200 };
  });
  workspace.subscribe({ url: receiver.url });
  change();
  await workspace.deliver();
  workspace.subscribe(null);
  await receiver.close();
  return received;
}
