import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadManifests } from '#connectors';
import { loadWebhookSamples, type WebhookSample } from '#connectors/testing';
import { systemClock } from '#platform';
import { textsThatCannotBeStored, timesThatCannotBeStored } from '#platform/testing';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/databases.js';
import { openSyncBench, type SyncBench } from '../../../../test/support/sync-world.js';
import { DEFAULT_POLICIES } from '../connections/connection-policies.js';
import type { Received } from './webhook-inbox.js';

const samples = await loadWebhookSamples();
const vendors = [...samples.values()];
const hubSpot = samples.get('hubspot') as WebhookSample;

describe('events of webhooks that cannot be stored', () => {
  let database: TestDatabase;
  let bench: SyncBench;
  const connections = new Map<string, string>();

  beforeAll(async () => {
    await loadManifests();
    database = await createTestDatabase();
    bench = openSyncBench(database.url, systemClock);
    for (const { kind, settings, secrets, account } of vendors) {
      const { id } = await bench.sync.connections.create(
        {
          kind,
          name: kind,
          settings,
          secrets,
          policies: DEFAULT_POLICIES,
          every_seconds: null,
          check: false,
        },
        'all',
      );
      await bench.pool.query('update connections set account_id = $2 where id = $1', [id, account]);
      connections.set(kind, id);
    }
  });

  afterAll(async () => {
    await bench.close();
    await database.drop();
  });

  const receive = (vendor: WebhookSample, body: unknown): Promise<Received> => {
    const connectionId = connections.get(vendor.kind) as string;
    const rawBody = Buffer.from(JSON.stringify(body));
    const url = `https://rollcall.example/v1/webhooks/${vendor.kind}/${connectionId}`;
    const { tail = '', headers = {} } = vendor.prove(rawBody);
    const incoming = { kind: vendor.kind, connectionId, method: 'POST', url, tail, headers, rawBody };
    return bench.sync.inbox.receive(incoming);
  };
  const deliveries = (vendor: WebhookSample, status: 'waiting' | 'failed') =>
    bench.sync.deliveries.list(
      { connectionId: connections.get(vendor.kind) as string, status, limit: 1_000 },
      'all',
    );

  describe.each(vendors)('of $kind', (vendor) => {
    it.each(textsThatCannotBeStored)('are refused one by one and shown: $name', async ({ text }) => {
      const [waiting, failed] = [await deliveries(vendor, 'waiting'), await deliveries(vendor, 'failed')];
      const good = vendor.event(unique());
      const bad = vendor.withText(vendor.event(unique()), text);
      if (vendor.many) {
        expect(await receive(vendor, [good, bad, vendor.event(unique())])).toMatchObject({
          stored: 2,
          rejected: 1,
        });
        // The vendor sends all of it again when it has missed our answer.
        expect(await receive(vendor, [good, bad])).toMatchObject({ stored: 0, rejected: 1 });
      } else {
        expect(await receive(vendor, bad)).toMatchObject({ stored: 0, rejected: 1 });
        expect(await receive(vendor, good)).toMatchObject({ stored: 1, rejected: 0 });
      }
      expect(await deliveries(vendor, 'waiting')).toHaveLength(waiting.length + (vendor.many ? 2 : 1));
      const shown = await deliveries(vendor, 'failed');
      expect(shown).toHaveLength(failed.length + 1);
      expect(shown[0]?.error).toMatch(/^UNSTORABLE: .* holds NUL or half of a character pair$/);
    });

    const { withTime } = vendor;
    if (withTime)
      it.each(timesThatCannotBeStored)('are refused for their time: $name', async ({ time }) => {
        const bad = withTime(vendor.event(unique()), time);
        expect(await receive(vendor, vendor.many ? [bad] : bad)).toMatchObject({ stored: 0, rejected: 1 });
        const [shown] = await deliveries(vendor, 'failed');
        expect(shown?.error).toBe('UNSTORABLE: Its time is not in the years 1 to 9999');
      });

    it('are refused when what tells them from others has no end', async () => {
      const bad = vendor.withText(vendor.event(unique()), 'é'.repeat(5_000));
      expect(await receive(vendor, vendor.many ? [bad] : bad)).toMatchObject({ stored: 0, rejected: 1 });
      const [shown] = await deliveries(vendor, 'failed');
      expect(shown?.error).toMatch(/is longer than \d+ characters/);
    });
  });

  it('can be worked off all the same where the record has an id', async () => {
    const id = unique();
    await receive(hubSpot, [hubSpot.withText(hubSpot.event(id), '\0')]);
    const [refused] = await deliveries(hubSpot, 'failed');
    expect(refused?.externalId).toBe(String(id));
    await bench.sync.deliveries.replay(refused?.id ?? '', 'all');
    expect(await deliveries(hubSpot, 'waiting')).toContainEqual(expect.objectContaining({ id: refused?.id }));
  });

  it('that only the database refuses stand alone as well', async () => {
    await bench.pool.query(`
      create function refuse_nines() returns trigger language plpgsql as $$
        begin if new.dedup_key like '%999888777%' then raise exception 'no' using errcode = '22021'; end if;
        return new; end $$;
      create trigger refuse_nines before insert on webhook_deliveries for each row execute function refuse_nines()`);
    const events = [...Array.from({ length: 9 }, () => hubSpot.event(unique())), hubSpot.event(999_888_777)];
    expect(await receive(hubSpot, events)).toMatchObject({ stored: 9, rejected: 1 });
    const [refused] = await deliveries(hubSpot, 'failed');
    expect(refused).toMatchObject({ externalId: '999888777', error: expect.stringContaining('database') });
  });
});

let last = 1_000;
const unique = () => ++last;
