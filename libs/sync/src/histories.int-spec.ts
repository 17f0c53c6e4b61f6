import { expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { FakeObject } from '#connectors/testing';
import { createTestDatabase } from '../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../test/support/sync-world.js';
import type { Connection } from './connections/connection.js';

jest.setTimeout(180_000);

const START = new Date('2026-09-01T10:00:00.250Z');

/** What happens in HubSpot, and what we hear of it; `pick` says to whom. */
const step = fc.record({
  what: fc.constantFrom(
    'create',
    'rekey',
    'rename',
    'empty',
    'archive',
    'restore',
    'merge',
    'hear',
    'poll',
    'wait',
  ),
  pick: fc.nat(1_000),
  /** Search shows it late. */
  late: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

it('ends with one identity for each record, whatever happened and whatever was heard of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (history) => {
      const database = await createTestDatabase();
      const world = await openSyncWorld(database.url, { startAt: START });
      try {
        const connection = await world.connect();
        await live(world, connection, history);
        await world.hubspot.account.advance(3_600_000);
        await world.run(connection, 'full');
        expect(await roster(world)).toEqual(expected(world));
        const events = await world.eventCount();
        await world.run(connection, 'full');
        expect(await world.eventCount()).toBe(events);
        expect(await world.sync.runs.quarantine(connection.id, { limit: 10 }, 'all')).toEqual([]);
      } finally {
        await world.close();
        await database.drop();
      }
    }),
    // Also ends the search for a shorter history, so that a failure is told in time.
    { numRuns: 12, interruptAfterTimeLimit: 120_000 },
  );
});

async function live(world: SyncWorld, connection: Connection, history: readonly Step[]): Promise<void> {
  for (const [at, { what, pick, late }] of history.entries()) {
    await world.hubspot.account.advance(1_000);
    if (what === 'hear') await hear(world, connection, pick);
    else if (what === 'poll') await world.run(connection, 'incremental');
    else if (what === 'wait') await world.hubspot.account.advance(120_000);
    else happen(world, what, pick, { n: at, write: late ? { visibleAfterMs: 200_000 } : {} });
  }
}

type Change = Exclude<Step['what'], 'hear' | 'poll' | 'wait'>;

function happen(
  world: SyncWorld,
  what: Change,
  pick: number,
  { n, write }: { n: number; write: { visibleAfterMs?: number } },
): void {
  const { contacts } = world.hubspot.account;
  const there = contacts.listed(false);
  const one = of(there, pick);
  const other = of(there, pick + 1);
  const gone = of(contacts.listed(true), pick);
  if (what === 'create') contacts.create({ email: `${n}@x.example`, firstname: `N${n}` }, write);
  if (what === 'rekey' && one) contacts.update(one.id, { email: `New${n}@x.example` }, write);
  if (what === 'rename' && one) contacts.update(one.id, { firstname: `R${n}` }, write);
  if (what === 'empty' && one) contacts.update(one.id, { email: '' }, write);
  if (what === 'archive' && one) contacts.archive(one.id, write);
  if (what === 'restore' && gone) contacts.restore(gone.id, write);
  if (what === 'merge' && one && other && one !== other) contacts.merge(one.id, other.id, write);
}

/** Some of what changed is signalled, and some of that twice; the order is anybody's guess. */
async function hear(world: SyncWorld, connection: Connection, pick: number): Promise<void> {
  const { contacts } = world.hubspot.account;
  const all = [...contacts.listed(false), ...contacts.listed(true)].filter((_, at) => (at + pick) % 3 > 0);
  for (const { id } of pick % 2 ? all : all.reverse())
    await world.pool.query(
      `insert into webhook_deliveries (id, connection_id, dedup_key, stream, external_id, kind)
       values (gen_random_uuid(), $1, gen_random_uuid(), 'contacts', $2, 'upsert')`,
      [connection.id, id],
    );
  await Promise.all([world.sync.work.workOff(connection.id), world.sync.work.workOff(connection.id)]);
}

const of = <T>(list: readonly T[], pick: number): T | undefined => list[pick % Math.max(list.length, 1)];

async function roster(world: SyncWorld): Promise<[key: string, name: string][]> {
  const identities = await world.identities();
  return identities.map(({ identifier_key, name }): [string, string] => [identifier_key, name]).sort(byKey);
}

function expected(world: SyncWorld): [key: string, name: string][] {
  return world.hubspot.account.contacts.listed(false).map(mirrored).sort(byKey);
}

function mirrored({ id, properties: { email, firstname } }: FakeObject): [string, string] {
  return [email ? email.toLowerCase() : `hubspot-contact-${id}`, firstname ?? ''];
}

const byKey = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : 1);
