import { describe, expect, it } from '@jest/globals';
import type { ConnectorContext } from '../port/call-context.js';
import type { SourceRecord } from '../port/records.js';
import type { WebhookDelivery } from '../port/webhook.js';
import type { ContractAbilities } from '../testing/contract/abilities.js';
import { collect, failureOf, idsOf, lastOf, recordsOf } from '../testing/contract/answers.js';
import type { ContractWorld, Poison } from '../testing/contract/contract-world.js';
import { describeConnector } from '../testing/contract/index.js';
import { startFakeServer } from '../testing/fake-server.js';
import { type OdooFake, startOdooFake } from './fake/odoo-fake.js';
import type { PartnerTable } from './fake/partner-table.js';
import { odooConnector } from './odoo.connector.js';
import type { OdooCursor } from './odoo.cursor.js';
import { type OdooConfig, type OdooSecrets, odooConfigSchema, odooSecretsSchema } from './odoo.settings.js';

const START = new Date('2026-09-01T10:00:00.250Z');
const WEBHOOK_SECRET = 'a-secret-of-the-webhook-path';
const PROTOCOLS = ['json-2', 'json-rpc'] as const;

const ABILITIES: Partial<ContractAbilities> = {
  daily: false,
  // A hint says that something happened; what, is found by fetching.
  webhookKinds: [],
};

describe.each(PROTOCOLS)('Odoo connector by %s', (protocol) =>
  describeConnector(odooConnector, () => startWorld(protocol), ABILITIES),
);

describe('Odoo connector: the pitfalls of write_date', () => {
  it('reads a thousand rows of one transaction across its pages, once each', async () => {
    await withFake(async (fake) => {
      const cursor = await idleNow(fake);
      await fake.database.advance(1_000);
      const made = fake.database.partners.create(people(1_000));
      expect(new Set(made.map(({ write_date }) => write_date)).size).toBe(1);
      const pages = await pagesFrom(fake, cursor, { pageSize: 300 });
      expect(pages.map(({ records }) => records.length)).toEqual([300, 300, 300, 100]);
      expect(new Set(idsOf(recordsOf(pages))).size).toBe(1_000);
    });
  });

  it('stands on a page edge inside a second, where later microseconds have lower ids', async () => {
    await withFake(async (fake) => {
      const { partners } = fake.database;
      const ids = partners.create(people(40)).map(({ id }) => id);
      await fake.database.advance(3_600_000);
      const cursor = await idleNow(fake);
      await fake.database.advance(1_000);
      // One second, forty transactions: the highest id is written first.
      for (const id of [...ids].reverse()) partners.write([id], { name: `changed ${id}` });
      const pages = await pagesFrom(fake, cursor, { pageSize: 7 });
      expect(idsOf(recordsOf(pages)).map(Number)).toEqual(ids);
    });
  });

  it('keeps what was written in the second it ended in, after it ended', async () => {
    await withFake(async (fake) => {
      const cursor = await idleNow(fake);
      await fake.database.advance(500);
      const [late] = fake.database.partners.create(people(1));
      expect(late?.write_date).toMatch(/^2026-09-01 10:00:00\.75/);
      expect(cursor).toEqual({ kind: 'idle', since: '2026-09-01T10:00:00.000Z' });
      const pages = await pagesFrom(fake, cursor, { lookbackSeconds: 0 });
      expect(idsOf(recordsOf(pages))).toEqual([String(late?.id)]);
    });
  });

  it('finds a transaction that stayed open for minutes, as long as it looks back', async () => {
    await withFake(async (fake) => {
      const { partners } = fake.database;
      const [late] = partners.create(people(1), { visibleAfterMs: 540_000 });
      await fake.database.advance(4_000);
      const [prompt] = partners.create(people(1));
      const first = await pagesFrom(fake, await idleNow(fake));
      expect(idsOf(recordsOf(first))).toEqual([String(prompt?.id)]);
      await fake.database.advance(540_000);
      const from = lastOf(first).next;
      expect(idsOf(recordsOf(await pagesFrom(fake, from)))).toContain(String(late?.id));
      const without = await pagesFrom(fake, from, { lookbackSeconds: 0 });
      expect(idsOf(recordsOf(without))).toEqual([String(prompt?.id)]);
    });
  });

  it('leaves a record that changes during a pass to the next pass', async () => {
    await withFake(async (fake) => {
      const { partners } = fake.database;
      const cursor = await idleNow(fake);
      const ids = partners.create(people(20)).map(({ id }) => id);
      const seen: string[] = [];
      let end: OdooCursor = cursor;
      for await (const page of odooConnector.read(contextOf(fake, { pageSize: 5 }), 'partners', cursor)) {
        seen.push(...idsOf(page.records));
        end = page.next;
        await fake.database.advance(2_000);
        if (seen.length === 5) partners.write([ids[19] ?? 0], { name: 'moved on' });
      }
      expect(seen).toHaveLength(19);
      const next = recordsOf(await pagesFrom(fake, end));
      expect(next.find(({ id }) => id === String(ids[19]))?.raw).toMatchObject({ name: 'moved on' });
    });
  });

  it('ends also when every record is written again behind it', async () => {
    await withFake(async (fake) => {
      const cursor = await idleNow(fake);
      const ids = fake.database.partners.create(people(30)).map(({ id }) => id);
      let pages = 0;
      for await (const page of odooConnector.read(contextOf(fake, { pageSize: 5 }), 'partners', cursor)) {
        pages += 1;
        expect(page.rejected).toEqual([]);
        await fake.database.advance(2_000);
        fake.database.partners.write(ids, { name: `page ${pages}` });
        expect(pages).toBeLessThan(10);
      }
    });
  });

  it('sees by the changes that a record was archived, and that it came back', async () => {
    await withFake(async (fake) => {
      const [partner] = fake.database.partners.create(people(1));
      const cursor = await idleNow(fake);
      fake.database.partners.write([partner?.id ?? 0], { active: false });
      expect(recordsOf(await pagesFrom(fake, cursor))).toMatchObject([{ archived: true }]);
      expect(recordsOf(await pagesFrom(fake, null))).toEqual([]);
      fake.database.partners.write([partner?.id ?? 0], { active: true });
      const [back] = recordsOf(await pagesFrom(fake, cursor));
      expect(back).not.toHaveProperty('archived');
    });
  });
});

