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
import { type EspoFake, startEspoFake } from './fake/espocrm-fake.js';

const START = new Date('2026-09-01T10:00:00.250Z');
const connector = connectorOf(await readManifest(path.join(shippedManifests(), 'espocrm.yaml'))) as Connector;

const abilities = {
  oauth: false,
  daily: false,
  removeField: false,
  signsUrl: false,
  signsTime: false,
  webhookKinds: ['delete'],
} as const;

describe('EspoCRM by manifest: contacts', () =>
  describeConnector(connector, () => startWorld('contacts'), abilities));
describe('EspoCRM by manifest: accounts', () =>
  describeConnector(connector, () => startWorld('accounts'), abilities));

describe('EspoCRM by manifest: what only EspoCRM has', () => {
  it('never asks for more than the 200 records that EspoCRM gives', async () => {
    const fake = await startEspoFake({ startAt: START });
    const refused = await fetch(`${fake.url}/api/v1/Contact?maxSize=201`, {
      headers: { 'x-api-key': fake.apiKey },
    });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('x-status-reason')).toContain('200');
    await fake.close();
  });

  it('does not skip a record when an earlier one is deleted between two pages', async () => {
    const fake = await startEspoFake({ startAt: START });
    const ids = Array.from({ length: 450 }, (_, n) => fake.site.contacts.create({ lastName: String(n) }).id);
    const seen: string[] = [];
    for await (const { records } of connector.read(contextOf(fake), 'contacts', null)) {
      if (seen.length === 0) fake.site.contacts.delete(ids[0] ?? '');
      seen.push(...records.map(({ id }) => id));
    }
    expect(seen).toEqual(ids);
    await fake.close();
  });

  it('signs batches of at most fifty, and says the event in the URL only', async () => {
    const fake = await startEspoFake({ startAt: START });
    const deliveries = await deliveriesOf(fake, 'Contact', () => {
      for (let n = 0; n < 60; n += 1) fake.site.contacts.create({ lastName: String(n) });
    });
    const sizes = deliveries.map(({ rawBody }) => (JSON.parse(rawBody.toString()) as unknown[]).length);
    expect(sizes).toEqual([50, 10]);
    const signals = deliveries.flatMap((delivery) => connector.webhook?.parse(delivery).signals ?? []);
    expect(signals).toHaveLength(60);
    const nameless = deliveries.map((delivery) => ({ ...delivery, tail: '' }));
    expect(nameless.flatMap((delivery) => connector.webhook?.parse(delivery).signals ?? [])).toEqual([]);
    await fake.close();
  });

  it('maps seeded records, each to an identity of its own', async () => {
    const fake = await startEspoFake({ startAt: START, seed: { contacts: 200, accounts: 50 } });
    for (const { id, defaultMapping } of connector.descriptor.tables) {
      const keys = new Set<string>();
      for await (const { records } of connector.read(contextOf(fake), id, null))
        for (const { raw } of records) {
          const result = await mapOne(defaultMapping, raw);
          if (!result.ok) throw new Error(JSON.stringify(result.errors));
          keys.add(result.identity.identifierKey);
        }
      expect(keys.size).toBe(id === 'contacts' ? 200 : 50);
    }
    await fake.close();
  });
});

function contextOf(
  fake: EspoFake,
  secrets: Record<string, unknown> = {},
): ConnectorContext<unknown, unknown> {
  return {
    config: { baseUrl: fake.url },
    secrets: {
      apiKey: fake.apiKey,
      webhookSecrets: fake.site.webhooks.map(({ secretKey }) => secretKey),
      ...secrets,
    },
    network: { allowPrivateNetwork: true, timeoutMs: 4_000, maxResponseBytes: 4 * 1024 * 1024 },
    now: () => new Date(fake.site.clock.now()),
  };
}

async function startWorld(stream: 'contacts' | 'accounts'): Promise<ContractWorld> {
  const fake = await startEspoFake({ startAt: START });
  const { site } = fake;
  const table = site[stream];
  const field = stream === 'contacts' ? 'lastName' : 'name';
  return {
    stream,
    account: new URL(fake.url).host,
    secrets: [fake.apiKey],
    unknownId: '65fffffffffffffff',
    context: () => contextOf(fake),
    contextWith: (change) => {
      const known = site.webhooks.map(({ secretKey }) => secretKey);
      if (change === 'wrong-token') return contextOf(fake, { apiKey: 'wrong-token' });
      if (change === 'public-network-only') return { ...contextOf(fake), network: {} };
      if (change === 'no-webhook-secret') return contextOf(fake, { webhookSecrets: [] });
      return contextOf(fake, { webhookSecrets: ['another', ...known] });
    },
    now: () => new Date(site.clock.now()),
    create: (name) => table.create({ [field]: name }).id,
    change: (id, name) => table.update(id, { [field]: name }),
    createLate: (name, ms) => table.create({ [field]: name }, { visibleAfterMs: ms }).id,
    poison: (id, kind) => {
      const modifiedAt = '2026-09-01 10:00:00';
      if (kind === 'no-id') table.disguise(id, { id: null, [field]: 'x', modifiedAt });
      if (kind === 'wrong-type') table.disguise(id, { id, [field]: 'x', modifiedAt: 7 });
      if (kind === 'nul') table.update(id, { [field]: 'a\0b' });
      if (kind === 'megabyte') table.update(id, { [field]: 'x'.repeat(1_000_000) });
    },
    archive: (id) => table.delete(id),
    erase: (id) => table.erase(id),
    restore: (id) => table.restore(id),
    merge: (winner, loser) => table.merge(winner, loser).id,
    advance: (ms) => site.advance(ms),
    fault: (fault) => site.faults.add(fault),
    limit: (_kind, retryAfter) => {
      site.gateway.limits = { perMinute: 0, retryAfter: retryAfter === 'vendor' ? 'none' : retryAfter };
    },
    expireTokens: () => {
      site.active = false;
    },
    deliveriesOf: (change) => deliveriesOf(fake, stream === 'contacts' ? 'Contact' : 'Account', change),
    forge: (delivery, proof) => {
      const wrong = Buffer.from(`65f0beef000000001:${'0'.repeat(64)}`).toString('base64');
      const signature = { missing: undefined, wrong, short: 'short' }[proof];
      return { ...delivery, headers: { ...delivery.headers, signature } };
    },
    nameOf: ({ raw }: SourceRecord) => (raw as Record<string, string | undefined>)[field] ?? null,
    close: () => fake.close(),
  };
}

/** One webhook for each event, as EspoCRM wants it, with the event as the end of the URL. */
async function deliveriesOf(
  { site }: EspoFake,
  entity: string,
  change: () => void,
): Promise<WebhookDelivery[]> {
  const received: WebhookDelivery[] = [];
  const receiver = await startFakeServer(async ({ method, path: asked, headers, body }) => {
    const tail = asked.split('/').at(-1) ?? '';
    received.push({
      method,
      url: `https://rollcall.example/v1/webhooks/7/${tail}`,
      tail,
      headers,
      rawBody: body,
    });
    return { status: 200 };
  });
  site.webhooks = [];
  for (const action of ['create', 'update', 'delete'])
    site.subscribe({ event: `${entity}.${action}`, url: `${receiver.url}/${entity}.${action}` });
  change();
  await site.deliver();
  await receiver.close();
  return received;
}
