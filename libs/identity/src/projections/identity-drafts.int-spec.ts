import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { PostgresEventStore } from '#event-sourcing';
import { createPool, type Pool, uuidv4 } from '#platform';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import { createIdentity, deleteIdentity, modifyIdentity } from '../identity.decider.js';
import { aContext, anIdentity } from '../testing/identity.builders.js';
import { foldedRows, storedRows } from '../testing/identity-rows.js';
import { identityProjection } from './identity.projection.js';
import { rebuildIdentities } from './identity.rebuild.js';
import { IdentityRepository, isTakenKey } from './identity.repository.js';
import { IdentityDrafts } from './identity-drafts.js';

describeEachDatabase('a batch of drafts', (database) => {
  let pool: Pool;
  let identities: IdentityRepository;
  let drafts: IdentityDrafts;
  let ids: [ada: string, grace: string, fresh: string];
  let keys: [ada: string, grace: string, free: string];
  beforeAll(() => {
    pool = createPool({ url: database.url });
    identities = new IdentityRepository(new PostgresEventStore(pool, [identityProjection]));
  });
  beforeEach(async () => {
    ids = [uuidv4(), uuidv4(), uuidv4()];
    keys = [uuidv4(), uuidv4(), uuidv4()];
    drafts = new IdentityDrafts(identities);
    for (const n of [0, 1] as const) await create(ids[n], keys[n]);
    for (const id of ids) drafts.add(id, await identities.load(id));
  });
  afterAll(() => pool.end());

  it('lets a key pass from one identity to the next', async () => {
    rename(0, keys[2]);
    rename(1, keys[0]);
    decide(2, createIdentity(ids[2], anIdentity({ identifierKey: keys[1] })));
    await drafts.append();
    expect(await keysNow()).toEqual([keys[2], keys[0], keys[1]]);
    for (const id of ids)
      expect(await storedRows(identities.store, id)).toEqual(await foldedRows(identities.store, id));
  });

  it('lets a key pass from a deleted identity to a new one', async () => {
    decide(0, deleteIdentity(ids[0]));
    decide(2, createIdentity(ids[2], anIdentity({ identifierKey: keys[0] })));
    await drafts.append();
    expect(await keysNow()).toEqual([undefined, keys[1], keys[0]]);
  });

  it('keeps nothing when a later statement is refused', async () => {
    const command = { key: uuidv4(), requestHash: Buffer.from('x'), result: null };
    await create(uuidv4(), keys[2]);
    rename(0, uuidv4());
    rename(1, keys[0]);
    decide(2, createIdentity(ids[2], anIdentity({ identifierKey: keys[1] })));
    decide(2, modifyIdentity(ids[2], { identifierKey: keys[2] }));
    expect(isTakenKey(await errorOf(drafts.append({ command })))).toBe(true);
    expect(await keysNow()).toEqual([keys[0], keys[1], undefined]);
    expect(await identities.store.findCommand(command.key)).toBeUndefined();
  });

  it('lets keys go round in a circle, and the log says nothing of the way', async () => {
    rename(0, keys[1]);
    rename(1, keys[0]);
    await drafts.append();
    expect(await keysNow()).toEqual([keys[1], keys[0], undefined]);
    for (const id of ids)
      expect(await storedRows(identities.store, id)).toEqual(await foldedRows(identities.store, id));
    expect((await rebuildIdentities(pool, { checkOnly: true })).differences.count).toBe(0);
  });

  it.each([1, 2])('keeps a command with what it did, in %i statements', async (statements) => {
    const command = { key: uuidv4(), requestHash: Buffer.from('x'), result: null };
    rename(0, keys[2]);
    if (statements === 2) rename(1, keys[0]);
    await drafts.append({ command });
    expect(await identities.store.findCommand(command.key)).toBeDefined();
  });

  it('keeps a command that did nothing', async () => {
    const command = { key: uuidv4(), requestHash: Buffer.from('x'), result: null };
    await drafts.append({ command });
    expect(await identities.store.findCommand(command.key)).toBeDefined();
  });

  const create = (id: string, identifierKey: string) =>
    identities.transact(id, createIdentity(id, anIdentity({ identifierKey })), aContext(), () => null);
  const decide = (n: 0 | 1 | 2, rule: Parameters<IdentityDrafts['decide']>[1]) =>
    drafts.decide(ids[n], rule, identities.stamp(aContext().metadata));
  const rename = (n: 0 | 1, identifierKey: string) => decide(n, modifyIdentity(ids[n], { identifierKey }));
  const keysNow = async () => {
    const { rows } = await pool.query('select id, identifier_key from identities where id = any($1)', [ids]);
    return ids.map((id) => rows.find((row) => row.id === id)?.identifier_key);
  };
});

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error) => error,
  );
