import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type * as V1 from 'pipedrive/v1';
import type * as V2 from 'pipedrive/v2';
import { type PipedriveFake, startPipedriveFake } from './pipedrive-fake.js';

const require = createRequire(import.meta.url);
const v1 = require('pipedrive/v1') as typeof V1;
const v2 = require('pipedrive/v2') as typeof V2;

/** Pipedrive's own client is the witness that the fake speaks Pipedrive. */
describe('the official SDK against the fake', () => {
  let fake: PipedriveFake;
  let persons: V2.PersonsApi;

  beforeAll(async () => {
    fake = await startPipedriveFake({
      startAt: new Date('2026-09-01T10:00:00.250Z'),
      seed: { persons: 230, organizations: 3 },
      limits: { burst: 1_000 },
    });
    persons = new v2.PersonsApi(new v2.Configuration({ apiKey: fake.token, basePath: `${fake.url}/api/v2` }));
  });
  afterAll(() => fake.close());

  it('lists all persons page by page', async () => {
    const seen = new Set<number>();
    let cursor: string | undefined;
    do {
      const page = await persons.getPersons({ limit: 100, ...(cursor ? { cursor } : {}) });
      for (const { id } of page.data ?? []) seen.add(Number(id));
      cursor = page.additional_data?.next_cursor ?? undefined;
    } while (cursor);
    expect(seen.size).toBe(230);
  });

  it('creates, changes, reads, finds what changed, and deletes', async () => {
    const { data: made } = await persons.addPerson({
      AddPersonRequest: { name: 'Sdk', emails: [{ value: 'sdk@x.example', primary: true, label: 'work' }] },
    });
    const id = Number(made?.id);
    await fake.company.advance(5_000);
    await persons.updatePerson({ id, UpdatePersonRequest: { name: 'Changed' } });
    expect((await persons.getPerson({ id })).data).toMatchObject({ name: 'Changed', is_deleted: false });
    const changed = await persons.getPersons({
      updated_since: '2026-09-01T10:00:05Z',
      sort_by: 'update_time',
    });
    expect(changed.data?.map((person) => person.id)).toEqual([id]);
    const before = await persons.getPersons({ updated_until: '2026-09-01T10:00:05Z', limit: 500 });
    expect(before.data).toHaveLength(230);
    await persons.deletePerson({ id });
    await expect(persons.getPerson({ id })).rejects.toMatchObject({ success: false });
  });

  it('is refused for fractions of a second, for too many ids, and with a wrong token', async () => {
    const refused = { success: false, error: expect.any(String) };
    await expect(persons.getPersons({ updated_since: '2026-09-01T10:00:05.5Z' })).rejects.toMatchObject(
      refused,
    );
    const ids = Array.from({ length: 101 }, (_, n) => n + 1).join(',');
    await expect(persons.getPersons({ ids })).rejects.toMatchObject(refused);
    const stranger = new v2.PersonsApi(new v2.Configuration({ apiKey: 'x', basePath: `${fake.url}/api/v2` }));
    await expect(stranger.getPersons()).rejects.toMatchObject({ success: false, errorCode: 401 });
  });

  it('reads by ids, and misses those that do not exist without a word', async () => {
    const [first] = fake.company.persons.visible();
    const { data } = await persons.getPersons({ ids: `${first?.id},999999` });
    expect(data?.map(({ id }) => id)).toEqual([first?.id]);
  });

  it('asks who it is, and which fields there are', async () => {
    const users = new v1.UsersApi(new v1.Configuration({ apiKey: fake.token, basePath: `${fake.url}/v1` }));
    expect((await users.getCurrentUser()).data).toMatchObject({ company_id: fake.companyId });
    const fields = new v2.PersonFieldsApi(
      new v2.Configuration({ apiKey: fake.token, basePath: `${fake.url}/api/v2` }),
    );
    const { data } = await fields.getPersonFields();
    expect(data?.map(({ field_name }) => field_name)).toEqual(expect.arrayContaining(['Email', 'Plan']));
  });

  it('subscribes to webhooks', async () => {
    const webhooks = new v1.WebhooksApi(
      new v1.Configuration({ apiKey: fake.token, basePath: `${fake.url}/v1` }),
    );
    await webhooks.addWebhook({
      AddWebhookRequest: {
        name: 'Rollcall',
        subscription_url: 'http://127.0.0.1:9/hook',
        event_action: '*',
        event_object: 'person',
        version: '2.0',
        http_auth_user: 'rollcall',
        http_auth_password: 'secret',
      },
    });
    expect(fake.company.webhooks.subscribed).toHaveLength(1);
  });
});
