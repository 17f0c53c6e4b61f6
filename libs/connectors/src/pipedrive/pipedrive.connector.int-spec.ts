import { describe, expect, it } from '@jest/globals';
import type { ConnectorContext } from '../port/call-context.js';
import type { SourceRecord } from '../port/records.js';
import type { WebhookDelivery } from '../port/webhook.js';
import type { ContractAbilities } from '../testing/contract/abilities.js';
import type { ContractWorld, Poison } from '../testing/contract/contract-world.js';
import { describeConnector } from '../testing/contract/index.js';
import { startFakeServer } from '../testing/fake-server.js';
import type { ItemTable } from './fake/item-table.js';
import { type PipedriveFake, startPipedriveFake } from './fake/pipedrive-fake.js';
import { pipedriveConnector } from './pipedrive.connector.js';
import type { PipedriveCursor } from './pipedrive.cursor.js';
import {
  type PipedriveConfig,
  type PipedriveSecrets,
  pipedriveConfigSchema,
  pipedriveSecretsSchema,
} from './pipedrive.settings.js';

const START = new Date('2026-09-01T10:00:00.250Z');
const WEBHOOK_PASSWORD = 'a-long-webhook-password';

const ABILITIES: Partial<ContractAbilities> = {
  // A field that is not there is not asked for: lists answer with all of them.
  removeField: false,
  webhookKinds: ['delete', 'merge'],
};

describe('Pipedrive connector: persons', () =>
  describeConnector(pipedriveConnector, () => startWorld('persons'), ABILITIES));
describe('Pipedrive connector: organizations', () =>
  describeConnector(pipedriveConnector, () => startWorld('organizations'), ABILITIES));

