import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold, type PostgresEventStore } from '#event-sourcing';
import { createIdentity, IdentityRepository, identityDecider } from '#identity';
import type { PoolClient } from '#platform';
import { contentHash } from './mirrored-identity.js';
import type { Present } from './observation.js';
import { type PagePlanning, planPage } from './plan-page.js';
import { Roster } from './roster.js';

const SIZE = 7;

describe('keys on a page', () => {
  it('are what the records want whenever those are a permutation', async () => {
    const numbers = [...Array(SIZE).keys()];
    const permutation = fc.shuffledSubarray(numbers, { minLength: SIZE, maxLength: SIZE });
    await fc.assert(
      fc.asyncProperty(permutation, permutation, async (wanted, order) => {
        expect(await keysAfter(wanted, order)).toEqual(wanted.map(key));
      }),
    );
  });

  it('are never those of two identities, whatever the records want', async () => {
    const wishes = fc.array(fc.nat(SIZE + 1), { minLength: SIZE, maxLength: SIZE });
    const order = fc.shuffledSubarray([...Array(SIZE).keys()], { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(wishes, order, async (wanted, seen) => {
        const keys = await keysAfter(wanted, seen);
        expect(new Set(keys).size).toBe(SIZE);
      }),
    );
  });
});

describe('a record that waits for a key which nobody gives up', () => {
  const actions = async (mayDecide?: PagePlanning['mayDecide']) => {
    const merge = () => ({ action: 'merge', by: 'key:1' }) as const;
    const { planned } = await plannedFor([1, 1], [0, 1], { resolutionFor: merge, mayDecide });
    return planned.map(({ observation, plan }) => [observation.id, plan.action]);
  };

  it('is decided about', async () => {
    expect(await actions()).toContainEqual(['0', 'merge']);
    expect(await actions(() => true)).toContainEqual(['0', 'merge']);
  });

  it('goes on waiting where more has to be known first', async () => {
    const told: string[] = [];
    const mayDecide: PagePlanning['mayDecide'] = (conflicts) => {
      told.push(...conflicts.map(({ observation }) => observation.id));
      return false;
    };
    expect(await actions(mayDecide)).toContainEqual(['0', 'conflict']);
    expect(told).toEqual(['0']);
  });
});

/** Identity n has key n; its record wants `wanted[n]` and comes in this order. */
async function keysAfter(wanted: readonly number[], order: readonly number[]): Promise<string[]> {
  const { roster } = await plannedFor(wanted, order);
  return wanted.map((_, n) => {
    const identity = order.includes(n) ? roster.stateOf(identityId(n)) : live(n);
    return identity.status === 'live' ? identity.identifierKey : 'none';
  });
}

async function plannedFor(
  wanted: readonly number[],
  order: readonly number[],
  more: Pick<PagePlanning, 'resolutionFor' | 'mayDecide'> = {},
) {
  const records = order.map((n) => present(n, wanted[n] ?? n));
  const roster = await Roster.load(client, repository, { ...TABLE, projectId: null }, records);
  const planned = planPage(roster, records, {
    askedAt: new Date(Date.UTC(2026, 8, 2)),
    projectId: null,
    owned: new Set(),
    metadataFor: () => rules.stamp({ actor: 'a test', source: 'test', correlationId: 'a test' }),
    ...more,
  });
  return { roster, planned };
}

const TABLE = { connectionId: '44444444-4444-4444-8444-444444444444', stream: 'contacts' };
const key = (n: number): string => `key-${n}`;
const identityId = (n: number): string => `11111111-1111-4111-8111-${String(n).padStart(12, '0')}`;
const numbered = (id: string): number => Number(id.slice(-12));

const fields = (n: number) =>
  ({ identifierKey: key(n), name: 'Ada', identityType: 'user', properties: [] }) as const;

const live = (n: number) =>
  fold(identityDecider, createIdentity(identityId(n), { ...fields(n), projectId: null })(UNKNOWN));
const UNKNOWN = { status: 'unknown' } as const;

function present(n: number, wanted: number): Present {
  const mirrored = fields(wanted);
  return {
    kind: 'present',
    id: String(n),
    updatedAt: null,
    mirrored,
    hash: contentHash(mirrored),
    fingerprint: null,
    mergedIds: [],
    raw: {},
  };
}

/** Without a database: what is pure of it. */
const rules = new IdentityRepository({} as PostgresEventStore);

/** What the database would answer. */
const repository = {
  within: () => repository,
  prepare: rules.prepare.bind(rules),
  loadMany: async (ids: readonly string[]) =>
    new Map(ids.map((id) => [id, { state: live(numbered(id)), version: 1 }])),
  findByKeys: async (_project: null, keys: readonly string[]) =>
    new Map(
      keys
        .map((one) => [one, Number(one.slice(4))] as const)
        .filter(([, n]) => n < SIZE)
        .map(([one, n]) => [one, { id: identityId(n), state: live(n), version: 1 }]),
    ),
} as unknown as IdentityRepository;

const client = {
  query: async ({ name, values }: { name: string; values: readonly unknown[] }) => ({
    rows:
      name === 'links_of'
        ? (values[2] as string[]).map((id) => ({
            external_id: id,
            identity_id: identityId(Number(id)),
            source_updated_at: null,
            content_hash: null,
            seen_at: new Date(0),
            tombstoned_at: null,
            merged_into: null,
            held_key: null,
            held_instead_of: null,
          }))
        : (values[0] as string[]).map((id) => ({
            identity_id: id,
            connection_id: TABLE.connectionId,
            stream: TABLE.stream,
            external_id: String(numbered(id)),
          })),
  }),
} as unknown as PoolClient;
