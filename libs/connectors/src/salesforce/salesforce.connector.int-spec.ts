import { describe, expect, it } from '@jest/globals';
import type { ConnectorContext } from '../port/call-context.js';
import type { SourceRecord } from '../port/records.js';
import type { WebhookDelivery } from '../port/webhook.js';
import type { ContractAbilities } from '../testing/contract/abilities.js';
import { collect, idsOf, recordsOf } from '../testing/contract/answers.js';
import { type ContractWorld, type Poison, provided } from '../testing/contract/contract-world.js';
import { describeConnector } from '../testing/contract/index.js';
import { startFakeServer } from '../testing/fake-server.js';
import {
  type SalesforceFake,
  type SalesforceFakeOptions,
  startSalesforceFake,
} from './fake/salesforce-fake.js';
import { salesforceConnector } from './salesforce.connector.js';
import {
  type SalesforceConfig,
  type SalesforceSecrets,
  salesforceConfigSchema,
  salesforceSecretsSchema,
} from './salesforce.settings.js';

const START = new Date('2026-09-01T10:00:00.250Z');
const WEBHOOK_SECRET = 'a-webhook-secret-0001';
const ABILITIES: Partial<ContractAbilities> = { signsUrl: false, signsTime: false, webhookKinds: [] };

describe('Salesforce connector: contacts, Outbound Messages', () =>
  describeConnector(salesforceConnector, () => startWorld('contacts', 'outbound'), ABILITIES));
describe('Salesforce connector: accounts, Outbound Messages', () =>
  describeConnector(salesforceConnector, () => startWorld('accounts', 'outbound'), ABILITIES));
describe('Salesforce connector: leads, change events', () =>
  describeConnector(salesforceConnector, () => startWorld('leads', 'changes'), {
    ...ABILITIES,
    webhookKinds: ['delete', 'restore'],
  }));

