import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresEventStore } from '#event-sourcing';
import { createPool, createPrisma, type Pool, type PrismaClient, uuidv4 } from '#platform';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import type { ProjectAccess } from '../identity.access.js';
import { createIdentity, deleteIdentity, type NewIdentity } from '../identity.decider.js';
import { CursorNotFoundError, IdentityNotFoundError } from '../identity.errors.js';
import { identityProjection } from '../projections/identity.projection.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import { aContext, anIdentity } from '../testing/identity.builders.js';
import { rowOf } from '../testing/identity-rows.js';
import { CountIdentities, CountIdentitiesHandler } from './count-identities.query.js';
import { GetIdentity, GetIdentityHandler } from './get-identity.query.js';
import type { IdentityFilter } from './identity-filter.js';
import { IdentityReads, viewOf } from './identity-reads.js';
import { type IdentityPage, ListIdentities, ListIdentitiesHandler } from './list-identities.query.js';

const COUNT = 60;

describeEachDatabase('the hot reads', (database) => {
  let pool: Pool;
  let prisma: PrismaClient;
  let identities: IdentityRepository;
  let reads: IdentityReads;
  /** In created order. */
  const ids = Array.from({ length: COUNT }, uuidv4);
  beforeAll(async () => {
    pool = createPool({ url: database.url });
    prisma = createPrisma({ url: database.url });
    reads = new IdentityReads(pool);
    identities = new IdentityRepository(new PostgresEventStore(pool, [identityProjection]));
    for (const [n, id] of ids.entries()) await create(id, variety(n));
    await pool.query(CHANGES, [changed(0).toISOString()]);
  });
  afterAll(async () => {
    await prisma.$disconnect();
    await pool.end();
  });

  describe('by id', () => {
    it('answer what Prisma answers', async () => {
      for (const id of ids.slice(0, 5)) expect(await get(id)).toEqual(await prismaById(id));
    });

    it('find nothing unknown, and nothing of projects the caller may not see', async () => {
      await expect(get(uuidv4())).rejects.toThrow(IdentityNotFoundError);
      await expect(get(ids[0] ?? '', ['proj_9'])).rejects.toThrow(IdentityNotFoundError);
    });

    it('name the identity that a deleted one was merged into', async () => {
      const [gone, kept] = [uuidv4(), ids[0] ?? ''];
      await create(gone, anIdentity());
      await remove(gone, kept);
      await expect(get(gone)).rejects.toThrow(`merged into identity-${kept}`);
    });

    it('name the last one of a chain of merges, and the first that lives', async () => {
      const [first, second, last] = [uuidv4(), uuidv4(), ids[0] ?? ''];
      await create(first, anIdentity({ identifierKey: first }));
      await create(second, anIdentity({ identifierKey: second }));
      await remove(first, second);
      await expect(get(first)).rejects.toThrow(`merged into identity-${second}`);
      await remove(second, last);
      await expect(get(first)).rejects.toThrow(`merged into identity-${last}`);
      await create(second, anIdentity({ identifierKey: second }));
      await expect(get(first)).rejects.toThrow(`merged into identity-${second}`);
    });
  });

  it('by key answer what Prisma answers', async () => {
    for (const [n, id] of ids.slice(0, 5).entries()) {
      const { projectId, identifierKey } = variety(n);
      const found = await identities.findByKey(projectId, identifierKey);
      expect(found?.id).toBe(id);
      const where = { identifierKey_projectId: { identifierKey, projectId: projectId ?? '' } };
      expect((await prisma.identity.findUnique({ where }))?.id).toBe(id);
    }
    expect(await identities.findByKey('proj_9', variety(0).identifierKey)).toBeUndefined();
  });

  describe.each(filters())('filtered by $filter for $access', ({ filter, access, where }) => {
    it('count what Prisma counts', async () => {
      const counted = await new CountIdentitiesHandler(reads).execute(new CountIdentities(filter, access));
      expect(counted).toBe((await prismaIds(where)).length);
      expect(counted).toBeGreaterThan(0);
    });

    it.each(['asc', 'desc'] as const)('page through what Prisma lists, %s', async (order) => {
      const all = order === 'asc' ? await prismaIds(where) : (await prismaIds(where)).reverse();
      expect(await pages(filter, access, order, 'after')).toEqual(all);
      expect(await pages(filter, access, order, 'before')).toEqual(all);
    });
  });

  describe('with two cursors', () => {
    it.each(['asc', 'desc'] as const)('answer what lies between them, %s', async (order) => {
      const [low = 0, high = 0] = [10, 15];
      const [after, before] = order === 'asc' ? [ids[low], ids[high]] : [ids[high], ids[low]];
      const between = ids.slice(low + 1, high);
      const expected = order === 'asc' ? between : between.reverse();
      expect(await list({}, { after, before, limit: 50, order })).toEqual(expected);
      expect(await list({}, { after, before, limit: 2, order })).toEqual(expected.slice(0, 2));
      expect(await list({}, { after: before, before: after, limit: 50, order })).toEqual([]);
    });
  });

  it('answer, from the last change that was seen on, all of that moment and all later ones', async () => {
    for (const moment of [0, 1, 2, 3, 4].map(changed)) {
      const rows = await prisma.identity.findMany({ where: { updatedAt: { gte: moment } } });
      expect(rows.filter(({ updatedAt }) => updatedAt.getTime() === moment.getTime()).length).toBeGreaterThan(
        1,
      );
      const found = await list({ updatedAfter: moment }, { limit: 1_000, order: 'asc' });
      expect(new Set(found)).toEqual(new Set(rows.map(({ id }) => id)));
    }
  });

  it('go on from a cursor whose identity was deleted', async () => {
    const [first, doomed, next] = [uuidv4(), uuidv4(), uuidv4()];
    for (const id of [first, doomed, next]) await create(id, anIdentity());
    await remove(doomed);
    expect(await list({}, { after: doomed, limit: 1, order: 'asc' })).toEqual([next]);
    expect(await list({}, { before: doomed, limit: 1, order: 'asc' })).toEqual([first]);
    for (const id of [first, next]) await remove(id);
  });

  it('refuse a cursor that never was, or that the caller may not see', async () => {
    await expect(list({}, { after: uuidv4(), limit: 1, order: 'asc' })).rejects.toThrow(CursorNotFoundError);
    await expect(list({}, { after: ids[0], limit: 1, order: 'asc' }, ['proj_9'])).rejects.toThrow(
      CursorNotFoundError,
    );
  });

  const create = (id: string, identity: NewIdentity) =>
    identities.transact(id, createIdentity(id, identity), aContext(), () => null);
  const remove = (id: string, mergedInto?: string) =>
    identities.transact(id, deleteIdentity(id, mergedInto), aContext(), () => null);
  const get = (id: string, access: ProjectAccess = 'all') =>
    new GetIdentityHandler(reads).execute(new GetIdentity(id, access));

  async function list(filter: IdentityFilter, page: IdentityPage, access: ProjectAccess = 'all') {
    const views = await new ListIdentitiesHandler(reads).execute(new ListIdentities(filter, page, access));
    return views.map(({ id }) => id);
  }

  /** All ids, by pages of seven from one end or the other. */
  async function pages(
    filter: IdentityFilter,
    access: ProjectAccess,
    order: 'asc' | 'desc',
    cursor: 'after' | 'before',
  ): Promise<string[]> {
    const all: string[] = [];
    const [last] = await list(filter, { limit: 1, order: order === 'asc' ? 'desc' : 'asc' }, access);
    if (cursor === 'before' && last) all.push(last);
    for (let at: string | undefined = cursor === 'before' ? last : undefined, more = true; more; ) {
      const page = await list(filter, { [cursor]: at, limit: 7, order }, access);
      more = page.length > 0;
      at = cursor === 'after' ? page.at(-1) : page[0];
      if (cursor === 'after') all.push(...page);
      else all.unshift(...page);
    }
    return all;
  }

  async function prismaById(id: string) {
    return viewOf(rowOf(await prisma.identity.findUniqueOrThrow({ where: { id } })));
  }

  async function prismaIds({ properties = [], ...where }: PrismaQuestion): Promise<string[]> {
    const sets = await Promise.all(
      properties.map((property) => prisma.identityProperty.findMany({ where: property })),
    );
    const inAll = sets.map((rows) => ({ id: { in: rows.map(({ identityId }) => identityId) } }));
    const rows = await prisma.identity.findMany({
      where: { AND: [where, ...inAll] },
      orderBy: { createdPosition: 'asc' },
      select: { id: true },
    });
    return rows.map(({ id }) => id);
  }
});

