import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { type HubSpotFake, startHubSpotFake } from '#connectors/hubspot/fake';
import {
  type Answer,
  eventually,
  freshAdminKey,
  freshSecretKey,
  ServiceProcess,
} from '../e2e/support/service-process.js';
import { createTestDatabase, describeWithFaketime, type TestDatabase } from '../support/databases.js';
import { describeLong } from '../support/long.js';
import { SteppingClock } from '../support/stepping-clock.js';

jest.setTimeout(180_000); // Minutes where the machine is busy, seconds otherwise.

const HOUR_MS = 3_600_000;

/** T12 of docs/event-store.md: two services whose clocks stand apart and are set while they run. */
describeWithFaketime('services whose clocks step', (library) => {
  let database: TestDatabase;
  let rows: pg.Pool;
  let hubspot: HubSpotFake;
  let connectionId: string;
  const clocks: SteppingClock[] = [];
  const services: ServiceProcess[] = [];
  const secrets = { ROLLCALL_SECRET_KEY: freshSecretKey(), ROLLCALL_ADMIN_KEY: freshAdminKey() };

  beforeAll(async () => {
    database = await createTestDatabase();
    rows = new pg.Pool({ connectionString: database.url, max: 3 });
    hubspot = await startHubSpotFake({ searchLagMs: 0, seed: { contacts: 3, companies: 1 } });
    for (let n = 0; n < 2; n++) {
      const clock = new SteppingClock(library);
      clocks.push(clock);
      const env = {
        ...secrets,
        ...clock.environment,
        DATABASE_URL: database.url,
        ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
      };
      services.push(await ServiceProcess.start({ env }));
    }
    const made = await first().send('POST', '/v1/connections', {
      body: {
        kind: 'hubspot',
        name: 'HubSpot',
        settings: { baseUrl: hubspot.url },
        secrets: { accessToken: hubspot.token, clientSecret: hubspot.clientSecret },
        every_seconds: null,
      },
    });
    connectionId = made.body.id;
  });
  beforeEach(() => step('+0', '+0'));
  afterAll(async () => {
    for (const service of services) await service.kill();
    for (const clock of clocks) clock.remove();
    await hubspot?.close();
    await rows?.end();
    await database?.drop();
  });

  const first = () => services[0] as ServiceProcess;
  const second = () => services[1] as ServiceProcess;
  const ahead = ({ headers }: Answer) => new Date(headers.get('date') ?? '').getTime() - Date.now();

  /** Resolves when both services go by their new time. */
  async function step(...offsets: [string, string]): Promise<void> {
    for (const [at, offset] of offsets.entries()) {
      clocks[at]?.set(offset);
      const wanted = Number.parseInt(offset, 10) * HOUR_MS;
      await eventually(
        () => (services[at] as ServiceProcess).send('GET', '/v1/identities/count'),
        (answer) => Math.abs(ahead(answer) - wanted) < 60_000,
      );
    }
  }

  const row = async (sql: string, values: unknown[] = []) => (await rows.query(sql, values)).rows[0];
  const patch = (changes: Record<string, unknown>) =>
    first().send('PATCH', `/v1/connections/${connectionId}`, { body: changes });
  const scheduledRuns = async (): Promise<number> =>
    (
      await row(
        `select count(*)::int as runs from sync_runs
          where trigger = 'schedule' and mode in ('full', 'incremental') and status like 'completed%'`,
      )
    ).runs;
  const nextRunIn = async (): Promise<number> =>
    (
      await row(
        'select extract(epoch from next_run_at - now())::double precision as seconds from connections where id = $1',
        [connectionId],
      )
    ).seconds;

  const BY_THE_SCHEDULE = 'go by the schedule at %s and %s, each time once';

  it.each([
    ['+1h', '-1h'],
    ['-1h', '+0'],
  ])(BY_THE_SCHEDULE, goByTheSchedule);

  describeLong('the other way round', () => {
    it.each([
      ['-1h', '+1h'],
      ['+1h', '+0'],
    ])(BY_THE_SCHEDULE, goByTheSchedule);
  });

  async function goByTheSchedule(one: string, other: string) {
    await step(one, other);
    await patch({ cron: '0 3 * * *' });
    await patch({ cron: '* * * * *' });
    expect(await nextRunIn()).toBeLessThanOrEqual(60);
    await patch({ cron: '0 3 1 1 *' });
    const before = await scheduledRuns();
    await rows.query(`update connections set next_run_at = now() - interval '1 second'`);
    await eventually(scheduledRuns, (runs) => runs === before + 2, 40_000);
    await eventually(nextRunIn, (seconds) => seconds > 0);
    await step('+0', '+0');
    await rows.query(`update connections set next_run_at = now() - interval '1 second'`);
    await eventually(scheduledRuns, (runs) => runs === before + 4, 40_000);
  }

  it('set a time right that a clock left far ahead', async () => {
    await patch({ cron: '* * * * *' });
    await rows.query(`update connections set next_run_at = now() + interval '1 hour'`);
    await eventually(nextRunIn, (seconds) => seconds <= 60);
    await patch({ cron: '0 3 1 1 *' });
  });

  it.each(['+1h', '-1h'])('wait for a vendor as long as it says, at %s', async (offset) => {
    await step(offset, offset);
    hubspot.account.faults.add({
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '2' },
      body: {
        status: 'error',
        message: 'later',
        errorType: 'RATE_LIMIT',
        policyName: 'TEN_SECONDLY_ROLLING',
      },
      path: '/contacts',
    });
    const started = await first().send('POST', `/v1/connections/${connectionId}/runs`, {
      body: { mode: 'full', stream: 'contacts' },
    });
    const id = started.body[0].id;
    await eventually(
      () => first().send('GET', `/v1/runs/${id}`),
      ({ body }) => body.status === 'completed',
      40_000,
    );
  });

  it('keep the order and the versions of events', async () => {
    await step('+1h', '-1h');
    const made = await first().send('POST', '/v1/identities/', {
      body: { identifier_key: 'skewed', name: 'n0', identity_type: 'user' },
    });
    for (let n = 1; n <= 6; n++) {
      const changed = await (n % 2 ? second() : first()).send('PATCH', `/v1/identities/${made.body.id}`, {
        body: { name: `n${n}` },
      });
      expect(changed.status).toBe(200);
    }
    const { rows: events } = await rows.query(
      'select version::int from es.events where stream_id = $1 order by global_position',
      [made.body.id.replace('identity-', '')],
    );
    expect(events.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect((await second().send('GET', `/v1/identities/${made.body.id}`)).body.name).toBe('n6');
  });

  /** Last: it leaves nobody with a key. */
  it.each(['-1h', '+1h'])('stop to take a revoked key at once, when they are set to %s', async (offset) => {
    await rows.query('update api_keys set revoked_at = null');
    await eventually(
      () => first().send('GET', '/v1/identities/count'),
      ({ status }) => status === 200,
    );
    await step(offset, '+0');
    expect((await first().send('GET', '/v1/identities/count')).status).toBe(200);
    await rows.query('update api_keys set revoked_at = now()');
    await eventually(
      () => first().send('GET', '/v1/identities/count'),
      ({ status }) => status === 401,
    );
  });
});
