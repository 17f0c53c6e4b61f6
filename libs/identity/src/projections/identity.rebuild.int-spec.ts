import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PostgresEventStore, type StreamAppend } from '#event-sourcing';
import { createPool, createPrisma, type Pool, type PrismaClient, uuidv4 } from '#platform';
import { borrowClient } from '#platform/testing';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import { createIdentity, deleteIdentity, modifyIdentity, upsertProperties } from '../identity.decider.js';
import type { IdentityEvent } from '../identity.events.js';
import type { Identity } from '../identity.state.js';
import { CountIdentities, CountIdentitiesHandler } from '../queries/count-identities.query.js';
import { GetIdentity, GetIdentityHandler } from '../queries/get-identity.query.js';
import { IdentityReads } from '../queries/identity-reads.js';
import { ListIdentities, ListIdentitiesHandler } from '../queries/list-identities.query.js';
import { aContext, anIdentity } from '../testing/identity.builders.js';
import { identityProjection } from './identity.projection.js';
import { rebuildIdentities } from './identity.rebuild.js';
import { IdentityRepository } from './identity.repository.js';
import { RebuildRunningError } from './rebuild.errors.js';

jest.setTimeout(120_000); // Minutes where the machine is busy, seconds otherwise.

describeEachDatabase('rebuilding the identities', (database) => {
  let pool: Pool;
  let prisma: PrismaClient;
  let identities: IdentityRepository;
  const ids = Array.from({ length: 60 }, uuidv4);
  beforeAll(async () => {
    pool = createPool({ url: database.url });
    prisma = createPrisma({ url: database.url });
    identities = new IdentityRepository(new PostgresEventStore(pool, [identityProjection]));
    for (const id of ids) await create(id);
    for (const id of ids.slice(0, 40)) await change(id);
    for (const id of ids.slice(0, 10)) await remove(id);
    for (const id of ids.slice(0, 5)) await create(id);
  });
  afterAll(async () => {
    await prisma.$disconnect();
    await pool.end();
  });

  it('finds the live rows to be what the log says, and puts the same ones in their place', async () => {
    const before = await everything();
    const report = await rebuildIdentities(pool, { batchSize: 7 });
    expect(report).toEqual({ differences: { count: 0, identityIds: [] }, swapped: true });
    expect(await everything()).toEqual({ ...before, tables: expect.not.objectContaining(before.tables) });
  });

  it('reports how far it is', async () => {
    const positions: number[] = [];
    let last = 0;
    await rebuildIdentities(pool, {
      batchSize: 50,
      checkOnly: true,
      onProgress: ({ position, end }) => {
        positions.push(position);
        last = end;
      },
    });
    expect(positions.length).toBeGreaterThan(2);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(positions.at(-1)).toBe(last);
  });

  it('finds every kind of difference, and heals it', async () => {
    const [renamed = '', gone = '', property = '', moved = ''] = ids.slice(20);
    const ghost = uuidv4();
    const right = await everything();
    await pool.query(`update identities set name = 'wrong' where id = $1`, [renamed]);
    await pool.query('delete from identities where id = $1', [gone]);
    await pool.query('delete from identity_properties where identity_id = $1', [property]);
    await pool.query('update identities set created_position = -created_position where id = $1', [moved]);
    await pool.query(
      `insert into identities select $1, 1, -1, '', 'ghost', '', 'user', '[]', '{}', '{}', now(), now()`,
      [ghost],
    );
    const differences = { count: 5, identityIds: [renamed, gone, property, moved, ghost].sort() };
    const wrong = await everything();
    expect(await rebuildIdentities(pool, { checkOnly: true })).toEqual({ differences, swapped: false });
    expect(await everything()).toEqual(wrong);
    expect(await rebuildIdentities(pool)).toEqual({ differences, swapped: true });
    expect(await everything()).toEqual({ ...right, tables: expect.anything() });
  });

  it('keeps indexes, storage, owner and rights', async () => {
    const role = `reader_${uuidv4().replaceAll('-', '')}`;
    await pool.query(`create role ${role}; grant select on identities to ${role}`);
    const before = await definition();
    await rebuildIdentities(pool);
    expect(await definition()).toEqual(before);
    expect(before.indexes.map(({ indexname }) => indexname)).toContain('identities_key');
    await pool.query(`drop owned by ${role}; drop role ${role}`);
  });

  it('runs alone', async () => {
    const other = await borrowClient(pool);
    await other.query(`select pg_advisory_lock(7744, hashtext('rebuild identities'))`);
    await expect(rebuildIdentities(pool)).rejects.toThrow(RebuildRunningError);
    await other.query('select pg_advisory_unlock_all()');
    other.release();
  });

  it('begins anew after a run that was killed', async () => {
    await pool.query('create schema identities_rebuild; create table identities_rebuild.identities (id int)');
    expect(await rebuildIdentities(pool)).toMatchObject({ differences: { count: 0 } });
    const { rowCount } = await pool.query(`select 1 from pg_namespace where nspname = 'identities_rebuild'`);
    expect(rowCount).toBe(0);
  });

  it('waits for a transaction that holds the tables, and lets others read meanwhile', async () => {
    const holder = await borrowClient(pool);
    await holder.query('begin; select 1 from identities limit 1');
    const rebuilding = rebuildIdentities(pool);
    await until(async () => {
      const { rowCount } = await pool.query(
        `select 1 from pg_locks where mode = 'AccessExclusiveLock' and not granted`,
      );
      return rowCount === 1;
    });
    expect(await count()).toBeGreaterThan(0);
    await change(ids[30] ?? '');
    await holder.query('commit');
    holder.release();
    expect(await rebuilding).toMatchObject({ differences: { count: 0 }, swapped: true });
  });

  it('copes with a log in which a key was taken before it was given up', async () => {
    const [giver, taker] = [uuidv4(), uuidv4()];
    await create(giver, 'passed on');
    await withPausedAppends(async (resume) => {
      const taking = create(taker, 'passed on');
      await until(someoneIsPaused);
      const client = await borrowClient(pool);
      await client.query('begin');
      await identities.store.within(client).append([await lastWords(giver)]);
      await resume();
      await until(someoneWaitsForKey);
      await client.query('commit');
      client.release();
      await taking;
    });
    const [given] = (await identities.store.readStream(giver)).slice(-1);
    const [taken] = await identities.store.readStream(taker);
    expect(taken?.globalPosition).toBeLessThan(given?.globalPosition ?? 0);
    expect(await rebuildIdentities(pool, { batchSize: 1 })).toMatchObject({ differences: { count: 0 } });
  });

  describe('under readers and writers', () => {
    it('fails nobody, and ends with what the log says', async () => {
      let running = true;
      const busy = async (work: () => Promise<unknown>) => {
        let times = 0;
        for (; running; times++) await work();
        return times;
      };
      const all = [readOne, readPage, readFiltered, count, readByPrisma, write, write, createAndRemove].map(
        busy,
      );
      for (let times = 0; times < 4; times++) {
        expect(await rebuildIdentities(pool, { batchSize: 100 })).toMatchObject({
          differences: { count: 0 },
        });
      }
      running = false;
      expect(Math.min(...(await Promise.all(all)))).toBeGreaterThan(5);
      expect(await rebuildIdentities(pool)).toMatchObject({ differences: { count: 0 } });
    });
  });

  const create = (id: string, identifierKey = id) =>
    identities.transact(
      id,
      createIdentity(id, anIdentity({ identifierKey, properties: [plan('free')], agentIds: ['agent-1'] })),
      aContext(),
      () => null,
    );
  const change = async (id: string) => {
    await identities.transact(id, modifyIdentity(id, { name: 'Grace' }), aContext(), () => null);
    await identities.transact(id, upsertProperties(id, [plan('pro'), address]), aContext(), () => null);
  };
  const remove = (id: string) => identities.transact(id, deleteIdentity(id), aContext(), () => null);

  /** A change and a deletion in one append of two events, which take the other append function. */
  async function lastWords(id: string): Promise<StreamAppend<IdentityEvent, Identity>> {
    const loaded = await identities.load(id);
    const metadata = identities.stamp(aContext().metadata);
    const renamed = identities.prepare(id, loaded, modifyIdentity(id, { name: 'Bye' }), metadata);
    const deleted = identities.prepare(id, loaded, deleteIdentity(id), metadata);
    if (!renamed || !deleted) throw new Error('nothing to say');
    return { ...deleted, events: [...renamed.events, ...deleted.events] };
  }

  /** `es.append_one` stands still after it drew its position, until it may go on. */
  async function withPausedAppends(test: (resume: () => Promise<unknown>) => Promise<void>) {
    const { rows } = await pool.query(`select pg_get_functiondef('es.append_one'::regproc) as source`);
    const pause = `perform pg_advisory_xact_lock_shared(${PAUSE});\nend $`;
    await pool.query(rows[0].source.replace('end $', () => pause));
    const holder = await borrowClient(pool);
    await holder.query(`select pg_advisory_lock(${PAUSE})`);
    await test(() => holder.query(`select pg_advisory_unlock(${PAUSE})`)).finally(() =>
      pool.query(rows[0].source),
    );
    holder.release(true);
  }

  const someoneIsPaused = async () => {
    const { rowCount } = await pool.query(
      `select 1 from pg_locks where locktype = 'advisory' and objid = ${PAUSE} and not granted`,
    );
    return rowCount === 1;
  };
  const someoneWaitsForKey = async () => {
    const { rowCount } = await pool.query(
      `select 1 from pg_locks where locktype = 'transactionid' and not granted`,
    );
    return rowCount === 1;
  };

  const readOne = () =>
    new GetIdentityHandler(new IdentityReads(pool)).execute(new GetIdentity(ids[15] ?? '', 'all'));
  const readPage = () => list({});
  const readFiltered = () => list({ properties: { plan: 'pro' } });
  const count = () =>
    new CountIdentitiesHandler(new IdentityReads(pool)).execute(new CountIdentities({}, 'all'));
  const readByPrisma = () => prisma.identity.findUniqueOrThrow({ where: { id: ids[15] ?? '' } });
  const list = (filter: ConstructorParameters<typeof ListIdentities>[0]) =>
    new ListIdentitiesHandler(new IdentityReads(pool))
      .execute(new ListIdentities(filter, { limit: 20, order: 'desc' }, 'all'))
      .then((page) => expect(page).toHaveLength(20));
  const write = () => {
    const id = ids[20 + Math.floor(Math.random() * 3)] ?? '';
    const seats = { key: 'seats', type: 'number', value: Math.random() } as const;
    return identities.transact(id, upsertProperties(id, [seats]), aContext(), () => null);
  };
  const createAndRemove = async () => {
    const id = uuidv4();
    await create(id, 'again and again');
    await remove(id);
  };

  /** The rows, and which tables they are in. */
  async function everything() {
    const rows = await pool.query('select * from identities order by id');
    const properties = await pool.query('select * from identity_properties order by identity_id, key');
    const tables = await pool.query(
      `select 'identities'::regclass::oid as identities, 'identity_properties'::regclass::oid as properties`,
    );
    return { identities: rows.rows, properties: properties.rows, tables: tables.rows[0] };
  }

  async function definition() {
    const indexes = await pool.query(
      `select indexname, indexdef from pg_indexes where tablename in ('identities', 'identity_properties')
        order by indexname`,
    );
    const storage = await pool.query(
      `select relname, relowner, reloptions, relacl from pg_class
        where oid in ('identities'::regclass, 'identity_properties'::regclass) order by relname`,
    );
    const columns = await pool.query(
      `select table_name, column_name, column_default, is_nullable, data_type, datetime_precision
        from information_schema.columns where table_name in ('identities', 'identity_properties')
        order by table_name, ordinal_position`,
    );
    return { indexes: indexes.rows, storage: storage.rows, columns: columns.rows };
  }
});

const PAUSE = 4711;
const plan = (value: string) => ({ key: 'plan', type: 'string', value }) as const;
const address = { key: 'address', type: 'json', value: { city: 'London', lines: [1, null, 'é'] } } as const;

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