type PrismaQuestion = NonNullable<
  NonNullable<Parameters<PrismaClient['identity']['findMany']>[0]>['where']
> & {
  readonly properties?: readonly { key: string; value: string }[];
};

function filters(): { filter: IdentityFilter; access: ProjectAccess; where: PrismaQuestion }[] {
  const all = 'all' as const;
  const plan = { key: 'plan', value: 'pro' };
  const seats = { key: 'seats', value: '1' };
  return [
    { filter: {}, access: all, where: {} },
    { filter: { identityType: 'org' }, access: all, where: { identityType: 'org' } },
    { filter: { projectId: 'proj_1' }, access: all, where: { projectId: 'proj_1' } },
    { filter: { identifierKey: 'key-3' }, access: all, where: { identifierKey: 'key-3' } },
    {
      filter: { name: 'PERSON 1' },
      access: all,
      where: { name: { contains: 'person 1', mode: 'insensitive' } },
    },
    { filter: { name: '100%_\\' }, access: all, where: { name: { contains: '100\\%\\_\\\\' } } },
    { filter: {}, access: ['proj_1'], where: { projectId: 'proj_1' } },
    { filter: {}, access: ['proj_1', 'proj_2'], where: { projectId: { in: ['proj_1', 'proj_2'] } } },
    { filter: { properties: { plan: 'pro' } }, access: all, where: { properties: [plan] } },
    { filter: { updatedAfter: changed(3) }, access: all, where: { updatedAt: { gte: changed(3) } } },
    { filter: { updatedAfter: changed(5) }, access: all, where: { updatedAt: { gte: changed(5) } } },
    {
      filter: { updatedAfter: changed(1), projectId: 'proj_1', identityType: 'user', name: 'person' },
      access: ['proj_1', 'proj_2'],
      where: {
        updatedAt: { gte: changed(1) },
        projectId: 'proj_1',
        identityType: 'user',
        name: { contains: 'person', mode: 'insensitive' },
      },
    },
    {
      filter: { updatedAfter: changed(2), properties: { plan: 'pro' } },
      access: ['proj_1'],
      where: { updatedAt: { gte: changed(2) }, projectId: 'proj_1', properties: [plan] },
    },
    {
      filter: { properties: { plan: 'pro', seats: '1' }, identityType: 'user' },
      access: ['proj_1'],
      where: { properties: [plan, seats], identityType: 'user', projectId: 'proj_1' },
    },
  ];
}

function changed(milliseconds: number): Date {
  return new Date(Date.UTC(2026, 10, 23, 12) + milliseconds);
}

/** Several in each of five milliseconds, in another order than they were created. */
const CHANGES = `update identities
  set updated_at = $1::timestamptz + (created_position * 7 % 5) * interval '1 millisecond'`;

/** Neighbours differ in everything that can be filtered by. */
const variety = (n: number): NewIdentity => ({
  projectId: n % 3 === 0 ? null : `proj_${n % 3}`,
  identifierKey: `key-${n}`,
  name: n % 10 === 9 ? `100%_\\ of ${n}` : `Person ${n}`,
  identityType: n % 5 === 0 ? 'org' : 'user',
  properties: [
    { key: 'plan', type: 'string', value: n % 2 === 0 ? 'pro' : 'free' },
    n % 4 === 0 ? { key: 'seats', type: 'number', value: 1 } : { key: 'seats', type: 'string', value: '2' },
    { key: 'address', type: 'json', value: { n } },
  ],
});