describe('Pipedrive connector: what only Pipedrive has', () => {
  it('ends a pass at its own start, also when records keep changing behind it', async () => {
    await withFake({}, async (fake) => {
      const { persons } = fake.company;
      const people = Array.from({ length: 12 }, (_, n) => persons.create({ name: `person ${n}` }));
      const from = { kind: 'idle', since: START.toISOString() } as const;
      let pages = 0;
      let last: PipedriveCursor | null = null;
      for await (const page of pipedriveConnector.read(contextOf(fake, { pageSize: 5 }), 'persons', from)) {
        pages += 1;
        last = page.next;
        await fake.company.advance(2_000);
        for (const { id } of people) persons.update(id, { name: `changed on page ${pages}` });
        expect(pages).toBeLessThan(10);
      }
      expect(last).toEqual({ kind: 'idle', since: '2026-09-01T10:00:00.000Z' });
    });
  });

  it('calls the day over until midnight by the clock of the server', async () => {
    await withFake({ limits: { burst: 1_000, dailyTokens: 5 } }, async (fake) => {
      const ours = new Date(START.getTime() - 600_000);
      const error = await failure(read(fake, { now: () => ours }));
      const midnight = Date.parse('2026-09-02T00:00:00Z') - Date.parse('2026-09-01T10:00:00Z');
      expect(error).toMatchObject({ scope: 'daily', retryAt: new Date(ours.getTime() + midnight) });
    });
  });

  it('counts x-ratelimit-reset as seconds from now', async () => {
    await withFake({}, async (fake) => {
      fake.company.faults.add({ kind: 'status', status: 429, headers: { 'x-ratelimit-reset': '7' } });
      expect(await failure(read(fake))).toMatchObject({
        scope: 'burst',
        retryAt: new Date(START.getTime() + 7_000),
      });
    });
  });

  it('waits when a page of Cloudflare says 403, and takes the API at its word', async () => {
    await withFake({}, async (fake) => {
      const headers = { 'content-type': 'text/html; charset=UTF-8' };
      fake.company.faults.add({ kind: 'status', status: 403, headers, body: '<html>1015</html>' });
      expect(await failure(read(fake))).toMatchObject({ code: 'RATE_LIMITED', scope: 'burst' });
      fake.company.faults.add({ kind: 'status', status: 403, body: { success: false } });
      expect(await failure(read(fake))).toMatchObject({ code: 'CONFIG_ERROR' });
    });
  });

  it('names the stream whose scope is missing', async () => {
    await withFake({}, async (fake) => {
      fake.company.tokens.withhold('/organizations');
      const { ok, detail } = await pipedriveConnector.check(contextOf(fake));
      expect(ok).toBe(false);
      expect(detail).toMatch(/^organizations cannot be read: .*403/);
    });
  });

  it('keeps the rotated refresh token and the host that a refresh names, and calls that host', async () => {
    await withFake({}, async (fake) => {
      fake.company.persons.create({ name: 'Ada' });
      const context = { ...contextOf(fake), secrets: oauthSecrets(fake) };
      const before = context.secrets.refreshToken;
      const { secrets } = await refreshed(context);
      expect(secrets).toMatchObject({
        apiDomain: fake.url,
        refreshToken: expect.not.stringMatching(before ?? ''),
      });
      const elsewhere = pipedriveConfigSchema.parse({ baseUrl: 'http://127.0.0.1:9', oauthUrl: fake.url });
      for await (const { records } of pipedriveConnector.read(
        { ...context, secrets, config: elsewhere },
        'persons',
        null,
      ))
        expect(records).toHaveLength(1);
      expect(await failure(refreshed(context))).toMatchObject({ code: 'AUTH_EXPIRED', reauthorize: true });
    });
  });

  it.each(['v1', 'v2'] as const)(
    'tells the labels of custom fields by the %s lists',
    async (fieldsVersion) => {
      await withFake({}, async (fake) => {
        const fields = await pipedriveConnector.discover(contextOf(fake, { fieldsVersion }), 'persons');
        expect(fields).toContainEqual({
          name: 'custom_fields.4fb7f9ed6f4f7dbfe0a2ae7a6d9c0c6a5f0f9a01',
          label: 'Seniority',
          type: 'enum',
          description: 'In a mapping: custom_fields.`4fb7f9ed6f4f7dbfe0a2ae7a6d9c0c6a5f0f9a01`',
          options: ['Junior', 'Senior'],
        });
      });
    },
  );

  it.each(['flagged', 'missing'] as const)(
    'calls a deleted record gone when it is %s',
    async (deletedReads) => {
      await withFake({ deletedReads }, async (fake) => {
        const { id } = fake.company.persons.create({ name: 'Ada' });
        fake.company.persons.delete(id);
        const found = await pipedriveConnector.fetchByIds(contextOf(fake), 'persons', [String(id)]);
        expect(found.get(String(id))).toEqual({ status: 'gone' });
      });
    },
  );

  it('does not take a record for gone when its answer has no readable id', async () => {
    await withFake({}, async (fake) => {
      const { id } = fake.company.persons.create({ name: 'Ada' });
      fake.company.persons.disguise(id, { id: null, name: 'Ada' });
      const fetching = pipedriveConnector.fetchByIds(contextOf(fake), 'persons', [String(id)]);
      expect(await failure(fetching)).toMatchObject({ code: 'INVALID_RESPONSE' });
      expect(await failure(sweep(fake))).toMatchObject({ code: 'INVALID_RESPONSE' });
    });
  });

  it('says by webhook alone where a merged person went', async () => {
    await withFake({}, async (fake) => {
      const { persons } = fake.company;
      const [a, b] = [persons.create({ name: 'a' }), persons.create({ name: 'b' })];
      const deliveries = await captureDeliveries(fake, () => persons.merge(a.id, b.id));
      const signals = deliveries.flatMap(
        (delivery) => pipedriveConnector.webhook?.parse(delivery).signals ?? [],
      );
      expect(signals).toMatchObject([
        { id: String(b.id), kind: 'merge', mergedInto: String(a.id) },
        { id: String(a.id), kind: 'upsert' },
      ]);
      const found = await pipedriveConnector.fetchByIds(contextOf(fake), 'persons', [String(b.id)]);
      expect(found.get(String(b.id))).toEqual({ status: 'gone' });
    });
  });
});

async function withFake(
  options: Parameters<typeof startPipedriveFake>[0],
  work: (fake: PipedriveFake) => Promise<void>,
): Promise<void> {
  const fake = await startPipedriveFake({ startAt: START, limits: ROOMY, ...options });
  try {
    await work(fake);
  } finally {
    await fake.close();
  }
}

type Context = ConnectorContext<PipedriveConfig, PipedriveSecrets>;

function contextOf(fake: PipedriveFake, settings: Record<string, unknown> = {}): Context {
  return {
    config: pipedriveConfigSchema.parse({
      baseUrl: fake.url,
      oauthUrl: fake.url,
      pageSize: 100,
      ...settings,
    }),
    secrets: pipedriveSecretsSchema.parse({ accessToken: fake.token, webhookPassword: WEBHOOK_PASSWORD }),
    network: { allowPrivateNetwork: true, timeoutMs: 4_000, maxResponseBytes: 4 * 1024 * 1024 },
    now: () => new Date(fake.company.clock.now()),
  };
}

function oauthSecrets({ company: { tokens } }: PipedriveFake): PipedriveSecrets {
  const { apiToken: accessToken, clientId, clientSecret, refreshToken } = tokens;
  return pipedriveSecretsSchema.parse({ accessToken, clientId, clientSecret, refreshToken });
}

