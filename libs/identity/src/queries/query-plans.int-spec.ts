import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool, type Pool, uuidv4 } from '#platform';
import { borrowClient } from '#platform/testing';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import type { ProjectAccess } from '../identity.access.js';
import { CountIdentities, CountIdentitiesHandler } from './count-identities.query.js';
import type { IdentityFilter } from './identity-filter.js';
import { IdentityReads } from './identity-reads.js';
import { ListIdentities, ListIdentitiesHandler } from './list-identities.query.js';

const ROWS = 100_000;
const DEEP = 75_000;
/** The last of which changed after it; which ones, says no other column. */
const changedAfter = (last: number) => new Date(Date.UTC(2026, 0, 1) + (ROWS - last) * 1_000);
const FEW = changedAfter(30);
const MANY = changedAfter(ROWS / 2);

interface Case {
  readonly asked: string;
  readonly filter: IdentityFilter;
  readonly access?: ProjectAccess;
  readonly index: string;
}

const cases: Case[] = [
  { asked: 'all', filter: {}, index: 'identities_created' },
  { asked: 'a type', filter: { identityType: 'org' }, index: 'identities_type' },
  { asked: 'a project', filter: { projectId: 'small' }, index: 'identities_project' },
  { asked: 'the one project of a key', filter: {}, access: ['small'], index: 'identities_project' },
  {
    asked: 'a common property',
    filter: { properties: { plan: 'free' } },
    index: 'identity_properties_filter',
  },
  { asked: 'a rare property', filter: { properties: { plan: 'rare' } }, index: 'identity_properties_filter' },
];

/**
 * A page costs the same at any depth: it is read from the index that holds its filter and its order, never sorted,
 * never scanned for.
 */