describe('Salesforce connector: what only Salesforce has', () => {
  it.each(['client_credentials', 'jwt_bearer'] as const)('gets its first token by %s', async (grant) => {
    await withFake({ seed: { contacts: 1 } }, async (fake) => {
      const { clientId, clientSecret, username, privateKey } = fake.org.logins;
      const secrets = salesforceSecretsSchema.parse(
        grant === 'jwt_bearer' ? { clientId, username, privateKey } : { clientId, clientSecret },
      );
      const config = salesforceConfigSchema.parse({ loginUrl: fake.url });
      const context = { ...contextOf(fake), config, secrets };
      await expect(salesforceConnector.check(context)).rejects.toMatchObject({ code: 'AUTH_EXPIRED' });
      const renewed = await salesforceConnector.refreshAuth?.(context);
      expect(renewed).toMatchObject({ secrets: { instanceUrl: fake.url }, expiresAt: null });
      expect(await salesforceConnector.check({ ...context, secrets: renewed?.secrets ?? secrets })).toEqual({
        ok: true,
        account: fake.organizationId,
      });
    });
  });

  it('calls a key that is none a mistake of the settings', async () => {
    await withFake({}, async (fake) => {
      const secrets = { clientId: 'x', username: 'x', privateKey: 'no key' };
      await expect(salesforceConnector.refreshAuth?.({ ...contextOf(fake), secrets })).rejects.toMatchObject({
        code: 'CONFIG_ERROR',
        message: expect.stringContaining('RSA'),
      });
    });
  });

  it('does not follow an instance URL into the private network', async () => {
    await withFake({}, async (fake) => {
      const context = contextOf(fake);
      const secrets = { ...context.secrets, instanceUrl: 'https://169.254.169.254' };
      await expect(salesforceConnector.check({ ...context, secrets, network: {} })).rejects.toMatchObject({
        code: 'CONFIG_ERROR',
      });
    });
  });

  it('names the hidden field, and reads on when it is omitted', async () => {
    await withFake({ seed: { contacts: 2 } }, async (fake) => {
      fake.org.contacts.hide('Title');
      const { ok, detail } = await salesforceConnector.check(contextOf(fake));
      expect(ok).toBe(false);
      expect(detail).toMatch(/^contacts cannot be read: .*INVALID_FIELD.*the field Title of Contact/);
      const context = contextOf(fake, { omitFields: { contacts: ['Title'] } });
      expect(await salesforceConnector.check(context)).toMatchObject({ ok: true });
    });
  });

  it('reads extra fields, also of the account a contact belongs to', async () => {
    await withFake({}, async (fake) => {
      const account = fake.org.accounts.create({ Name: 'Acorn' });
      fake.org.contacts.create({ LastName: 'Ada', AccountId: account.id, Level__c: 'Primary' });
      const context = contextOf(fake, { fields: { contacts: ['Level__c', 'Account.Name', 'email'] } });
      const [record] = await recordsIn(salesforceConnector.read(context, 'contacts', null));
      expect(record?.raw).toMatchObject({ Level__c: 'Primary', Account: { Name: 'Acorn' } });
    });
  });

  it('takes a converted lead for gone, in every listing', async () => {
    await withFake({}, async (fake) => {
      const { leads } = fake.org;
      const [kept, converted] = [leads.create({ LastName: 'Kept' }), leads.create({ LastName: 'Converted' })];
      const context = contextOf(fake);
      const [page] = await collect(salesforceConnector.read(context, 'leads', null));
      await fake.org.advance(60_000);
      fake.org.convertLead(converted.id);
      const changes = await recordsIn(salesforceConnector.read(context, 'leads', page?.next ?? null));
      expect(changes.find(({ id }) => id === converted.id)).toMatchObject({ archived: true });
      expect(idsOf(await recordsIn(salesforceConnector.read(context, 'leads', null)))).toEqual([kept.id]);
      const fetched = await salesforceConnector.fetchByIds(context, 'leads', [converted.id]);
      expect(fetched.get(converted.id)).toEqual({ status: 'gone' });
    });
  });

  it('leads through two merges to the record that is left, by ids of either length', async () => {
    await withFake({}, async (fake) => {
      const { contacts } = fake.org;
      const [a, b, c] = ['a', 'b', 'c'].map((LastName) => contacts.create({ LastName }).id);
      if (!a || !b || !c) throw new Error('three were created');
      contacts.merge(b, a);
      contacts.merge(c, b);
      const short = a.slice(0, 15);
      const found = await salesforceConnector.fetchByIds(contextOf(fake), 'contacts', [short, b, c]);
      expect(found.get(short)).toMatchObject({ status: 'merged', mergedInto: c, record: { id: c } });
      expect(found.get(b)).toMatchObject({ status: 'merged', mergedInto: c });
      expect(found.get(c)).toMatchObject({ status: 'found' });
    });
  });

  it('finds deletions of the last days page by page, and forgets older ones', async () => {
    await withFake({}, async (fake) => {
      const { contacts } = fake.org;
      const old = contacts.create({ LastName: 'old' });
      contacts.remove(old.id);
      await fake.org.advance(16 * 24 * 60 * 60_000);
      const ids = Array.from({ length: 250 }, (_, n) => contacts.create({ LastName: `${n}` }).id);
      for (const id of ids) contacts.remove(id);
      const pages = await collect(provided(salesforceConnector.deletions)(contextOf(fake), 'contacts', null));
      expect(pages.length).toBe(3);
      expect(idsOf(recordsOf(pages)).sort()).toEqual(ids.sort());
    });
  });

  it('says on the first of several pages how many there are, when it may know', async () => {
    await withFake({ seed: { contacts: 250 } }, async (fake) => {
      const totals = async () =>
        (await collect(salesforceConnector.read(contextOf(fake), 'contacts', null))).map(
          ({ total }) => total,
        );
      expect(await totals()).toEqual([250, undefined, undefined]);
      fake.org.faults.add({ kind: 'status', status: 403, path: '/limits/recordCount' });
      expect(await totals()).toEqual([undefined, undefined, undefined]);
    });
  });

  it('goes on when Salesforce answers fewer rows than it was asked for', async () => {
    await withFake({ seed: { contacts: 450 }, mostRows: 70 }, async (fake) => {
      const context = contextOf(fake, { pageSize: 200 });
      const records = await recordsIn(salesforceConnector.read(context, 'contacts', null));
      expect(new Set(idsOf(records)).size).toBe(450);
      const found = await salesforceConnector.fetchByIds(context, 'contacts', idsOf(records));
      expect([...found.values()].every(({ status }) => status === 'found')).toBe(true);
    });
  });

  it.each([
    ['UNABLE_TO_LOCK_ROW', 400, 'TRANSIENT'],
    ['SERVER_UNAVAILABLE', 503, 'TRANSIENT'],
    ['MALFORMED_QUERY', 400, 'CONFIG_ERROR'],
    ['API_DISABLED_FOR_ORG', 403, 'CONFIG_ERROR'],
  ])('understands %s', async (errorCode, status, code) => {
    await withFake({}, async (fake) => {
      const body = [{ errorCode, message: 'about ada@x.example' }];
      fake.org.faults.add({ kind: 'status', status, body });
      const error = await recordsIn(salesforceConnector.read(contextOf(fake), 'contacts', null)).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code, message: expect.stringContaining(errorCode) });
      expect(String(error)).not.toContain('ada@');
    });
  });

  it('says how much of the day is used when it is used up', async () => {
    await withFake({ limits: { daily: 1 } }, async (fake) => {
      const read = () => recordsIn(salesforceConnector.read(contextOf(fake), 'contacts', null));
      await read();
      await expect(read()).rejects.toMatchObject({
        scope: 'daily',
        message: expect.stringContaining('api-usage=1/1'),
      });
    });
  });
});

async function recordsIn(pages: ReturnType<typeof salesforceConnector.read>): Promise<SourceRecord[]> {
  return recordsOf(await collect(pages));
}

