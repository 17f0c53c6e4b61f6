import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IntercomClient as Client } from 'intercom-client';
import { type IntercomFake, startIntercomFake } from './intercom-fake.js';

// Its ES module build has imports that node does not resolve under jest.
const { IntercomClient, IntercomError } = createRequire(import.meta.url)(
  'intercom-client',
) as typeof import('intercom-client');

/** Intercom's own client is the witness that the fake speaks Intercom. */
describe('the official SDK against the fake', () => {
  let fake: IntercomFake;
  let client: Client;

  beforeAll(async () => {
    fake = await startIntercomFake({ seed: { contacts: 230, companies: 130 } });
    client = new IntercomClient({ token: fake.workspace.token, baseUrl: fake.url, maxRetries: 0 });
  });
  afterAll(() => fake.close());

  it('names the workspace', async () => {
    expect((await client.admins.identify())?.app?.id_code).toBe(fake.workspace.appId);
  });

  it('lists all contacts by starting_after', async () => {
    const ids: string[] = [];
    for await (const contact of await client.contacts.list({ per_page: 50 })) ids.push(contact.id);
    expect(new Set(ids).size).toBe(230);
    expect(ids).toHaveLength(230);
  });

  it('lists all companies by number', async () => {
    const ids: string[] = [];
    for await (const company of await client.companies.list({ per_page: 60 })) ids.push(company.id);
    expect(new Set(ids).size).toBe(130);
  });

  it('creates, updates, reads and archives', async () => {
    const created = await client.contacts.create({ email: 'sdk@x.example', role: 'user', name: 'Sdk' });
    await client.contacts.update({ contact_id: created.id ?? '', name: 'Changed' });
    const read = await client.contacts.find({ contact_id: created.id ?? '' });
    expect(read).toMatchObject({ type: 'contact', email: 'sdk@x.example', name: 'Changed' });
    await client.contacts.archive({ contact_id: created.id ?? '' });
    await expect(client.contacts.find({ contact_id: created.id ?? '' })).rejects.toMatchObject({
      statusCode: 404,
    });
  });

  it('searches by day, and pages through what it finds', async () => {
    const yesterday = Math.floor(Date.now() / 1000) - 2 * 86_400;
    const search = (value: number) =>
      client.contacts.search({
        query: { operator: 'AND', value: [{ field: 'updated_at', operator: '>', value: String(value) }] },
        pagination: { per_page: 100 },
      });
    const ids = new Set<string>();
    for await (const contact of await search(yesterday)) ids.add(contact.id);
    expect(ids.size).toBe(230);
    expect((await search(Math.floor(Date.now() / 1000) - 1)).data).toEqual([]);
  });

  it('reports a taken address and a wrong token as Intercom does', async () => {
    const { email } = fake.workspace.contacts.listed()[0]?.fields ?? {};
    await expect(client.contacts.create({ email: String(email), role: 'user' })).rejects.toMatchObject({
      statusCode: 409,
    });
    const stranger = new IntercomClient({ token: 'wrong', baseUrl: fake.url, maxRetries: 0 });
    const error = await stranger.contacts.list().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(IntercomError);
    expect(error).toMatchObject({ statusCode: 401, body: { errors: [{ code: 'unauthorized' }] } });
  });
});
