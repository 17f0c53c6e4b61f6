import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type HubSpotFake, startHubSpotFake } from '#connectors/hubspot/fake';
import { eventually } from '../e2e/support/service-process.js';
import { describeWithRedis, type SuiteRedis } from '../support/databases.js';
import { PoisonedService, person, WITHIN_MS } from './support/poisoned-service.js';
import { isFull, scaled } from './support/scale.js';

jest.setTimeout(400_000);

/** What is wrong with a line that is set aside. */
type Poisoned = { readonly line: number; readonly reason: unknown };
const because = (line: number, what: string): Poisoned => ({ line, reason: expect.stringContaining(what) });

/** The short version leaves to the jobs below what they die of as well. */
const files: readonly { readonly names: readonly string[]; readonly poisoned: readonly Poisoned[] }[] = [
  { names: ['Edsger', 'Poison Heap', 'Donald'], poisoned: [because(3, '')] },
  {
    names: ['Ada', 'Poison Abort', 'Grace', 'Alan', 'Poison Abort too'],
    poisoned: [because(3, 'SIGABRT'), because(6, '')],
  },
  { names: ['Poison Spin', 'Barbara'], poisoned: [because(2, 'stood still for 3 s')] },
].slice(0, scaled(3, 1));

/** Work that takes down whoever does it, among work that does not. */
if (isFull) describeWithRedis('poisoned work (Redis)', poisonedWork);
else describe('poisoned work (PostgreSQL)', () => poisonedWork());