async function refreshed(context: Context) {
  if (!pipedriveConnector.refreshAuth) throw new Error('it cannot refresh');
  return pipedriveConnector.refreshAuth(context);
}

async function read(fake: PipedriveFake, change: Partial<Context> = {}): Promise<void> {
  for await (const page of pipedriveConnector.read({ ...contextOf(fake), ...change }, 'persons', null))
    expect(page.rejected).toEqual([]);
}

async function sweep(fake: PipedriveFake): Promise<void> {
  for await (const page of pipedriveConnector.listIds?.(contextOf(fake), 'persons', null) ?? [])
    expect(page.ids).toEqual([]);
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (reason: unknown) => reason,
  );
}

const ROOMY = { burst: 100_000, dailyTokens: 10_000_000 };

async function startWorld(stream: 'persons' | 'organizations'): Promise<ContractWorld> {
  const fake = await startPipedriveFake({ startAt: START, limits: ROOMY });
  const { company } = fake;
  const table = company[stream];
  const context = contextOf(fake);
  return {
    stream,
    account: String(company.companyId),
    secrets: [fake.token, company.tokens.clientSecret, company.tokens.refreshToken, WEBHOOK_PASSWORD],
    context: () => context,
    contextWith: (change) => {
      if (change === 'wrong-token')
        return { ...context, secrets: { ...context.secrets, accessToken: 'wrong-token' } };
      if (change === 'oauth') return { ...context, secrets: oauthSecrets(fake) };
      if (change === 'public-network-only') return { ...context, network: {} };
      if (change === 'no-webhook-secret')
        return { ...context, secrets: { ...context.secrets, webhookPassword: undefined } };
      const rotated = { webhookPassword: 'new', previousWebhookPasswords: [WEBHOOK_PASSWORD] };
      return { ...context, secrets: { ...context.secrets, ...rotated } };
    },
    now: () => new Date(company.clock.now()),
    create: (name) => String(table.create({ name }).id),
    change: (id, name) => table.update(Number(id), { name }),
    createLate: (name, ms) => String(table.create({ name }, { visibleAfterMs: ms }).id),
    unknownId: '999999999',
    poison: (id, kind) => spoil(table, Number(id), kind),
    // Pipedrive's fake always rotates.
    rotateRefreshTokens: () => undefined,
    archive: (id) => table.delete(Number(id)),
    erase: (id) => table.erase(Number(id)),
    restore: (id) => table.restore(Number(id)),
    merge: (winner, loser) => String(table.merge(Number(winner), Number(loser)).id),
    advance: (ms) => company.advance(ms),
    fault: (fault) => company.faults.add(fault),
    limit: (kind, form) => {
      const reset = form === 'vendor' ? 'none' : form;
      const none = kind === 'daily' ? { dailyTokens: 0 } : { burst: 0 };
      company.rates.limits = { ...company.rates.limits, ...none, reset };
    },
    expireTokens: () => company.tokens.expireAll(),
    revokeRefresh: () => company.tokens.revokeRefresh(),
    deliveriesOf: (change) => captureDeliveries(fake, change),
    forge,
    nameOf: ({ raw }: SourceRecord) => (raw as { name?: string }).name ?? null,
    close: () => fake.close(),
  };
}

async function captureDeliveries({ company }: PipedriveFake, change: () => void): Promise<WebhookDelivery[]> {
  const url = 'https://rollcall.example/v1/webhooks/pipedrive/7';
  const received: WebhookDelivery[] = [];
  const receiver = await startFakeServer(async ({ method, headers, body }) => {
    received.push({ method, url, tail: '', headers, rawBody: body });
    return { status: 200 };
  });
  company.webhooks.subscribe({ url: receiver.url, user: 'rollcall', password: WEBHOOK_PASSWORD });
  change();
  await company.webhooks.deliver();
  company.webhooks.unsubscribeAll();
  await receiver.close();
  return received;
}

function spoil(table: ItemTable, id: number, kind: Poison): void {
  if (kind === 'no-id') table.disguise(id, { id: null, name: 'x' });
  if (kind === 'wrong-type') table.disguise(id, { id, name: 7, update_time: 7 });
  if (kind === 'nul') table.update(id, { name: 'a\0b' });
  if (kind === 'megabyte') table.update(id, { name: 'x'.repeat(1_000_000) });
}

function forge(delivery: WebhookDelivery, proof: 'missing' | 'wrong' | 'short'): WebhookDelivery {
  if (proof === 'missing') return { ...delivery, headers: {} };
  const password = proof === 'short' ? 'x' : WEBHOOK_PASSWORD.replaceAll('a', 'b');
  const authorization = `Basic ${Buffer.from(`rollcall:${password}`).toString('base64')}`;
  return { ...delivery, headers: { ...delivery.headers, authorization } };
}
