import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../../test/support/sync-world.js';

const DOCUMENT = {
  version: 1 as const,
  identifier_key: 'id',
  name: 'id',
  identity_type: '"user"',
  properties: [],
};

describe('a connection', () => {
  let database: TestDatabase;
  let world: SyncWorld;

  beforeEach(async () => {
    database = await createTestDatabase();
    world = await openSyncWorld(database.url);
  });

  afterEach(async () => {
    await world.close();
    await database.drop();
  });

  const oauth = () => {
    const { clientId, refreshToken } = world.hubspot.account.tokens;
    return { accessToken: undefined, clientId, refreshToken };
  };

  describe('is stored', () => {
    it('with the account it belongs to and the mapping of its connector', async () => {
      const connection = await world.connect();
      expect(connection).toMatchObject({ kind: 'hubspot', status: 'active', accountId: '62515' });
      expect(Object.keys(connection.mapping)).toEqual(['contacts', 'companies']);
    });

    it('with its secrets sealed', async () => {
      await world.connect();
      const { rows } = await world.pool.query('select secrets::text, settings::text from connections');
      expect(JSON.stringify(rows)).not.toContain(Buffer.from(world.hubspot.token).toString('hex'));
      expect(JSON.stringify(rows)).not.toContain(world.hubspot.token);
    });

    it('after the vendor was asked with a token that is made from a refresh token', async () => {
      expect(await world.connect({ secrets: oauth() })).toMatchObject({ accountId: '62515' });
    });

    it.each([
      ['a token that is refused', { secrets: { accessToken: 'wrong' } }, 'CONNECTION_CHECK_FAILED', /401/],
      ['a setting nobody knows', { settings: { baseUlr: 'x' } }, 'INVALID_CONNECTION', /settings.*baseUlr/],
      [
        'no secret at all',
        { secrets: { accessToken: undefined } },
        'INVALID_CONNECTION',
        /secrets: an accessToken/,
      ],
      ['a stream nobody has', { mapping: { deals: DOCUMENT } }, 'INVALID_CONNECTION', /contacts, companies/],
      [
        'an expression that does not compile',
        { mapping: { contacts: { ...DOCUMENT, name: '$(' } } },
        'INVALID_CONNECTION',
        /mapping.contacts.name/,
      ],
    ])('not with %s', async (_, input, code, message) => {
      const refused = world.connect(input);
      await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
      expect(await world.sync.connections.list('all')).toEqual([]);
    });

    it('once under its name', async () => {
      await world.connect();
      await expect(world.connect()).rejects.toMatchObject({ code: 'CONNECTION_NAME_TAKEN' });
    });

    it('for those who may see its project', async () => {
      const { id } = await world.connect();
      await expect(world.sync.connections.get(id, ['p1'])).rejects.toMatchObject({
        code: 'CONNECTION_NOT_FOUND',
      });
      expect(await world.sync.connections.list(['p1'])).toEqual([]);
    });
  });

  describe('whose token ran out', () => {
    it('gets a new one once, whoever asks', async () => {
      const connection = await world.connect({ secrets: oauth() });
      world.hubspot.account.tokens.expireAll();
      const start = (stream: string) =>
        world.sync.runs.start(connection.id, { mode: 'full', stream }, 'all').then(([run]) => run?.id ?? '');
      const [contacts, companies] = [await start('contacts'), await start('companies')];
      await Promise.all([world.finish(contacts), world.finish(companies)]);
      expect(await world.sync.runs.get(companies, 'all')).toMatchObject({ status: 'completed' });
      const row = await world.prisma.connection.findUnique({ where: { id: connection.id } });
      expect(row).toMatchObject({ status: 'active', secretsVersion: 2 });
    });

    it('and cannot be renewed says so, and goes on with a new one', async () => {
      const connection = await world.connect();
      world.hubspot.account.tokens.expireAll();
      const failed = await world.run(connection, 'full');
      expect(failed).toMatchObject({ status: 'failed', errorCode: 'REAUTHORIZATION_REQUIRED' });
      const blocked = await world.sync.connections.get(connection.id, 'all');
      expect(blocked).toMatchObject({ status: 'reauthorization_required', statusReason: expect.any(String) });
      await expect(world.run(connection, 'full')).rejects.toMatchObject({ code: 'CONNECTION_UNAVAILABLE' });
      world.hubspot.account.tokens.revive();
      const secrets = { accessToken: world.hubspot.token };
      await world.sync.connections.rotate(connection.id, { secrets, check: true }, 'all');
      expect(await world.run(connection, 'full')).toMatchObject({ status: 'completed' });
    });

    it('and whose right to a new one was taken away needs a person', async () => {
      const connection = await world.connect({ secrets: oauth() });
      world.hubspot.account.tokens.expireAll();
      world.hubspot.account.tokens.revokeRefresh();
      expect(await world.run(connection, 'full')).toMatchObject({ errorCode: 'REAUTHORIZATION_REQUIRED' });
    });
  });

  it('whose daily quota is used up pauses until it is free, and shows it', async () => {
    const connection = await world.connect();
    const body = { status: 'error', message: 'daily', errorType: 'RATE_LIMIT', policyName: 'DAILY' };
    world.hubspot.account.faults.add({ kind: 'status', status: 429, body });
    const run = await world.run(connection, 'full');
    expect(run).toMatchObject({ status: 'waiting', errorCode: 'RATE_LIMITED' });
    const paused = await world.sync.connections.get(connection.id, 'all');
    expect(paused.pausedUntil?.getTime()).toBeGreaterThan(Date.now());
    await world.sync.connections.resume(connection.id, 'all');
    expect(await world.finish(run.id)).toMatchObject({ status: 'completed' });
  });

  it('with a schedule starts its runs by itself, one at a time', async () => {
    const { id } = await world.connect();
    await world.sync.housekeeping.startDueRuns();
    expect(await world.sync.runs.list(id, { limit: 10 }, 'all')).toEqual([]);
    await world.prisma.connection.update({ where: { id }, data: { everySeconds: 900 } });
    await Promise.all([
      world.sync.housekeeping.startDueRuns(),
      world.restarted().housekeeping.startDueRuns(),
    ]);
    const started = await world.sync.runs.list(id, { limit: 10 }, 'all');
    expect(started.map(({ stream, trigger }) => [stream, trigger]).sort()).toEqual([
      ['companies', 'schedule'],
      ['contacts', 'schedule'],
    ]);
    for (const run of started) await world.finish(run.id);
    await world.sync.housekeeping.startDueRuns();
    expect(await world.sync.runs.list(id, { limit: 10 }, 'all')).toHaveLength(2);
  });

  it('is removed with its work, and leaves its identities', async () => {
    const connection = await world.connect();
    world.hubspot.account.contacts.create({ email: 'ada@x.example' });
    const run = await world.run(connection, 'full');
    await world.sync.connections.remove(connection.id, 'all');
    expect(await world.identity('ada@x.example')).toBeDefined();
    await expect(world.sync.runs.get(run.id, 'all')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await world.prisma.link.count()).toBe(0);
  });
});
