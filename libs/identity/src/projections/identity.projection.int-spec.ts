import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { fold, PostgresEventStore, type StreamAppend } from '#event-sourcing';
import { createPool, createPrisma, type Pool, type PrismaClient, uuidv4 } from '#platform';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import * as rules from '../identity.decider.js';
import { IdentifierKeyTakenError, IdentityNotFoundError } from '../identity.errors.js';
import { type IdentityEvent, identityEvents } from '../identity.events.js';
import type { Identity } from '../identity.state.js';
import { toView } from '../identity.view.js';
import { GetIdentityAsOf, GetIdentityAsOfHandler } from '../queries/get-identity-as-of.query.js';
import { type ArbitraryChange, arbitraryChange, arbitraryProperty } from '../testing/identity.arbitraries.js';
import { aContext, anIdentity } from '../testing/identity.builders.js';
import { foldedRows, prismaRows, storedRows } from '../testing/identity-rows.js';
import { identityProjection } from './identity.projection.js';
import { IdentityRepository, isTakenKey } from './identity.repository.js';

jest.setTimeout(120_000); // Minutes where the machine is busy, seconds otherwise.

const SLOTS = 4;
const steps = fc.array(fc.tuple(fc.nat(SLOTS - 1), arbitraryChange), { maxLength: 14 });
const batches = fc.array(steps, { maxLength: 5 });
const RUNS = { numRuns: 60 };

describeEachDatabase('the identity rows', (database) => {
  let pool: Pool;
  let prisma: PrismaClient;
  let store: PostgresEventStore;
  let identities: IdentityRepository;
  beforeAll(() => {
    pool = createPool({ url: database.url });
    prisma = createPrisma({ url: database.url });
    store = new PostgresEventStore(pool, [identityProjection]);
    identities = new IdentityRepository(store, tickingClock());
  });
  afterAll(async () => {
    await prisma.$disconnect();
    await pool.end();
  });

  it('are the fold of the log after any sequence of changes', () =>
    fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const ids = await someIdentities();
        for (const [slot, change] of sequence) await apply(ids[slot] ?? '', change).catch(ruleErrorOrThrow);
        await expectFolded(ids);
      }),
      RUNS,
    ));

  it('are the fold of the log after any sequence of batches', () =>
    fc.assert(
      fc.asyncProperty(batches, async (sequence) => {
        const ids = await someIdentities();
        for (const batch of sequence) await applyBatch(ids, batch).catch(ruleErrorOrThrow);
        await expectFolded(ids);
      }),
      RUNS,
    ));

  it('as of a version are the fold up to it', () =>
    fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const ids = await someIdentities();
        const [id = ''] = ids;
        for (const [, change] of sequence) await apply(id, change).catch(ruleErrorOrThrow);
        const events = (await store.readStream(id)).map((event) => identityEvents.upcast(event));
        for (let version = 1; version <= events.length; version++) {
          const state = fold(rules.identityDecider, events.slice(0, version));
          expect(await asOf(id, version)).toEqual(
            state.status === 'live' ? toView(id, { state, version }) : 'not found',
          );
        }
      }),
      RUNS,
    ));

  it('do not depend on the order in which different properties were upserted', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(arbitraryProperty, { selector: ({ key }) => key, minLength: 2 }),
        async (properties) => {
          const [one, other] = await Promise.all([properties, properties.toReversed()].map(withProperties));
          expect(one).toEqual(other);
        },
      ),
      RUNS,
    ));

  describe('of a batch', () => {
    it('keep the order and the times of their own events', async () => {
      const [id = ''] = await someIdentities();
      await applyBatch([id], [
        [0, { kind: 'create', identifierKey: 'a', name: 'Ada', identityType: 'user' }],
        [0, { kind: 'modify', name: 'Grace' }],
      ] as [number, ArbitraryChange][]);
      const { identity } = await storedRows(store, id);
      expect(identity?.version).toBe(2);
      expect(identity?.created_at).not.toEqual(identity?.updated_at);
      await expectFolded([id]);
    });

    it('are all refused when one key is taken', async () => {
      const [first = '', second = ''] = await someIdentities();
      const born = (identifierKey: string) =>
        ({ kind: 'create', identifierKey, name: '', identityType: 'org' }) as ArbitraryChange;
      await apply(first, born('a'));
      const batch = applyBatch(
        [first, second],
        [
          [0, { kind: 'delete' }],
          [1, born('a')],
          [1, born('b')],
        ],
      );
      await batch.catch(ruleErrorOrThrow);
      await expectFolded([first, second]);
    });
  });

  it('cannot be made from an append without states, or at any version', async () => {
    const append: StreamAppend<IdentityEvent, Identity> = {
      ...draft(uuidv4(), { state: rules.identityDecider.initial, version: 0 }, [
        { kind: 'create', identifierKey: uuidv4(), name: '', identityType: 'org' } as ArbitraryChange,
      ]),
    };
    const { before, after, ...bare } = append;
    await expect(store.append([bare])).rejects.toThrow(TypeError);
    await expect(store.append([{ ...append, expectedVersion: 'any' }])).rejects.toThrow(TypeError);
  });

  async function expectFolded(ids: readonly string[]) {
    for (const id of ids) {
      const folded = await foldedRows(store, id);
      expect(await storedRows(store, id)).toEqual(folded);
      expect(await prismaRows(prisma, id)).toEqual(folded);
    }
  }

  const apply = (id: string, change: ArbitraryChange) =>
    identities.transact(id, ruleOf(id, change), aContext(), () => null);

  /** Decides each change on what the earlier ones left, and appends all of it at once. */
  async function applyBatch(ids: readonly string[], batch: readonly (readonly [number, ArbitraryChange])[]) {
    const appends: StreamAppend<IdentityEvent, Identity>[] = [];
    for (const [slot, id] of ids.entries()) {
      const changes = batch.filter(([at]) => at === slot).map(([, change]) => change);
      const append = draft(id, await identities.load(id), changes);
      if (append.events.length > 0) appends.push(append);
    }
    await store.append(appends);
  }

  function draft(
    id: string,
    loaded: { state: Identity; version: number },
    changes: readonly ArbitraryChange[],
  ) {
    let state = loaded.state;
    const events = changes.flatMap((change) => {
      const metadata = identities.stamp(aContext().metadata);
      const prepared = unlessRejected(() =>
        identities.prepare(id, { state, version: 0 }, ruleOf(id, change), metadata),
      );
      state = prepared?.after ?? state;
      return prepared?.events ?? [];
    });
    return {
      streamId: id,
      category: 'identity',
      expectedVersion: loaded.version,
      events,
      before: loaded.state,
      after: state,
    };
  }

  const asOf = (id: string, version: number) =>
    new GetIdentityAsOfHandler(store).execute(new GetIdentityAsOf(id, version, 'all')).catch((error) => {
      if (error instanceof IdentityNotFoundError) return 'not found';
      throw error;
    });

  async function withProperties(properties: readonly Parameters<typeof rules.upsertProperties>[1][number][]) {
    const id = uuidv4();
    await identities.transact(id, rules.createIdentity(id, anIdentity()), aContext(), () => null);
    for (const property of properties) {
      await identities.transact(id, rules.upsertProperties(id, [property]), aContext(), () => null);
    }
    const { identity, properties: rows } = await storedRows(store, id);
    return {
      properties: identity?.properties.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      rows: rows.map(({ key, value }) => ({ key, value })),
    };
  }
});

