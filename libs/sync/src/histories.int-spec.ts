import { expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { FakeObject } from '#connectors/hubspot/fake';
import { rebuildIdentities } from '#identity';
import { createTestDatabase } from '../../../test/support/databases.js';
import { openSyncWorld, type SyncWorld } from '../../../test/support/sync-world.js';
import type { Connection } from './connections/connection.js';
import { isOver } from './runs/run.js';

jest.setTimeout(240_000);

const START = new Date('2026-09-01T10:00:00.250Z');

/** What happens in HubSpot. */
const CHANGES = [
  'create',
  'rekey',
  'swap',
  'rotate',
  'rename',
  'empty',
  'archive',
  'erase',
  'restore',
  'merge',
  'bulk',
] as const;
/** What we hear of it, and what befalls us: webhooks, runs, a killed worker, a rate limit. */
const TURNS = ['hear', 'poll', 'full', 'sweep', 'killed poll', 'limited poll', 'wait'] as const;

/** `pick` says to whom, `late` that search shows it only after minutes. */
const step = fc.record({
  what: fc.constantFrom(...CHANGES, ...TURNS),
  pick: fc.nat(1_000),
  late: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Change = (typeof CHANGES)[number];

it('ends with one identity for each record, whatever happened and whatever was heard of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (history) => {
      const database = await createTestDatabase();
      const world = await openSyncWorld(database.url, { startAt: START });
      try {
        // A listing that shows nothing at all is never believed, so one record is there all along.
        world.hubspot.account.contacts.create({ email: 'anchor@x.example', firstname: 'Anchor' });
        const connection = await world.connect({ policies: { sweep_max_share: 1 } });
        await live(world, connection, history);
        await world.hubspot.account.advance(3_600_000);
        await settled(world, connection, 'incremental');
        await settled(world, connection, 'sweep');
        await expectMirrored(world);
        const events = await world.eventCount();
        await settled(world, connection, 'full');
        expect(await world.eventCount()).toBe(events);
        expect(await world.sync.quarantine.list({ connectionId: connection.id, limit: 10 }, 'all')).toEqual(
          [],
        );
      } finally {
        await world.close();
        await database.drop();
      }
    }),
    // Also ends the search for a shorter history, so that a failure is told in time.
    { numRuns: 12, interruptAfterTimeLimit: 150_000 },
  );
});

/** The roster is what HubSpot has, each record has one identity, and the log folds to the same rows. */
async function expectMirrored(world: SyncWorld): Promise<void> {
  expect(await roster(world)).toEqual(expected(world));
  const { rows } = await world.pool.query(
    `select external_id from links where tombstoned_at is null and merged_into is null
     group by external_id having count(distinct identity_id) > 1`,
  );
  expect(rows).toEqual([]);
  const { differences } = await rebuildIdentities(world.pool, { checkOnly: true });
  expect(differences.count).toBe(0);
}

async function live(world: SyncWorld, connection: Connection, history: readonly Step[]): Promise<void> {
  for (const [at, { what, pick, late }] of history.entries()) {
    await world.hubspot.account.advance(1_000);
    if (isChange(what)) happen(world, what, pick, { n: at, write: late ? { visibleAfterMs: 200_000 } : {} });
    else await TURN[what](world, connection, pick);
  }
}

const isChange = (what: Step['what']): what is Change => (CHANGES as readonly string[]).includes(what);

const TURN: Record<
  (typeof TURNS)[number],
  (world: SyncWorld, connection: Connection, pick: number) => Promise<unknown>
> = {
  hear,
  poll: (world, connection) => settled(world, connection, 'incremental'),
  full: (world, connection) => settled(world, connection, 'full'),
  sweep: (world, connection) => settled(world, connection, 'sweep'),
  'killed poll': killedPoll,
  'limited poll': async (world, connection, pick) => {
    const headers: Record<string, string> = pick % 2 ? { 'retry-after': '0' } : {};
    world.hubspot.account.faults.add({ kind: 'status', status: 429, times: 1 + (pick % 2), headers });
    await settled(world, connection, 'incremental');
    world.hubspot.account.faults.clear();
  },
  wait: (world) => world.hubspot.account.advance(120_000),
};