describe('Odoo connector: what else only Odoo has', () => {
  it('takes false for nothing, except where it means no', async () => {
    await withFake(async (fake) => {
      fake.database.partners.create([{ name: 'Ada', email: '', opt_out: false, comment: false }]);
      const settings = { fields: ['comment'], booleanFields: ['opt_out'] };
      const [record] = recordsOf(await pagesFrom(fake, null, settings));
      expect(record?.raw).toEqual({
        id: 1,
        name: 'Ada',
        is_company: false,
        active: true,
        opt_out: false,
        write_date: '2026-09-01 10:00:00',
      });
    });
  });

  it('says which field this Odoo does not have to be a matter of settings', async () => {
    await withFake(async (fake) => {
      fake.database.partners.create(people(1));
      const error = await failureOf(pagesFrom(fake, null, { fields: ['x_none'] }));
      expect(error).toMatchObject({
        code: 'CONFIG_ERROR',
        message: 'POST /json/2/res.partner/search_read answered 500: builtins.ValueError',
      });
    });
  });

  it.each(PROTOCOLS)('never quotes the traceback of %s', async (protocol) => {
    await withFake(async (fake) => {
      fake.database.keyIsValid = false;
      const error = await failureOf(
        odooConnector.check(contextOf(fake, { protocol, login: fake.database.login })),
      );
      expect(error).toMatchObject({ code: 'AUTH_EXPIRED' });
      expect(`${error.message}${error.stack}${String(error.cause)}`).not.toMatch(
        new RegExp(`_transactioning|${fake.token}`),
      );
    });
  });

  it('names the company when the database’s own id may not be read', async () => {
    await withFake(async (fake) => {
      fake.database.administrator = false;
      expect(await odooConnector.check(contextOf(fake))).toEqual({ ok: true, account: 'company/company-1' });
    });
  });

  it('says that partners may not be read', async () => {
    await withFake(async (fake) => {
      const body = { name: 'odoo.exceptions.AccessError', message: 'secret', debug: 'secret' };
      fake.database.faults.add({ kind: 'status', status: 403, body, path: 'res.partner' });
      expect(await odooConnector.check(contextOf(fake))).toEqual({
        ok: false,
        account: fake.database.uuid,
        detail:
          'partners cannot be read: POST /json/2/res.partner/search_read answered 403: odoo.exceptions.AccessError',
      });
    });
  });

  it('refuses a database that the server does not have', async () => {
    await withFake(async (fake) => {
      const error = await failureOf(odooConnector.check(contextOf(fake, { database: 'other' })));
      expect(error).toMatchObject({ code: 'CONFIG_ERROR' });
    });
  });

  it('finds the loser of a merge gone, and nothing that says where it went', async () => {
    await withFake(async (fake) => {
      const [a, b] = fake.database.partners.create(people(2)).map(({ id }) => id);
      fake.database.partners.merge(a ?? 0, [b ?? 0]);
      const found = await odooConnector.fetchByIds(contextOf(fake), 'partners', [String(a), String(b)]);
      expect(found.get(String(a))).toMatchObject({ status: 'found', record: { id: String(a) } });
      expect(found.get(String(b))).toEqual({ status: 'gone' });
    });
  });

  it('does not take a record for gone when its answer has no readable id', async () => {
    await withFake(async (fake) => {
      const [partner] = fake.database.partners.create(people(1));
      fake.database.partners.disguise(partner?.id ?? 0, { id: false, name: 'Ada' });
      const ids = [String(partner?.id)];
      expect(await failureOf(odooConnector.fetchByIds(contextOf(fake), 'partners', ids))).toMatchObject({
        code: 'INVALID_RESPONSE',
      });
    });
  });

  it('is told the same eleven times about one record, in one key', async () => {
    await withFake(async (fake) => {
      const deliveries = await captureDeliveries(fake, () => fake.database.partners.create(people(1)));
      expect(deliveries).toHaveLength(11);
      const signals = deliveries.flatMap((delivery) => odooConnector.webhook?.parse(delivery).signals ?? []);
      expect(new Set(signals.map(({ dedupKey }) => dedupKey)).size).toBe(1);
      expect(signals[0]).toMatchObject({ id: '1', kind: 'upsert', occurredAt: '2026-09-01T10:00:00.250Z' });
    });
  });
});

