import { describe, expect, it } from '@jest/globals';
import type { ConnectorContext } from '../port/call-context.js';
import type { SourceRecord } from '../port/records.js';
import type { WebhookDelivery } from '../port/webhook.js';
import type { ContractWorld, Poison } from '../testing/contract/contract-world.js';
import { describeConnector } from '../testing/contract/index.js';
import { startFakeServer } from '../testing/fake-server.js';
import { type HubSpotFake, startHubSpotFake } from './fake/hubspot-fake.js';
import type { ObjectTable } from './fake/object-table.js';
import { LOWEST_TIER_LIMITS } from './fake/rate-limits.js';
import { hubSpotConnector } from './hubspot.connector.js';
import type { HubSpotCursor } from './hubspot.cursor.js';
import { type HubSpotConfig, type HubSpotSecrets, hubSpotConfigSchema } from './hubspot.settings.js';

const START = new Date('2026-09-01T10:00:00.250Z');

describe('HubSpot connector: contacts', () =>
  describeConnector(hubSpotConnector, () => startWorld('contacts')));
describe('HubSpot connector: companies', () =>
  describeConnector(hubSpotConnector, () => startWorld('companies')));

describe('HubSpot connector: what only HubSpot has', () => {
  it('reads 12,000 changes of one millisecond past the 10,000 results a search pages through', async () => {
    await withFake({ searchLagMs: 0 }, async (fake) => {
      const from = { kind: 'idle', since: START.toISOString() } as const;
      for (let n = 0; n < 12_000; n += 1)
        fake.account.contacts.create({ email: `${n}@x.example` }, { silent: true });
      await fake.account.advance(1_000);
      const seen = new Set<string>();
      for await (const { records } of hubSpotConnector.read(contextOf(fake), 'contacts', from))
        for (const { id } of records) seen.add(id);
      expect(seen.size).toBe(12_000);
    });
  });

  describe('with more properties than a URL or a search can name', () => {
    const names = Array.from({ length: 1_500 }, (_, n) => `custom_property_${n}`);
    const plan = 'custom_property_1499';

    it('reads all of them: of each page of the listing, two requests', () =>
      withFake({ searchLagMs: 0 }, async (fake) => {
        for (let n = 0; n < 250; n += 1) fake.account.contacts.create({ [plan]: `plan ${n}` });
        const { values, calls } = await readAll(fake, null, plan, names);
        expect(values).toEqual(Array.from({ length: 250 }, (_, n) => `plan ${n}`));
        expect(calls).toBe(3 + 3);
      }));

    it('reads all of them: of each page of changes, a search and two requests', () =>
      withFake({ searchLagMs: 0 }, async (fake) => {
        for (let n = 0; n < 250; n += 1) fake.account.contacts.create({ [plan]: `plan ${n}` });
        await fake.account.advance(1_000);
        const since = { kind: 'idle', since: START.toISOString() } as const;
        const { values, calls } = await readAll(fake, since, plan, names);
        expect(values).toEqual(Array.from({ length: 250 }, (_, n) => `plan ${n}`));
        expect(calls).toBe(1 + 2 + (1 + 1));
      }));

    it('needs no further request while the names fit', () =>
      withFake({ searchLagMs: 0 }, async (fake) => {
        fake.account.contacts.create({ custom_property_7: 'plan' });
        const { calls } = await readAll(fake, null, 'custom_property_7', names.slice(0, 300));
        expect(calls).toBe(1);
      }));

    it('counts many short names as the search does', () =>
      withFake({ searchLagMs: 0 }, async (fake) => {
        fake.account.contacts.create({ p7: 'plan' });
        await fake.account.advance(1_000);
        const short = Array.from({ length: 450 }, (_, n) => `p${n}`);
        const since = { kind: 'idle', since: START.toISOString() } as const;
        expect((await readAll(fake, since, 'p7', short)).values).toEqual(['plan']);
      }));

    it('follows a record that was merged between the two requests, and leaves out one that is gone', () =>
      withFake({ searchLagMs: 0 }, async (fake) => {
        const { contacts } = fake.account;
        const [gone, a, b] = [contacts.create({}), contacts.create({}), contacts.create({ [plan]: 'gold' })];
        const context = contextOf(fake, names);
        const lateReader = hubSpotConnector.read(
          {
            ...context,
            budget: {
              take: async (path) => {
                if (!path.endsWith('/batch/read')) return;
                contacts.archive(gone.id);
                contacts.merge(a.id, b.id);
              },
            },
          },
          'contacts',
          null,
        );
        const { value: page } = await lateReader[Symbol.asyncIterator]().next();
        expect(page?.records).toMatchObject([
          { mergedIds: [a.id, b.id], raw: { properties: { [plan]: 'gold' } } },
        ]);
        expect(page?.rejected).toEqual([]);
      }));
  });

  it('speaks v3 as well as a dated version', async () => {
    await withFake({}, async (fake) => {
      const config = hubSpotConfigSchema.parse({
        baseUrl: fake.url,
        apiVersion: 'v3',
        accountApiVersion: 'v3',
      });
      expect(await hubSpotConnector.check({ ...contextOf(fake), config })).toEqual({
        ok: true,
        account: '62515',
      });
    });
  });

  it('names the stream whose scope is missing', async () => {
    await withFake({}, async (fake) => {
      fake.account.tokens.withholdScope('crm.objects.companies.read');
      const { ok, detail } = await hubSpotConnector.check(contextOf(fake));
      expect(ok).toBe(false);
      expect(detail).toMatch(/^companies cannot be read: .*403.*MISSING_SCOPES/);
    });
  });

  it('says gone for a merged id when HubSpot does not lead to the survivor', async () => {
    await withFake({ mergedReads: 'missing' }, async (fake) => {
      const [a, b] = [
        fake.account.contacts.create({ email: 'a@x.example' }),
        fake.account.contacts.create({}),
      ];
      fake.account.contacts.merge(a.id, b.id);
      const found = await hubSpotConnector.fetchByIds(contextOf(fake), 'contacts', [a.id]);
      expect(found.get(a.id)).toEqual({ status: 'gone' });
    });
  });

  it('does not take a record for gone when its answer has no readable id', async () => {
    await withFake({}, async (fake) => {
      const { id } = fake.account.contacts.create({ email: 'a@x.example' });
      fake.account.contacts.disguise(id, { id: null, properties: {} });
      await expect(hubSpotConnector.fetchByIds(contextOf(fake), 'contacts', [id])).rejects.toMatchObject({
        code: 'INVALID_RESPONSE',
      });
    });
  });

  it('rejects a record whose bytes are not UTF-8 and keeps the others', async () => {
    await withFake({}, async (fake) => {
      const body = JSON.stringify({
        results: [
          { id: '1', properties: { firstname: 'Ren\u00e9' } },
          { id: '2', properties: { firstname: 'Ada' } },
        ],
      });
      fake.account.faults.add({ kind: 'raw', body, encoding: 'latin1' });
      for await (const page of hubSpotConnector.read(contextOf(fake), 'contacts', null)) {
        expect(page.records.map(({ id }) => id)).toEqual(['2']);
        expect(page.rejected).toEqual([expect.objectContaining({ id: '1', code: 'INVALID_UTF8' })]);
      }
    });
  });

  it('assumes no more calls than the smallest account may make', () =>
    expect(hubSpotConnector.descriptor.capabilities.limits).toEqual([
      { requests: LOWEST_TIER_LIMITS.searchPerSecond, perMs: 1_000, path: '/search' },
      { requests: LOWEST_TIER_LIMITS.tenSecondly, perMs: 10_000 },
    ]));

  it('waits ten seconds for a policy that it does not know', async () => {
    await withFake({}, async (fake) => {
      fake.account.faults.add({ kind: 'status', status: 429, body: { policyName: 'constructor' } });
      await expect(hubSpotConnector.check(contextOf(fake))).rejects.toMatchObject({
        code: 'RATE_LIMITED',
        retryAt: new Date(START.getTime() + 10_000),
      });
    });
  });

  it('carries a megabyte in one field', async () => {
    await withFake({}, async (fake) => {
      fake.account.contacts.create({ email: 'a@x.example', company: 'x'.repeat(1_000_000) });
      for await (const { records } of hubSpotConnector.read(contextOf(fake), 'contacts', null))
        expect(records).toHaveLength(1);
    });
  });
});

