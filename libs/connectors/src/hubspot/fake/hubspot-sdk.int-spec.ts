import { Client, Signature } from '@hubspot/api-client';
import { FilterOperatorEnum } from '@hubspot/api-client/lib/codegen/crm/contacts/models/Filter.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signatureV3 } from '../hubspot.signature.js';
import { type HubSpotFake, startHubSpotFake } from './hubspot-fake.js';

/** HubSpot's own client is the witness that the fake speaks HubSpot. */
describe('the official SDK against the fake', () => {
  let fake: HubSpotFake;
  let client: Client;

  beforeAll(async () => {
    fake = await startHubSpotFake({ searchLagMs: 0, seed: { contacts: 230, companies: 3 } });
    client = new Client({ accessToken: fake.token, basePath: fake.url });
  });
  afterAll(() => fake.close());

  it('lists all contacts page by page', async () => {
    const all = await client.crm.contacts.getAll(100, undefined, ['email']);
    expect(all).toHaveLength(230);
    expect(all[0]?.createdAt).toBeInstanceOf(Date);
    expect(new Set(all.map(({ id }) => id)).size).toBe(230);
  });

  it('creates, updates, reads and searches', async () => {
    const created = await client.crm.contacts.basicApi.create({
      properties: { email: 'sdk@x.example', firstname: 'Sdk' },
      associations: [],
    });
    await client.crm.contacts.basicApi.update(created.id, { properties: { firstname: 'Changed' } });
    const read = await client.crm.contacts.basicApi.getById(created.id, ['firstname']);
    expect(read.properties.firstname).toBe('Changed');
    const found = await client.crm.contacts.searchApi.doSearch({
      filterGroups: [
        { filters: [{ propertyName: 'email', operator: FilterOperatorEnum.Eq, value: 'sdk@x.example' }] },
      ],
      properties: ['email'],
      limit: 10,
    });
    expect(found.total).toBe(1);
    expect(found.results[0]?.id).toBe(created.id);
  });

  it('is refused when it creates an e-mail twice', async () => {
    const twice = () =>
      client.crm.contacts.basicApi.create({ properties: { email: 'twice@x.example' }, associations: [] });
    await twice();
    await expect(twice()).rejects.toMatchObject({ code: 409 });
  });

  it('reads a batch with a record that does not exist', async () => {
    const [first] = await client.crm.companies.getAll(1);
    const batch = await client.crm.companies.batchApi.read({
      inputs: [{ id: first?.id ?? '' }, { id: '999999' }],
      properties: ['name'],
      propertiesWithHistory: [],
    });
    expect(batch.results.map(({ id }) => id)).toEqual([first?.id]);
    expect(batch).toMatchObject({ numErrors: 1, errors: [{ category: 'OBJECT_NOT_FOUND' }] });
  });

  it('archives, and lists what is archived', async () => {
    const { id } = fake.account.contacts.create({ email: 'leaving@x.example' });
    await client.crm.contacts.basicApi.archive(id);
    await expect(client.crm.contacts.basicApi.getById(id)).rejects.toMatchObject({ code: 404 });
    const archived = await client.crm.contacts.basicApi.getPage(
      10,
      undefined,
      ['email'],
      undefined,
      undefined,
      true,
    );
    expect(archived.results.map((record) => [record.id, record.archived])).toEqual([[id, true]]);
    expect(archived.results[0]?.archivedAt).toBeInstanceOf(Date);
  });

  it('merges two records into a new one, and is led there by the old id', async () => {
    const [a, b] = [
      fake.account.companies.create({ name: 'A' }),
      fake.account.companies.create({ name: 'B' }),
    ];
    const winner = await client.apiRequest({
      method: 'POST',
      path: '/crm/v3/objects/companies/merge',
      body: { primaryObjectId: a.id, objectIdToMerge: b.id },
    });
    const { id } = (await winner.json()) as { id: string };
    expect([a.id, b.id]).not.toContain(id);
    expect((await client.crm.companies.basicApi.getById(b.id)).id).toBe(id);
  });

  it('reads associations in a batch, and which record has none', async () => {
    const { contacts, companies, associations } = fake.account;
    const [one, none] = [contacts.create({ email: 'one@x.example' }), contacts.create({})];
    const company = companies.create({ name: 'Of one' });
    associations.add(one.id, company.id);
    const inputs = [{ id: one.id }, { id: none.id }];
    const read = await client.crm.associations.v4.batchApi.getPage('contacts', 'companies', { inputs });
    expect(read.results.map(({ _from, to }) => [_from.id, to.map((end) => String(end.toObjectId))])).toEqual([
      [one.id, [company.id]],
    ]);
    expect(read).toMatchObject({ numErrors: 1 });
  });

  it('refreshes an OAuth token', async () => {
    const { tokens } = fake.account;
    const fresh = await client.oauth.tokensApi.create(
      'refresh_token',
      undefined,
      undefined,
      tokens.clientId,
      tokens.clientSecret,
      tokens.refreshToken,
    );
    expect(fresh).toMatchObject({ expiresIn: 1_800, tokenType: 'bearer' });
  });

  it('signs as the fake signs', () => {
    const rawBody = Buffer.from('[{"objectId":1}]');
    const url = 'https://rollcall.example/hook';
    const theirs = Signature.getSignature('POST', 'v3', {
      clientSecret: fake.clientSecret,
      requestBody: rawBody.toString(),
      signature: '',
      url,
      timestamp: 1_564_113_600_000,
    });
    expect(signatureV3(fake.clientSecret, { method: 'POST', url, rawBody }, '1564113600000')).toBe(theirs);
  });
});