const people = (count: number) => Array.from({ length: count }, (_, n) => ({ name: `person ${n}` }));

async function withFake(work: (fake: OdooFake) => Promise<void>): Promise<void> {
  const fake = await startOdooFake({ startAt: START });
  try {
    await work(fake);
  } finally {
    await fake.close();
  }
}

type Context = ConnectorContext<OdooConfig, OdooSecrets>;

function contextOf(fake: OdooFake, settings: Record<string, unknown> = {}): Context {
  const { name: database } = fake.database;
  return {
    config: odooConfigSchema.parse({ baseUrl: fake.url, database, pageSize: 100, ...settings }),
    secrets: odooSecretsSchema.parse({ accessToken: fake.token, webhookSecret: WEBHOOK_SECRET }),
    network: { allowPrivateNetwork: true, timeoutMs: 4_000, maxResponseBytes: 4 * 1024 * 1024 },
    now: () => new Date(fake.database.clock.now()),
  };
}

const pagesFrom = (fake: OdooFake, from: OdooCursor | null, settings: Record<string, unknown> = {}) =>
  collect(odooConnector.read(contextOf(fake, settings), 'partners', from));

async function idleNow(fake: OdooFake): Promise<OdooCursor> {
  return lastOf(await pagesFrom(fake, null, { pageSize: 2_000 })).next;
}

