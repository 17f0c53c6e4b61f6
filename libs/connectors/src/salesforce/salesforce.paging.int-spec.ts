import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startSalesforceFake } from './fake/salesforce-fake.js';
import { salesforceConnector } from './salesforce.connector.js';
import type { SalesforceCursor } from './salesforce.cursor.js';
import { salesforceConfigSchema } from './salesforce.settings.js';

/** Whatever the page size, the timestamps and the moment of a restart: nothing is missing, nothing stays behind. */
describe('paging of Salesforce', () => {
  it('finds every change, page by page, each from the stored cursor', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        fc.array(step, { minLength: 5, maxLength: 40 }),
        async (pageSize, mostRows, steps) => {
          const fake = await startSalesforceFake({ startAt: new Date('2026-09-01T10:00:00Z'), mostRows });
          try {
            const { contacts } = fake.org;
            const mirror = new Map<string, string>();
            let cursor: SalesforceCursor | null = null;
            for (const { kind, at, ms } of steps) {
              const ids = contacts.visible().map(({ id }) => id);
              const id = ids[at % Math.max(1, ids.length)];
              if (kind === 'create') contacts.create({ LastName: `made ${at}` }, { visibleAfterMs: ms });
              if (kind === 'change' && id) contacts.update(id, { LastName: `changed ${at}` });
              if (kind === 'wait') await fake.org.advance(ms);
              if (kind === 'read') cursor = await readInto(mirror, fake, pageSize, cursor, PAGES[at % 3]);
            }
            await fake.org.advance(60_000);
            do cursor = await readInto(mirror, fake, pageSize, cursor);
            while (cursor?.kind !== 'idle');
            await readInto(mirror, fake, pageSize, cursor);
            const truth = contacts.visible().map(({ id, values }) => [id, values.LastName]);
            expect([...mirror].sort()).toEqual(truth.sort());
          } finally {
            await fake.close();
          }
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);
});

/** Reads some pages, each from the cursor as it was stored, and stops in the middle when it is told to. */
async function readInto(
  mirror: Map<string, string>,
  fake: Awaited<ReturnType<typeof startSalesforceFake>>,
  pageSize: number,
  from: SalesforceCursor | null,
  most = Number.POSITIVE_INFINITY,
): Promise<SalesforceCursor | null> {
  const context = {
    config: salesforceConfigSchema.parse({ instanceUrl: fake.url, pageSize }),
    secrets: { accessToken: fake.token },
    network: { allowPrivateNetwork: true },
    now: () => new Date(fake.org.clock.now()),
  };
  let cursor = from;
  for (let pages = 0; pages < most; pages += 1) {
    const page = await firstOf(salesforceConnector.read(context, 'contacts', cursor));
    for (const { id, raw } of page.records) mirror.set(id, (raw as { LastName: string }).LastName);
    cursor = salesforceConnector.descriptor.cursorSchema.parse(JSON.parse(JSON.stringify(page.next)));
    if (page.done) return cursor;
  }
  return cursor;
}

async function firstOf<Item>(items: AsyncIterable<Item>): Promise<Item> {
  for await (const item of items) return item;
  throw new Error('there was no page');
}

/** Commits are late by less than the lookback, which is what the lookback is for. */
const step = fc.record({
  kind: fc.constantFrom('create', 'create', 'change', 'wait', 'read', 'read'),
  at: fc.nat(1_000),
  ms: fc.constantFrom(0, 10_000, 50_000),
});

/** A run is stopped after a page, after three, or not at all. */
const PAGES = [1, 3, Number.POSITIVE_INFINITY];