const manySearches = { searchPerSecond: 100_000, tenSecondly: 100_000 };

async function withFake(
  options: Parameters<typeof startHubSpotFake>[0],
  work: (fake: HubSpotFake) => Promise<void>,
): Promise<void> {
  const fake = await startHubSpotFake({ startAt: START, limits: manySearches, ...options });
  try {
    await work(fake);
  } finally {
    await fake.close();
  }
}

/** The values that one property of the contacts has, and how many requests that took. */
async function readAll(fake: HubSpotFake, from: HubSpotCursor | null, name: string, names: string[]) {
  const values: (string | undefined)[] = [];
  const before = fake.account.rates.usedToday;
  for await (const { records } of hubSpotConnector.read(contextOf(fake, names), 'contacts', from))
    for (const { raw } of records)
      values.push((raw as { properties: Record<string, string> }).properties[name]);
  return { values, calls: fake.account.rates.usedToday - before };
}

function contextOf(
  fake: HubSpotFake,
  properties?: readonly string[],
): ConnectorContext<HubSpotConfig, HubSpotSecrets> {
  const wide = properties && { properties: { contacts: properties }, associations: { contacts: [] } };
  return {
    config: hubSpotConfigSchema.parse({ baseUrl: fake.url, ...wide }),
    secrets: { accessToken: fake.token, clientSecret: fake.clientSecret },
    network: { allowPrivateNetwork: true, timeoutMs: 8_000, maxResponseBytes: 4 * 1024 * 1024 },
    now: () => new Date(fake.account.clock.now()),
  };
}

