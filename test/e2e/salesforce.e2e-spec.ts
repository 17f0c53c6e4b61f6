import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type SalesforceFake, startSalesforceFake } from '#connectors/salesforce/fake';
import { describeEachQueueBackend } from '../support/databases.js';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  rollcall,
  ServiceProcess,
} from './support/service-process.js';

jest.setTimeout(120_000);

const WEBHOOK_SECRET = 'a-webhook-secret-0001';
const SOON_MS = 5_000;

describeEachQueueBackend('Salesforce', (home) => {
  let fake: SalesforceFake;
  let service: ServiceProcess;
  let webhook = '';

  beforeAll(async () => {
    fake = await startSalesforceFake({ seed: { contacts: 230, accounts: 20, leads: 40 } });
    service = await ServiceProcess.start({
      env: {
        DATABASE_URL: home.databaseUrl,
        ...(home.redisUrl && { REDIS_URL: home.redisUrl }),
        ROLLCALL_QUEUE_PREFIX: home.prefix.replaceAll(/[{}]/g, ''),
        ROLLCALL_ADMIN_KEY: freshAdminKey(),
        ROLLCALL_SECRET_KEY: freshSecretKey(),
        ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
      },
    });
  });
  afterAll(async () => {
    await service.stop();
    await fake.close();
  });

  const command = (...args: string[]) =>
    rollcall(args, {
      ROLLCALL_URL: service.url,
      ROLLCALL_API_KEY: service.adminKey,
      APP_ID: fake.org.logins.clientId,
      APP_SECRET: fake.org.logins.clientSecret,
      HOOK_SECRET: WEBHOOK_SECRET,
    });
  const identities = async (identifierKey: string) => {
    const key = encodeURIComponent(identifierKey);
    return (await service.send('GET', `/v1/identities/?identifier_key=${key}`)).body;
  };
  const soon = (identifierKey: string, count: number) =>
    eventually(
      () => identities(identifierKey),
      (found) => found.length === count,
      SOON_MS,
    );

  it('is connected and backfilled from the command line, without a token at hand', async () => {
    const secrets = ['clientId=env:APP_ID', 'clientSecret=env:APP_SECRET', 'webhookSecret=env:HOOK_SECRET'];
    const named = secrets.flatMap((secret) => ['--secret', secret]);
    const url = `login_url=${fake.url}`;
    const added = await command(
      'connections',
      'add',
      'salesforce',
      '--every',
      'never',
      '--setting',
      url,
      ...named,
    );
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain(fake.organizationId);
    webhook = /Webhook +(\S+)/.exec(added.stdout)?.[1] ?? '';
    const ran = await command('sync', 'run', 'salesforce', '--wait');
    for (const [stream, count] of [
      ['contacts', 230],
      ['accounts', 20],
      ['leads', 40],
    ])
      expect(ran.stdout).toMatch(new RegExp(`${stream}: full run \\S+ completed, create ${count}`));
  });

  it('hears of a change by an Outbound Message, and ends its repetition', async () => {
    fake.org.messages.send({ url: `${webhook}/${WEBHOOK_SECRET}`, automatic: true, duplicate: true });
    fake.org.contacts.create({ LastName: 'King', Email: 'Ada@x.example' });
    const [ada] = await soon('ada@x.example', 1);
    expect(ada).toMatchObject({ name: 'King', identity_type: 'user' });
    expect(fake.org.messages.attempts.at(-1)).toMatchObject({ acknowledged: true, attempt: 0 });
  });

  it('finds a deletion and a merge with the next run', async () => {
    const { contacts } = fake.org;
    const [gone, master, loser] = ['gone', 'master', 'loser'].map(
      (name) => contacts.create({ LastName: name, Email: `${name}@x.example` }).id,
    );
    const [{ id: winnerId }] = await soon('master@x.example', 1);
    const [{ id: loserId }] = await soon('loser@x.example', 1);
    await soon('gone@x.example', 1);
    contacts.remove(String(gone));
    contacts.merge(String(master), String(loser));
    await command('sync', 'run', 'salesforce', '--wait');
    await soon('gone@x.example', 0);
    await soon('loser@x.example', 0);
    const answer = await service.send('GET', `/v1/identities/${loserId}`);
    expect(answer).toMatchObject({ status: 404, body: { detail: expect.stringContaining(winnerId) } });
  });

  it.each([
    ['one run after each merge', true],
    ['one run after both', false],
  ])('leads along a chain of merges to who lives at its end: %s', async (how, between) => {
    const { contacts } = fake.org;
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        const email = `${name}-${between}@x.example`;
        const { id } = contacts.create({ LastName: `${name} ${how}`, Email: email });
        const [identity] = await soon(email, 1);
        return { email, recordId: id, id: identity.id };
      }),
    );
    if (!a || !b || !c) throw new Error('Three were made');
    contacts.merge(b.recordId, a.recordId);
    if (between) await command('sync', 'run', 'salesforce', '--wait');
    contacts.merge(c.recordId, b.recordId);
    await command('sync', 'run', 'salesforce', '--wait');
    for (const lost of [a, b]) {
      await soon(lost.email, 0);
      const answer = await service.send('GET', `/v1/identities/${lost.id}`);
      expect(answer).toMatchObject({ status: 404, body: { detail: expect.stringContaining(c.id) } });
    }
    expect((await service.send('GET', `/v1/identities/${c.id}`)).status).toBe(200);
  });

  it('takes nothing without the secret in the path', async () => {
    const { pathname } = new URL(webhook);
    for (const path of [pathname, `${pathname}/another-secret-0001`])
      expect((await service.send('POST', path, { body: [] })).status).toBe(401);
  });
});