let run = 0;

/** Ids for one run, in a project of its own, so that runs do not compete for keys. */
async function someIdentities(): Promise<string[]> {
  run++;
  return Array.from({ length: SLOTS }, uuidv4);
}

function ruleOf(id: string, change: ArbitraryChange) {
  const projectId = `run-${run}`;
  switch (change.kind) {
    case 'create':
      return rules.createIdentity(id, { ...change, projectId });
    case 'modify':
      return rules.modifyIdentity(id, change);
    case 'replace':
      return rules.replaceIdentity(id, change);
    case 'upsert-properties':
      return rules.upsertProperties(id, change.properties);
    case 'remove-property':
      return rules.removeProperty(id, change.key);
    case 'attach-agent':
      return rules.attachAgent(id, change.id);
    case 'detach-agent':
      return rules.detachAgent(id, change.id);
    case 'attach-block':
      return rules.attachBlock(id, change.id);
    case 'detach-block':
      return rules.detachBlock(id, change.id);
    case 'delete':
      return rules.deleteIdentity(id);
  }
}

const isRuleError = (error: unknown): boolean =>
  error instanceof IdentityNotFoundError || error instanceof IdentifierKeyTakenError || isTakenKey(error);

function ruleErrorOrThrow(error: unknown): void {
  if (!isRuleError(error)) throw error;
}

function unlessRejected<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    ruleErrorOrThrow(error);
    return undefined;
  }
}

/** Each look at it is a millisecond later, so that times tell events apart. */
function tickingClock() {
  let now = Date.parse('2026-11-23T12:00:00Z');
  return { now: () => new Date(now++) };
}