async function startWorld(stream: 'contacts' | 'companies'): Promise<ContractWorld> {
  const fake = await startHubSpotFake({ startAt: START, limits: manySearches });
  const { account } = fake;
  const table = account[stream];
  const field = stream === 'contacts' ? 'firstname' : 'name';
  const context = contextOf(fake);
  const oauth = {
    accessToken: fake.token,
    clientId: account.tokens.clientId,
    clientSecret: fake.clientSecret,
    refreshToken: account.tokens.refreshToken,
  };
  return {
    stream,
    account: '62515',
    secrets: [fake.token, fake.clientSecret, account.tokens.refreshToken],
    context: () => ({ ...context, network: { ...context.network, timeoutMs: 4_000 } }),
    contextWith: (change) => {
      if (change === 'wrong-token') return { ...context, secrets: { accessToken: 'wrong-token' } };
      if (change === 'oauth') return { ...context, secrets: oauth };
      if (change === 'public-network-only') return { ...context, network: {} };
      if (change === 'no-webhook-secret') return { ...context, secrets: { accessToken: fake.token } };
      return {
        ...context,
        secrets: { ...context.secrets, clientSecret: 'new', previousClientSecrets: [fake.clientSecret] },
      };
    },
    now: () => new Date(account.clock.now()),
    create: (name) => table.create({ [field]: name }).id,
    change: (id, name) => table.update(id, { [field]: name }),
    createLate: (name, ms) => table.create({ [field]: name }, { visibleAfterMs: ms }).id,
    unknownId: '999999999',
    poison: (id, kind) => spoil(table, field, id, kind),
    removeField: () => table.removeProperty(field),
    rotateRefreshTokens: () => {
      account.tokens.rotating = true;
    },
    archive: (id) => table.archive(id),
    erase: (id) => table.erase(id),
    restore: (id) => table.restore(id),
    merge: (winner, loser) => table.merge(winner, loser).id,
    advance: (ms) => account.advance(ms),
    fault: (fault) => account.faults.add(fault),
    limit: (kind, retryAfter) => {
      account.rates.limits = {
        ...account.rates.limits,
        [kind === 'daily' ? 'daily' : 'tenSecondly']: 0,
        // Without Retry-After HubSpot has a header and a policy name of its own.
        retryAfter: retryAfter === 'vendor' ? 'none' : retryAfter,
      };
    },
    expireTokens: () => account.tokens.expireAll(),
    revokeRefresh: () => account.tokens.revokeRefresh(),
    deliveriesOf: (change) => captureDeliveries(fake, change),
    forge,
    nameOf: ({ raw }: SourceRecord) =>
      (raw as { properties: Record<string, string | null> }).properties[field] ?? null,
    close: () => fake.close(),
  };
}

/** The public URL differs from the one that is called, as it does behind a proxy. */
async function captureDeliveries({ account }: HubSpotFake, change: () => void): Promise<WebhookDelivery[]> {
  const url = 'https://rollcall.example/v1/webhooks/hubspot/7?tenant=a%3Ab';
  const received: WebhookDelivery[] = [];
  const receiver = await startFakeServer(async ({ method, headers, body }) => {
    received.push({ method, url, tail: '', headers, rawBody: body });
    return { status: 200 };
  });
  account.webhooks.send({ url: receiver.url, signedUrl: url });
  change();
  await account.webhooks.deliver();
  account.webhooks.send(null);
  await receiver.close();
  return received;
}

function spoil(table: ObjectTable, field: string, id: string, kind: Poison): void {
  if (kind === 'no-id') table.disguise(id, { id: null, properties: { [field]: 'x' } });
  if (kind === 'wrong-type') table.disguise(id, { id, properties: { [field]: 7 } });
  if (kind === 'nul') table.update(id, { [field]: 'a\0b' });
  if (kind === 'megabyte') table.update(id, { [field]: 'x'.repeat(1_000_000) });
}

function forge(delivery: WebhookDelivery, proof: 'missing' | 'wrong' | 'short'): WebhookDelivery {
  if (proof === 'missing') return { ...delivery, headers: {} };
  const signature = proof === 'short' ? 'short' : Buffer.alloc(32).toString('base64');
  return { ...delivery, headers: { ...delivery.headers, 'x-hubspot-signature-v3': signature } };
}