async function startWorld(protocol: OdooConfig['protocol']): Promise<ContractWorld> {
  const fake = await startOdooFake({ startAt: START });
  const { database } = fake;
  const { partners } = database;
  const context = contextOf(fake, { protocol, login: database.login });
  const idOf = (id: string) => [Number(id)];
  return {
    stream: 'partners',
    account: database.uuid,
    secrets: [fake.token, WEBHOOK_SECRET],
    unknownId: '999999999',
    context: () => context,
    contextWith: (change) => {
      if (change === 'wrong-token')
        return { ...context, secrets: { ...context.secrets, accessToken: 'wrong-token' } };
      if (change === 'public-network-only') return { ...context, network: {} };
      if (change === 'oauth') return context;
      if (change === 'no-webhook-secret')
        return { ...context, secrets: { ...context.secrets, webhookSecret: undefined } };
      const rotated = {
        webhookSecret: 'the-new-secret-of-the-path',
        previousWebhookSecrets: [WEBHOOK_SECRET],
      };
      return { ...context, secrets: { ...context.secrets, ...rotated } };
    },
    now: () => new Date(database.clock.now()),
    create: (name) => String(partners.create([{ name }])[0]?.id),
    createMany: (count) => partners.create(people(count)).map(({ id }) => String(id)),
    change: (id, name) => partners.write(idOf(id), { name }),
    createLate: (name, ms) => String(partners.create([{ name }], { visibleAfterMs: ms })[0]?.id),
    poison: (id, kind) => spoil(partners, Number(id), kind),
    removeField: () => partners.removeField('name'),
    archive: (id) => partners.write(idOf(id), { active: false }),
    erase: (id) => partners.unlink(idOf(id)),
    restore: (id) => partners.write(idOf(id), { active: true }),
    merge: (winner, loser) => {
      partners.merge(Number(winner), idOf(loser));
      return winner;
    },
    advance: (ms) => database.advance(ms),
    // By JSON-RPC the first request only asks for the user's number: bad bytes are for the records.
    fault: (fault) =>
      database.faults.add(
        protocol === 'json-rpc' && fault.kind === 'latin1' ? { ...fault, path: 'object' } : fault,
      ),
    limit: (_kind, form) => {
      const at = new Date(database.clock.now() + 5_000).toUTCString();
      const values = { none: undefined, vendor: undefined, seconds: '5', date: at };
      const value = values[form];
      database.proxyRefusal = value === undefined ? {} : { 'retry-after': value };
    },
    expireTokens: () => {
      database.keyIsValid = false;
    },
    // One copy of each: that there are more has a test of its own.
    deliveriesOf: (change) => captureDeliveries(fake, change, 1),
    forge: (delivery, proof) => ({ ...delivery, tail: FORGED[proof] }),
    nameOf: ({ raw }: SourceRecord) => (raw as { name?: string }).name ?? null,
    close: () => fake.close(),
  };
}

const FORGED = { missing: '', wrong: WEBHOOK_SECRET.replaceAll('a', 'b'), short: 'x' } as const;

function spoil(partners: PartnerTable, id: number, kind: Poison): void {
  if (kind === 'no-id') partners.disguise(id, { id: false, name: 'x' });
  if (kind === 'wrong-type') partners.disguise(id, { id, name: 7 });
  if (kind === 'nul') partners.write([id], { name: 'a\0b' });
  if (kind === 'megabyte') partners.write([id], { name: 'x'.repeat(1_000_000) });
}

async function captureDeliveries(
  { database }: OdooFake,
  change: () => void,
  copies?: number,
): Promise<WebhookDelivery[]> {
  const url = `https://rollcall.example/v1/webhooks/odoo/7/${WEBHOOK_SECRET}`;
  const received: WebhookDelivery[] = [];
  const receiver = await startFakeServer(async ({ method, headers, body }) => {
    received.push({ method, url, tail: WEBHOOK_SECRET, headers, rawBody: body });
    return { status: 200 };
  });
  database.webhooks.add({ url: receiver.url, copies });
  change();
  await database.webhooks.deliver();
  database.webhooks.removeAll();
  await receiver.close();
  return received;
}
