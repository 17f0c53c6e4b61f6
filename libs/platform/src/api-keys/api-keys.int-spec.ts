import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createPrisma, type PrismaClient } from '#platform';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import { ApiKeys } from './api-keys.js';

describeEachDatabase('API keys', (database) => {
  let prisma: PrismaClient;
  beforeAll(() => {
    prisma = createPrisma({ url: database.url });
  });
  beforeEach(async () => {
    await prisma.apiKey.deleteMany();
  });
  afterAll(() => prisma.$disconnect());

  it('recognises a key it made, by its scopes and projects', async () => {
    const keys = new ApiKeys(prisma);
    const { key, id } = await keys.create({ name: 'crm', scopes: ['write'], projectIds: ['p1'] });
    expect(key).toMatch(/^rc_[\w-]{43}$/);
    expect(await keys.authenticate(key)).toMatchObject({ id, scopes: ['write'], projectIds: ['p1'] });
  });

  it('keeps no key, only its hash and a hint', async () => {
    const { key } = await new ApiKeys(prisma).create({ name: 'crm', scopes: ['read'] });
    const row = await prisma.apiKey.findFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(key);
    expect(row.hint).toBe(key.slice(0, 8));
    expect(row.hash).toHaveLength(32);
  });

  it.each(['', 'rc_', 'short', `rc_${'x'.repeat(43)}`, 'a b'.repeat(10), 'x'.repeat(5_000)])(
    'knows no key %#',
    async (text) => expect(await new ApiKeys(prisma).authenticate(text)).toBeUndefined(),
  );

  it('answers a key it saw within the last second without asking, then asks again', async () => {
    const clock = { at: 0, monotonic: () => clock.at };
    const keys = new ApiKeys(prisma, { clock });
    const { key, id } = await keys.create({ name: 'crm', scopes: ['read'] });
    await keys.authenticate(key);
    await new ApiKeys(prisma).revoke(id);
    clock.at = 999;
    expect(keys.authenticate(key)).toMatchObject({ id });
    clock.at = 1_000;
    expect(await keys.authenticate(key)).toBeUndefined();
  });

  it('feels its own revoke at once, and says when there was nothing to revoke', async () => {
    const keys = new ApiKeys(prisma);
    const { key, id } = await keys.create({ name: 'crm', scopes: ['read'] });
    await keys.authenticate(key);
    expect(await keys.revoke(id)).toBe(true);
    expect(await keys.authenticate(key)).toBeUndefined();
    expect(await keys.revoke(id)).toBe(false);
  });

  it('recognises a key the moment it exists, also after it was refused', async () => {
    const keys = new ApiKeys(prisma);
    const preset = 'chosen-by-the-operator';
    expect(await keys.authenticate(preset)).toBeUndefined();
    await keys.ensureAdminKey(preset);
    expect(await keys.authenticate(preset)).toMatchObject({ scopes: ['admin'], hint: 'preset' });
  });

  it('makes the first admin key once, however many start together', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => new ApiKeys(prisma).ensureAdminKey()));
    const [key, ...others] = made.filter((one) => one !== undefined);
    expect(others).toEqual([]);
    expect(await new ApiKeys(prisma).authenticate(key ?? '')).toMatchObject({
      scopes: ['admin'],
      projectIds: [],
    });
    expect(await new ApiKeys(prisma).ensureAdminKey()).toBeUndefined();
  });

  it('makes a preset key an admin key again after it was revoked', async () => {
    const keys = new ApiKeys(prisma);
    await keys.ensureAdminKey('chosen-by-the-operator');
    const [preset] = await keys.list();
    await keys.revoke(preset?.id ?? '');
    await keys.ensureAdminKey('chosen-by-the-operator');
    expect(await keys.list()).toMatchObject([{ id: preset?.id, scopes: ['admin'], revokedAt: null }]);
  });
});
