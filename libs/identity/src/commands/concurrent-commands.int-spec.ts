import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresEventStore } from '#event-sourcing';
import { createPool, type Pool } from '#platform';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import { identityProjection } from '../projections/identity.projection.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import { aContext, anIdentity } from '../testing/identity.builders.js';
import { foldedRows, storedRows } from '../testing/identity-rows.js';
import { CreateIdentity, CreateIdentityHandler } from './create-identity.command.js';
import { DeleteIdentity, DeleteIdentityHandler } from './delete-identity.command.js';
import { ModifyIdentity, ModifyIdentityHandler } from './modify-identity.command.js';
import { UpsertIdentities, UpsertIdentitiesHandler } from './upsert-identities.command.js';
import { UpsertIdentity, UpsertIdentityHandler } from './upsert-identity.command.js';
import { UpsertProperties, UpsertPropertiesHandler } from './upsert-properties.command.js';

describeEachDatabase('commands at the same time', (database) => {
  let pool: Pool;
  let identities: IdentityRepository;
  beforeAll(() => {
    pool = createPool({ url: database.url });
    identities = new IdentityRepository(new PostgresEventStore(pool, [identityProjection]));
  });
  afterAll(() => pool.end());

  it('keep all of 20 different properties of one identity', async () => {
    const { id } = await create();
    await inParallel(20, (n) => modify(id, { properties: [numbered(n)] }));
    await inParallel(20, (n) =>
      new UpsertPropertiesHandler(identities).execute(
        new UpsertProperties(id, [numbered(20 + n)], aContext()),
      ),
    );
    const { identity } = await storedRows(identities.store, id);
    expect(identity?.properties.map(({ key }) => key).sort()).toEqual(
      Array.from({ length: 40 }, (_, n) => `p${n}`).sort(),
    );
    expect(identity?.version).toBe(41);
    expect(await storedRows(identities.store, id)).toEqual(await foldedRows(identities.store, id));
  });

  it.each([null, 'proj_1'])(
    'create one identity of a key 64 parties want (project %s)',
    async (projectId) => {
      const identity = anIdentity({ projectId });
      const outcomes = await Promise.allSettled(Array.from({ length: 64 }, () => create(identity)));
      expect(codes(outcomes)).toEqual(Array(63).fill('IDENTIFIER_KEY_TAKEN'));
      const { rows } = await pool.query('select id from identities where identifier_key = $1', [
        identity.identifierKey,
      ]);
      expect(rows).toHaveLength(1);
      const born = await pool.query(`select count(*) from es.events where data->>'identifierKey' = $1`, [
        identity.identifierKey,
      ]);
      expect(born.rows[0].count).toBe(1);
    },
  );

  it('give one key to one of many who change to it', async () => {
    const wanted = anIdentity().identifierKey;
    const all = await inParallel(16, () => create());
    const outcomes = await Promise.allSettled(all.map(({ id }) => modify(id, { identifierKey: wanted })));
    expect(codes(outcomes)).toEqual(Array(15).fill('IDENTIFIER_KEY_TAKEN'));
  });

  it('upsert one identity, whoever comes first', async () => {
    const identity = anIdentity();
    const views = await inParallel(20, (n) =>
      new UpsertIdentityHandler(identities).execute(
        new UpsertIdentity({ ...identity, properties: [numbered(n)] }, aContext(), 'merge'),
      ),
    );
    expect(new Set(views.map(({ id }) => id)).size).toBe(1);
    const { identity: row } = await storedRows(identities.store, views[0]?.id ?? '');
    expect(row?.properties).toHaveLength(20);
  });

  it('upsert and delete the same key without an error but a conflict', async () => {
    const identity = anIdentity();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, async (_, n) => {
        const view = await new UpsertIdentityHandler(identities).execute(
          new UpsertIdentity({ ...identity, name: `n${n}` }, aContext()),
        );
        if (n % 3 === 0) await remove(view.id);
      }),
    );
    expect(['IDENTITY_NOT_FOUND', 'WRITE_CONFLICT']).toEqual(expect.arrayContaining(unique(codes(outcomes))));
  });

  it('delete an identity once', async () => {
    const { id } = await create();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => remove(id)));
    expect(codes(outcomes)).toEqual(Array(9).fill('IDENTITY_NOT_FOUND'));
  });

  it('create one identity where one request comes 50 times', async () => {
    const identity = anIdentity();
    const idempotency = { key: identity.identifierKey, requestHash: Buffer.from('create') };
    const views = await inParallel(50, () => create(identity, { idempotency }));
    expect(new Set(views.map(({ id }) => id)).size).toBe(1);
  });

  describe('in batches', () => {
    it('upsert the same new keys in any order without a deadlock', async () => {
      const wanted = Array.from({ length: 50 }, () => anIdentity());
      const batch = (order: typeof wanted) =>
        new UpsertIdentitiesHandler(identities).execute(new UpsertIdentities(order, aContext()));
      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, (_, n) => batch(n % 2 ? wanted : wanted.toReversed())),
      );
      expect(codes(outcomes)).not.toContain('40P01');
      expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
      const { rows } = await pool.query('select count(*) from identities where identifier_key = any($1)', [
        wanted.map(({ identifierKey }) => identifierKey),
      ]);
      expect(rows[0].count).toBe(50);
    });
  });

  const create = (identity = anIdentity(), context = {}) =>
    new CreateIdentityHandler(identities).execute(new CreateIdentity(identity, aContext(context)));
  const modify = (id: string, patch: ConstructorParameters<typeof ModifyIdentity>[1]) =>
    new ModifyIdentityHandler(identities).execute(new ModifyIdentity(id, patch, aContext()));
  const remove = (id: string) =>
    new DeleteIdentityHandler(identities).execute(new DeleteIdentity(id, aContext()));
});

const inParallel = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));

const numbered = (n: number) => ({ key: `p${n}`, type: 'number', value: n }) as const;

const unique = (values: readonly string[]): string[] => [...new Set(values)];

const codes = (outcomes: readonly PromiseSettledResult<unknown>[]): string[] =>
  outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
