import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { PostgresEventStore } from '#event-sourcing';
import { createPool, type Pool, uuidv4 } from '#platform';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import * as rules from '../identity.decider.js';
import { readProvenance } from '../identity.provenance.js';
import type { IdentityProperty } from '../identity.state.js';
import { identityProjection } from '../projections/identity.projection.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import { IdentityDrafts } from '../projections/identity-drafts.js';
import { aContext, anIdentity } from '../testing/identity.builders.js';
import { foldedRows, storedRows } from '../testing/identity-rows.js';
import { GetEverAttached, GetEverAttachedHandler } from './get-ever-attached.query.js';
import { type AsOf, GetIdentityAsOf, GetIdentityAsOfHandler } from './get-identity-as-of.query.js';
import { GetIdentityHistory, GetIdentityHistoryHandler } from './identity-history.query.js';

const PROPERTIES = 100;
const EVENTS = 2_600;
const PAGE = 500;

describeEachDatabase('an identity with a long history', (database) => {
  let pool: Pool;
  let store: PostgresEventStore;
  let half: Date;
  const id = uuidv4();
  beforeAll(async () => {
    pool = createPool({ url: database.url });
    store = new PostgresEventStore(pool, [identityProjection]);
    await changed(0, EVENTS / 2);
    // The database's clock, which the log is stamped by.
    const { rows } = await pool.query('select now() as half, pg_sleep(0.002)');
    half = rows[0].half;
    await changed(EVENTS / 2, EVENTS);
  });
  afterAll(() => pool.end());

  it('is what its row says as of the last version, and as of now', async () => {
    const { identity } = await storedRows(store, id);
    for (const asOf of [EVENTS, EVENTS + 1, new Date(Date.now() + 60_000)]) {
      const view = await asOfThen(asOf);
      expect(view).toMatchObject({ version: EVENTS, name: identity?.name, agentIds: identity?.agent_ids });
      expect(view.properties).toEqual(identity?.properties);
    }
    expect(await foldedRows(store, id)).toEqual(await storedRows(store, id));
  });

  it('is the same as of a version and as of the time between that and the next', async () => {
    const view = await asOfThen(half);
    expect(view).toMatchObject({ version: EVENTS / 2 });
    expect(view).toEqual(await asOfThen(EVENTS / 2));
  });

  it.each<[string, () => Promise<unknown>]>([
    ['as it was', () => asOfThen(EVENTS)],
    ['as it was at a time', () => asOfThen(half)],
    ['with its provenance', () => readProvenance(store, id)],
    ['by its history', () => new GetIdentityHistoryHandler(store).execute(aHistory())],
    [
      'by what was ever attached',
      () => new GetEverAttachedHandler(store).execute(new GetEverAttached(id, 'agent', 'all')),
    ],
  ])('is read %s page by page, in turns with others', async (_, read) => {
    const asked = jest.spyOn(store, 'readStream');
    expect(await turnsDuring(read)).toBeGreaterThan(EVENTS / 2 / PAGE);
    const ranges = asked.mock.calls.map(([, range]) => (range?.upTo ?? Number.NaN) - (range?.after ?? 0));
    asked.mockRestore();
    expect(Math.max(...ranges)).toBeLessThanOrEqual(PAGE);
  });

  const aHistory = () => new GetIdentityHistory(id, { after: 0, limit: 1_000 }, 'all');
  const asOfThen = (asOf: AsOf) =>
    new GetIdentityAsOfHandler(store).execute(new GetIdentityAsOf(id, asOf, 'all'));

  /** Events `from` to `to` in one append: what takes many requests otherwise. */
  async function changed(from: number, to: number): Promise<void> {
    const identities = new IdentityRepository(store);
    const drafts = new IdentityDrafts(identities);
    const metadata = identities.stamp(aContext().metadata);
    drafts.add(id, await identities.load(id));
    for (let n = from; n < to; n++) drafts.decide(id, ruleOf(n), metadata);
    await drafts.append();
  }

  function ruleOf(n: number) {
    if (n === 0) return rules.createIdentity(id, anIdentity({ properties: all(property) }));
    if (n % 4 === 1) return rules.modifyIdentity(id, { name: `name ${n}`, agentIds: [`agent-${n}`] });
    return rules.upsertProperties(id, [property(n % PROPERTIES, n)]);
  }
});

const property = (key: number, value: number): IdentityProperty => ({
  key: `key-${key}`,
  type: 'number',
  value,
});
const all = <T>(one: (n: number, value: number) => T) =>
  Array.from({ length: PROPERTIES }, (_, n) => one(n, -1));

async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let working = true;
  const count = () => {
    turns++;
    if (working) setImmediate(count);
  };
  setImmediate(count);
  await work();
  working = false;
  return turns;
}