describeEachDatabase('pages of identities', (database) => {
  let pool: Pool;
  const deep = uuidv4();
  beforeAll(async () => {
    pool = createPool({ url: database.url });
    await pool.query(IDENTITIES, [ROWS, deep, DEEP]);
    await pool.query(PROPERTIES);
    await pool.query(CURSOR, [uuidv4(), deep, DEEP]);
    await pool.query('vacuum analyze identities');
    await pool.query('vacuum analyze identity_properties');
  });
  afterAll(() => pool.end());

  describe.each(cases)('of $asked', ({ filter, access = 'all', index }) => {
    it.each([
      ['the first', {}, 'asc'],
      ['the newest', {}, 'desc'],
      ['a deep one', { after: deep }, 'asc'],
      ['one that ends deep down', { before: deep }, 'desc'],
    ] as const)('come from their index: %s', async (_, cursor, order) => {
      const question = new ListIdentities(filter, { ...cursor, limit: 50, order }, access);
      const plan = await planOf(question);
      expect(plan).toContain(`"Index Name":"${index}"`);
      expect(plan).not.toMatch(/"Node Type":"(Incremental )?Sort"|"Node Type":"Seq Scan"/);
    });
  });

  it('of one key come from the index of keys', async () => {
    const question = new ListIdentities({ identifierKey: 'key-77' }, { limit: 50, order: 'asc' }, 'all');
    expect(await planOf(question)).toContain('"Index Name":"identities_key"');
  });

  describe.each<Omit<Case, 'index'>>([
    { asked: 'all', filter: {} },
    { asked: 'a type', filter: { identityType: 'user' } },
    { asked: 'a project', filter: { projectId: 'big' } },
    { asked: 'the projects of a key', filter: {}, access: ['small', 'big'] },
    { asked: 'a name', filter: { name: 'person' } },
    { asked: 'a property', filter: { properties: { plan: 'free' } } },
  ])('of $asked, where few changed since', ({ filter, access = 'all' }) => {
    it.each([
      ['the first', {}, 'asc'],
      ['the newest', {}, 'desc'],
      ['one that ends deep down', { before: deep }, 'desc'],
    ] as const)('come from the index of changes: %s', async (_, cursor, order) => {
      const page = { ...cursor, limit: 50, order };
      const plan = await planOf(new ListIdentities({ ...filter, updatedAfter: FEW }, page, access));
      expect(plan).toContain('"Index Name":"identities_updated"');
      expect(plan).not.toContain('"Node Type":"Seq Scan"');
    });

    it('are counted by it', async () => {
      const plan = await planOf(new CountIdentities({ ...filter, updatedAfter: FEW }, access));
      expect(plan).toContain('"Index Name":"identities_updated"');
      expect(plan).not.toContain('"Node Type":"Seq Scan"');
    });
  });

  /** Their index would give half the table, to be sorted for each page. */
  describe.each<Case>([
    { asked: 'all', filter: {}, index: 'identities_created' },
    { asked: 'a project', filter: { projectId: 'small' }, index: 'identities_project' },
  ])('of $asked, where many changed since', ({ filter, index }) => {
    it.each([
      ['the first', {}, 'asc'],
      ['the newest', {}, 'desc'],
      ['a deep one', { after: deep }, 'asc'],
      ['one that ends deep down', { before: deep }, 'desc'],
    ] as const)('come along the order: %s', async (_, cursor, order) => {
      const page = { ...cursor, limit: 50, order };
      const plan = await planOf(new ListIdentities({ ...filter, updatedAfter: MANY }, page, 'all'));
      expect(plan).toContain(`"Index Name":"${index}"`);
      expect(plan).not.toMatch(/"Node Type":"(Incremental )?Sort"|"Node Type":"Seq Scan"/);
    });
  });

  it.each([
    ['many', MANY],
    ['none', changedAfter(-1)],
  ])('are counted in the index alone, where %s changed since', async (_, updatedAfter) => {
    const plan = await planOf(new CountIdentities({ updatedAfter }, 'all'));
    expect(plan).toContain('"Node Type":"Index Only Scan"');
    expect(plan).toContain('"Index Name":"identities_updated"');
  });

  async function planOf(question: Question): Promise<string> {
    const { text, values, prepared } = await statementOf(question);
    if (prepared) return planOfPrepared(text, values);
    const { rows } = await pool.query(`explain (format json) ${text}`, [...values]);
    return JSON.stringify(rows[0]['QUERY PLAN']);
  }

  /** After ten runs: from five on, PostgreSQL may have turned to one plan for all values. */
  async function planOfPrepared(text: string, values: readonly unknown[]): Promise<string> {
    const client = await borrowClient(pool);
    const literals = values.map((value) => client.escapeLiteral(String(value))).join(', ');
    await client.query(`prepare page as ${text}`);
    for (let times = 0; times < 10; times++) await client.query(`execute page(${literals})`);
    const { rows } = await client.query(`explain (format json) execute page(${literals})`);
    client.release(true);
    return JSON.stringify(rows[0]['QUERY PLAN']);
  }

  /** What the query asks the database at last, after it looked up its cursor. */
  async function statementOf(question: Question): Promise<Statement> {
    let asked: Statement | undefined;
    const recording = {
      query: (given: QueryConfig | string, values: unknown[] = []) => {
        asked =
          typeof given === 'string'
            ? { text: given, values, prepared: false }
            : { text: given.text, values: given.values ?? [], prepared: true };
        return typeof given === 'string' ? pool.query(given, values) : pool.query(given);
      },
    };
    const reads = new IdentityReads(recording as unknown as Pool);
    if (question instanceof CountIdentities) await new CountIdentitiesHandler(reads).execute(question);
    else await new ListIdentitiesHandler(reads).execute(question);
    if (!asked) throw new Error('Nothing was asked');
    return asked;
  }
});

type Question = ListIdentities | CountIdentities;

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly prepared: boolean;
}

interface QueryConfig {
  readonly text: string;
  readonly values?: unknown[];
}

const IDENTITIES = `
  insert into identities (id, version, created_position, project_id, identifier_key, name, identity_type,
    created_at, updated_at)
  select case n when $3 then $2::uuid else gen_random_uuid() end, 1, n, case when n % 100 = 0 then 'small' else 'big' end,
    'key-' || n, 'Person ' || n, case when n % 20 = 0 then 'org' else 'user' end, now(),
    timestamptz '2026-01-01 00:00:00Z' + (n * 7919::bigint % $1::int) * interval '1 second'
  from generate_series(1, $1::int) n`;

const PROPERTIES = `
  insert into identity_properties (identity_id, key, value, created_position)
  select id, 'plan', case when created_position % 1000 = 0 then 'rare' when created_position % 2 = 0 then 'pro' else 'free' end,
    created_position
  from identities`;

const CURSOR = `
  insert into es.events (global_position, stream_id, version, event_id, type, data)
  values ($3, $2, 1, $1, 'IdentityCreated', '{"projectId": "small"}')`;