/** A run that may have to wait for a rate limit, gone on with until it is over. */
async function settled(
  world: SyncWorld,
  connection: Connection,
  mode: 'incremental' | 'full' | 'sweep',
): Promise<void> {
  let run = await world.run(connection, mode);
  while (!isOver(run)) {
    await world.pool.query('update sync_runs set not_before = null where id = $1', [run.id]);
    run = await world.finish(run.id);
  }
  expect(['completed', 'completed_with_errors']).toContain(run.status);
}

/** The worker dies with its transaction somewhere in the middle of a page; another one goes on. */
async function killedPoll(world: SyncWorld, connection: Connection, pick: number): Promise<void> {
  const [run] = await world.sync.runs.start(
    connection.id,
    { mode: 'incremental', stream: 'contacts' },
    'all',
  );
  if (!run) throw new Error('there is no run');
  const dying = new AbortController();
  const page = world.sync.pages.next(run.id, dying.signal).catch(() => null);
  for (let turns = pick % 40; turns > 0; turns--) await new Promise(setImmediate);
  dying.abort();
  await page;
  let now = await world.finish(run.id);
  while (!isOver(now)) {
    await world.pool.query('update sync_runs set not_before = null where id = $1', [run.id]);
    const another = world.restarted();
    for (let next = await another.pages.next(run.id); next?.afterMs === 0; )
      next = await another.pages.next(run.id);
    now = await another.runs.get(run.id, 'all');
  }
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

interface Happening {
  readonly n: number;
  readonly write: { readonly visibleAfterMs?: number };
}

function happen(world: SyncWorld, what: Change, pick: number, { n, write }: Happening): void {
  const { contacts } = world.hubspot.account;
  const there = contacts.listed(false).slice(1);
  const one = of(there, pick);
  const other = of(there, pick + 1);
  const third = of(there, pick + 2);
  const gone = of(contacts.listed(true), pick);
  if (what === 'create') contacts.create({ email: `${n}@x.example`, firstname: `N${n}` }, write);
  if (what === 'bulk') bulk(world, n, write);
  if (what === 'rekey' && one) contacts.update(one.id, { email: `New${n}@x.example` }, write);
  if (what === 'swap') exchangeKeys(world, [one, other], write);
  if (what === 'rotate') exchangeKeys(world, [one, other, third], write);
  if (what === 'rename' && one) contacts.update(one.id, { firstname: `R${n}` }, write);
  if (what === 'empty' && one) contacts.update(one.id, { email: '' }, write);
  if (what === 'archive' && one) contacts.archive(one.id, write);
  if (what === 'erase' && one) contacts.erase(one.id, write);
  if (what === 'restore' && gone) contacts.restore(gone.id, write);
  if (what === 'merge' && one && other && one !== other) contacts.merge(one.id, other.id, write);
}

/** Many records in one millisecond. */
function bulk(world: SyncWorld, n: number, write: Happening['write']): void {
  const { account } = world.hubspot;
  const at = new Date(account.clock.now());
  for (let i = 0; i < 120; i++)
    account.contacts.create({ email: `b${n}-${i}@x.example`, firstname: `B${i}` }, { ...write, at });
}

/** Each takes the key of the next one, the last one that of the first. */
function exchangeKeys(
  world: SyncWorld,
  records: readonly (FakeObject | undefined)[],
  write: Happening['write'],
): void {
  const there = [...new Set(records)].filter((record) => record !== undefined);
  const emails = there.map(({ properties }) => properties.email ?? '');
  for (const [at, { id }] of there.entries())
    world.hubspot.account.contacts.update(id, { email: emails[(at + 1) % emails.length] ?? '' }, write);
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