function poisonedWork(redis?: SuiteRedis): void {
  let service: PoisonedService;
  let hubspot: HubSpotFake;
  beforeAll(async () => {
    hubspot = await startHubSpotFake({ searchLagMs: 0 });
    service = await PoisonedService.open(
      {
        'Poison Abort': 'abort',
        'Poison Spin': 'spin',
        'Poison Heap': 'exhaust',
      },
      { redis },
    );
  });
  afterAll(async () => {
    await service.close();
    await hubspot.close();
  });

  it('of imports are the rows: all others go in once, and they can be tried again', async () => {
    const ids = await Promise.all(files.map(({ names }) => send(names)));
    const done = await Promise.all(ids.map(finished));
    expect(done.map(({ status, rows }) => ({ status, ...rows }))).toEqual(
      files.map(({ names, poisoned: { length: rejected } }) => {
        const created = names.length - rejected;
        return { status: 'completed', read: names.length, created, updated: 0, unchanged: 0, rejected };
      }),
    );
    expect(await Promise.all(ids.map(rejected))).toMatchObject(
      files.map(({ poisoned }) => poisoned.map((row) => ({ code: 'ROW_POISONED', ...row }))),
    );
    await service.cure();
    const again = await Promise.all(ids.map(retried));
    expect(again.map(({ rows }) => rows.created)).toEqual(files.map(({ poisoned }) => poisoned.length));
    await service.poison();
  });

  it('of jobs are the job, or one identity of a batch: dead letters that can be tried again', async () => {
    const [single, poisoned, spinning] = ['Ada', 'Poison Abort', 'Poison Spin'].map(person);
    const batch = ['Grace', 'Poison Abort', 'Alan'].map(person);
    const jobs = [
      await service.add('identity.create', poisoned as object),
      await service.add('identity.upsert', spinning as object),
      await service.add('identity.upsert-batch', { identities: batch, idempotency_key: randomUUID() }),
    ];
    await service.add('identity.create', single as object);
    const letters = await Promise.all(jobs.map((id) => service.letterOf(id)));
    expect(letters).toMatchObject(jobs.map(() => ({ code: 'JOB_POISONED' })));
    await Promise.all([single, batch[0], batch[2]].map((one) => service.comesIn(one?.identifier_key ?? '')));
    const left = [poisoned, spinning, batch[1]].map((one) => one?.identifier_key ?? '');
    expect(await Promise.all(left.map((key) => service.has(key)))).toEqual([false, false, false]);
    await service.cure();
    for (const { id } of letters) await service.api.send('POST', `/v1/dead-letters/${id}/retry`);
    await Promise.all(left.map((key) => service.comesIn(key)));
    await service.poison();
  });

  it('of a CRM is the record, on a page and by webhook: in quarantine, and can be replayed', async () => {
    const create = (firstname: string) =>
      hubspot.account.contacts.create({ email: `${randomUUID()}@x.example`, firstname });
    const bad = create('Poison Abort');
    for (const name of ['Ada', 'Grace', 'Alan']) create(name);
    const connectionId = await connected();
    const quarantined = async () =>
      (await service.api.send('GET', `/v1/quarantine?connection_id=${connectionId}`)).body as Held[];

    const run = await ran(connectionId);
    expect(run).toMatchObject({ status: 'completed_with_errors', counts: { create: 3, invalid: 1 } });
    expect(await quarantined()).toMatchObject([{ external_id: bad.id, code: 'RECORD_POISONED' }]);
    const { pid } = service.worker;
    expect((await ran(connectionId)).counts).toEqual({ unchanged: 3, invalid: 1 });
    // Known by now, it costs nobody anything.
    expect(service.worker.pid).toBe(pid);

    const second = create('Poison Abort again');
    await service.comesIn(create('Barbara').properties.email ?? '');
    const held = await eventually(quarantined, ({ length }) => length === 2, WITHIN_MS);
    expect(new Set(held.map(({ external_id }) => external_id))).toEqual(new Set([bad.id, second.id]));

    await service.cure();
    for (const { id } of held) await service.api.send('POST', `/v1/quarantine/${id}/replay`);
    await eventually(quarantined, ({ length }) => length === 0, WITHIN_MS);
    await Promise.all([bad, second].map(({ properties }) => service.comesIn(properties.email ?? '')));
  });

  async function send(names: readonly string[]): Promise<string> {
    const mapping = JSON.stringify({ identifier_key: 'key', name: 'name', identity_type: '=user' });
    const response = await fetch(`${service.api.url}/v1/imports?${new URLSearchParams({ mapping })}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.api.adminKey}`, 'content-type': 'text/csv' },
      body: `key,name\n${names.map((name) => `${randomUUID()},${name}\n`).join('')}`,
    });
    return ((await response.json()) as { id: string }).id;
  }

  async function finished(id: string) {
    const asked = async () => (await service.api.send('GET', `/v1/imports/${id}`)).body;
    return eventually(asked, ({ status }) => !['receiving', 'running'].includes(status), WITHIN_MS);
  }

  const rejected = (id: string) =>
    service.sql<{ line: number; code: string; reason: string }>(
      `select line::int, reasons->0->>'code' as code, reasons->0->>'reason' as reason
       from import_rejections where import_id = $1 order by line`,
      [id],
    );

  async function retried(id: string) {
    const { body } = await service.api.send('POST', `/v1/imports/${id}/retry-failed`, { body: {} });
    return finished(body.id);
  }

  async function connected(): Promise<string> {
    const { url, token, clientSecret } = hubspot;
    const secrets = { accessToken: token, clientSecret };
    const body = { kind: 'hubspot', name: 'HubSpot', settings: { baseUrl: url }, secrets };
    const { id } = (await service.api.send('POST', '/v1/connections', { body })).body;
    hubspot.account.webhooks.send({
      url: `${service.api.url}/v1/webhooks/hubspot/${id}`,
      automatic: true,
    });
    return id;
  }

  async function ran(connectionId: string) {
    const body = { mode: 'full', stream: 'contacts' };
    const started = await service.api.send('POST', `/v1/connections/${connectionId}/runs`, { body });
    const id = started.body.id ?? started.body[0].id;
    const asked = async () => (await service.api.send('GET', `/v1/runs/${id}`)).body;
    return eventually(asked, ({ status }) => !['waiting', 'running'].includes(status), WITHIN_MS);
  }
}

interface Held {
  readonly id: string;
  readonly external_id: string;
}
