import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Page } from '../port/records.js';
import { mapOne } from '../testing/map-one.js';
import { type HubSpotFake, startHubSpotFake } from './fake/hubspot-fake.js';
import type { HubSpotContext } from './hubspot.client.js';
import { hubSpotConnector } from './hubspot.connector.js';
import { contactMapping } from './hubspot.mapping.js';
import { hubSpotConfigSchema } from './hubspot.settings.js';

const START = new Date('2026-09-01T10:00:00.250Z');
const READ = '/associations/';

describe('associations of HubSpot', () => {
  let fake: HubSpotFake;
  let ada: string;
  let alone: string;
  let acorn: string;
  let beacon: string;

  beforeEach(async () => {
    fake = await startHubSpotFake({ startAt: START, searchLagMs: 0 });
    const { contacts, companies, associations } = fake.account;
    acorn = companies.create({ name: 'Acorn' }).id;
    beacon = companies.create({ name: 'Beacon' }).id;
    ada = contacts.create({ email: 'ada@x.example' }).id;
    alone = contacts.create({ email: 'alone@x.example' }).id;
    associations.add(ada, beacon);
    associations.add(ada, acorn);
  });
  afterEach(() => fake.close());

  const context = (settings: Record<string, unknown> = {}): HubSpotContext => ({
    config: hubSpotConfigSchema.parse({ baseUrl: fake.url, ...settings }),
    secrets: { accessToken: fake.token },
    network: { allowPrivateNetwork: true, timeoutMs: 4_000 },
    now: () => new Date(fake.account.clock.now()),
  });
  const read = (settings?: Record<string, unknown>, since?: string, stream = 'contacts') =>
    firstOf(hubSpotConnector.read(context(settings), stream, since ? { kind: 'idle', since } : null));

  it('come with a backfill, a search and a fetch, in the order of ids', async () => {
    const expected = { [ada]: [acorn, beacon], [alone]: [] };
    expect(companiesOf(await read())).toEqual(expected);
    await fake.account.advance(1_000);
    expect(companiesOf(await read({}, START.toISOString()))).toEqual(expected);
    const fetched = await hubSpotConnector.fetchByIds(context(), 'contacts', [ada]);
    expect(fetched.get(ada)).toMatchObject({
      record: { raw: { associations: { companies: [acorn, beacon] } } },
    });
  });

  it('come by the older version as well', async () => {
    expect(companiesOf(await read({ associationsApiVersion: 'v4' }))[ada]).toEqual([acorn, beacon]);
  });

  it('of companies are read when the settings ask for them', async () => {
    const page = await read({ associations: { companies: ['contacts'] } }, undefined, 'companies');
    const raw = page.records.map(({ raw: one }) => (one as Raw).associations?.contacts);
    expect(raw).toEqual([[ada], [ada]]);
  });

  it('are not asked for when nobody wants them', async () => {
    const before = fake.account.rates.usedToday;
    const page = await read({ associations: { contacts: [] } });
    expect(fake.account.rates.usedToday - before).toBe(1);
    expect(page.records[0]?.raw).not.toHaveProperty('associations');
  });

  it('of one record may take several pages', async () => {
    const ids = Array.from({ length: 250 }, (_, n) => fake.account.companies.create({ name: `${n}` }).id);
    for (const id of ids) fake.account.associations.add(alone, id);
    expect(companiesOf(await read())[alone]).toEqual(ids);
  });

  it('follow a merge, and leave out what is archived', async () => {
    const winner = fake.account.contacts.merge(ada, alone).id;
    fake.account.companies.archive(acorn);
    expect(companiesOf(await read())).toEqual({ [winner]: [beacon] });
  });

  it('that cannot be read reject their record and no other', async () => {
    const rows = [{ from: { id: ada }, to: 'broken' }];
    const body = JSON.stringify({ results: rows, errors: [] });
    fake.account.faults.add({ kind: 'raw', body, path: READ });
    const page = await read();
    expect(page.records.map(({ id }) => id)).toEqual([alone]);
    expect(page.rejected).toEqual([
      expect.objectContaining({ id: ada, reason: 'the associations with companies cannot be read' }),
    ]);
  });

  it('that HubSpot fails to read for a record reject that record', async () => {
    const errors = [{ category: 'INTERNAL', context: { fromObjectId: [alone] } }];
    const rows = [{ from: { id: ada }, to: [{ toObjectId: Number(acorn) }] }];
    fake.account.faults.add({ kind: 'raw', body: JSON.stringify({ results: rows, errors }), path: READ });
    const page = await read();
    expect(page.rejected.map(({ id }) => id)).toEqual([alone]);
    expect(companiesOf(page)).toEqual({ [ada]: [acorn] });
  });

  it.each([
    ['fail for records that are not named', { results: [], errors: [{ category: 'INTERNAL' }] }],
    ['are of no record', { results: [{ from: {}, to: [] }] }],
  ])('that %s fail the page', async (_name, body) => {
    fake.account.faults.add({ kind: 'raw', body: JSON.stringify(body), path: READ });
    await expect(read()).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  });

  it('that do not move on fail the page', async () => {
    const stuck = { from: { id: ada }, to: [], paging: { next: { after: '1' } } };
    fake.account.faults.add({
      kind: 'raw',
      body: JSON.stringify({ results: [stuck] }),
      path: READ,
      times: 2,
    });
    await expect(read()).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  });

  it('become a property by the default mapping, one or many, and none when there is none', async () => {
    const valueFor = async (companies: string[]) => {
      const mapped = await mapOne(contactMapping, { id: '1', properties: {}, associations: { companies } });
      if (!mapped.ok) throw new Error('it was not mapped');
      return mapped.identity.properties.find(({ key }) => key === 'hubspot_company_ids')?.value;
    };
    expect(await valueFor(['1', '2'])).toBe('1;2');
    expect(await valueFor(['1'])).toBe('1');
    expect(await valueFor([])).toBeUndefined();
  });

  it('names how many changes there are to read', async () => {
    await fake.account.advance(1_000);
    expect((await read({}, START.toISOString())).total).toBe(2);
  });

  it('signal both ends when they change', async () => {
    const rawBody = Buffer.from(
      JSON.stringify([
        {
          subscriptionType: 'contact.associationChange',
          portalId: 62_515,
          occurredAt: START.getTime(),
          eventId: 1,
          associationType: 'CONTACT_TO_COMPANY',
          fromObjectId: Number(ada),
          toObjectId: Number(acorn),
        },
      ]),
    );
    const delivery = { method: 'POST', url: '', tail: '', headers: {}, rawBody };
    const signals = hubSpotConnector.webhook?.parse(delivery).signals ?? [];
    expect(signals).toMatchObject([
      { stream: 'contacts', id: ada, kind: 'upsert' },
      { stream: 'companies', id: acorn, kind: 'upsert' },
    ]);
    expect(new Set(signals.map(({ dedupKey }) => dedupKey)).size).toBe(2);
  });
});

type Raw = { readonly associations?: Readonly<Record<string, readonly string[]>> };

function companiesOf({ records }: Page<unknown>) {
  return Object.fromEntries(records.map(({ id, raw }) => [id, (raw as Raw).associations?.companies]));
}

async function firstOf<Item>(items: AsyncIterable<Item>): Promise<Item> {
  for await (const item of items) return item;
  throw new Error('there was no page');
}