async function withFake(
  options: SalesforceFakeOptions,
  work: (fake: SalesforceFake) => Promise<void>,
): Promise<void> {
  const fake = await startSalesforceFake({ startAt: START, ...options });
  try {
    await work(fake);
  } finally {
    await fake.close();
  }
}

type Context = ConnectorContext<SalesforceConfig, SalesforceSecrets>;

function contextOf(fake: SalesforceFake, settings: Record<string, unknown> = {}): Context {
  return {
    config: salesforceConfigSchema.parse({
      loginUrl: fake.url,
      instanceUrl: fake.url,
      pageSize: 100,
      ...settings,
    }),
    secrets: { accessToken: fake.token, webhookSecret: WEBHOOK_SECRET },
    network: { allowPrivateNetwork: true, timeoutMs: 4_000, maxResponseBytes: 4 * 1024 * 1024 },
    now: () => new Date(fake.org.clock.now()),
  };
}

async function startWorld(
  stream: 'contacts' | 'accounts' | 'leads',
  format: 'outbound' | 'changes',
): Promise<ContractWorld> {
  const fake = await startSalesforceFake({ startAt: START });
  const { org } = fake;
  const { logins } = org;
  const table = org[stream];
  const field = stream === 'accounts' ? 'Name' : 'LastName';
  const context = contextOf(fake);
  const withSecrets = (secrets: SalesforceSecrets) => ({ ...context, secrets });
  return {
    stream,
    account: fake.organizationId,
    secrets: [fake.token, logins.clientSecret, logins.refreshToken, WEBHOOK_SECRET],
    unknownId: table.create({ [field]: 'nobody' }, { visibleAfterMs: Number.POSITIVE_INFINITY }).id,
    context: () => context,
    contextWith: (change) => {
      const { accessToken, webhookSecret } = context.secrets;
      if (change === 'wrong-token') return withSecrets({ accessToken: 'wrong-token' });
      if (change === 'public-network-only') return { ...context, network: {} };
      if (change === 'no-webhook-secret') return withSecrets({ accessToken });
      if (change === 'rotated-webhook-secret')
        return withSecrets({
          accessToken,
          webhookSecret: 'another-webhook-secret',
          previousWebhookSecrets: [WEBHOOK_SECRET],
        });
      const { clientId, clientSecret, refreshToken } = logins;
      return withSecrets({ accessToken, webhookSecret, clientId, clientSecret, refreshToken });
    },
    now: () => new Date(org.clock.now()),
    create: (name) => table.create({ [field]: name }).id,
    change: (id, name) => table.update(id, { [field]: name }),
    createLate: (name, ms) => table.create({ [field]: name }, { visibleAfterMs: ms }).id,
    poison: (id, kind) => {
      const spoiled: Record<Poison, () => void> = {
        'no-id': () => table.disguise(id, { Id: null }),
        'wrong-type': () => table.disguise(id, { SystemModstamp: 7 }),
        nul: () => table.update(id, { [field]: 'a\0b' }),
        megabyte: () => table.update(id, { [field]: 'x'.repeat(1_000_000) }),
      };
      spoiled[kind]();
    },
    archive: (id) => table.remove(id),
    erase: (id) => table.purge(id),
    restore: (id) => table.undelete(id),
    merge: (winner, loser) => table.merge(winner, loser).id,
    removeField: () => table.hide(field),
    advance: (ms) => org.advance(ms),
    fault: (fault) => org.faults.add(fault),
    limit: (kind, form) => {
      const retryAfter = form === 'vendor' ? 'none' : form;
      const none = kind === 'daily' ? { daily: 0 } : { concurrent: 0 };
      org.usage.limits = { ...org.usage.limits, ...none, retryAfter };
    },
    expireTokens: () => logins.expireAll(),
    revokeRefresh: () => logins.revokeRefresh(),
    rotateRefreshTokens: () => {
      logins.rotating = true;
    },
    deliveriesOf: (change) => captureDeliveries(fake, format, change),
    forge: (delivery, proof) => ({ ...delivery, tail: FORGED[proof] }),
    nameOf: ({ raw }: SourceRecord) => (raw as Record<string, string | undefined>)[field] ?? null,
    close: () => fake.close(),
  };
}

const FORGED = { missing: '', wrong: WEBHOOK_SECRET.replaceAll('a', 'b'), short: 'a-web' } as const;

async function captureDeliveries(
  { org }: SalesforceFake,
  format: 'outbound' | 'changes',
  change: () => void,
): Promise<WebhookDelivery[]> {
  const url = 'https://rollcall.example/v1/webhooks/salesforce/7';
  const received: WebhookDelivery[] = [];
  const receiver = await startFakeServer(async ({ method, path, headers, body }) => {
    received.push({ method, url: url + path, tail: path.slice(1), headers, rawBody: body });
    return { status: 200 };
  });
  org.messages.send({ url: `${receiver.url}/${WEBHOOK_SECRET}`, format });
  change();
  await org.messages.deliver();
  org.messages.send(null);
  await receiver.close();
  return received;
}
