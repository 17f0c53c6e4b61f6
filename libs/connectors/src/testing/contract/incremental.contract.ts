import { describe, expect, it } from '@jest/globals';
import { itIf } from './abilities.js';
import { idsOf, lastOf, recordsOf } from './answers.js';
import { type ContractSubject, provided } from './contract-world.js';

/** What changed since, by the vendor's clock. */
export function incrementalContract(subject: ContractSubject): void {
  const { connector } = subject;

  describe('incremental', () => {
    it('reads what was created and changed, and its cursor carries on', async () => {
      const old = subject.world.create('old');
      await subject.world.advance(3_600_000);
      const cursor = await subject.backfill();
      await subject.world.advance(60_000);
      const fresh = subject.world.create('new');
      subject.world.change(old, 'old, changed');
      await subject.world.advance(60_000);
      const pages = await subject.pagesFrom(cursor);
      expect(idsOf(recordsOf(pages)).sort()).toEqual([old, fresh].sort());
      if (!EXACT.has(connector.descriptor.capabilities.incremental)) return;
      await subject.world.advance(3_600_000);
      const quiet = lastOf(await subject.pagesFrom(lastOf(pages).next)).next;
      expect(await subject.changesSince(quiet)).toEqual([]);
    });

    it('loses nothing when hundreds of records share one timestamp across its pages', async () => {
      const cursor = await subject.backfill();
      await subject.world.advance(60_000);
      const ids = subject.createMany(subject.abilities.manyChanges);
      await subject.world.advance(60_000);
      expect(idsOf(await subject.changesSince(cursor)).sort()).toEqual(ids.sort());
    });

    it('continues in the middle of a pass', async () => {
      const cursor = await subject.backfill();
      await subject.world.advance(60_000);
      const ids = subject.createMany(subject.abilities.manyChanges);
      await subject.world.advance(60_000);
      const [first, ...others] = await subject.pagesFrom(cursor);
      const again = await subject.pagesFrom(
        connector.descriptor.cursorSchema.parse(JSON.parse(JSON.stringify(first?.next))),
      );
      expect(idsOf(recordsOf(again))).toEqual(idsOf(recordsOf(others)));
      expect(first?.records.length).toBeLessThan(ids.length);
    });

    const hiddenMs = Math.min(90_000, connector.descriptor.capabilities.lookbackMs * 0.3);
    const late = itIf(subject.abilities.lateCommits);
    late('finds a record that became visible after the cursor had passed its date', async () => {
      const cursor = await subject.backfill();
      await subject.world.advance(60_000);
      const id = provided(subject.world.createLate)('late', hiddenMs);
      subject.world.create('in time');
      await subject.world.advance((hiddenMs * 2) / 3);
      const pages = await subject.pagesFrom(cursor);
      expect(idsOf(recordsOf(pages))).not.toContain(id);
      await subject.world.advance((hiddenMs * 2) / 3);
      expect(idsOf(await subject.changesSince(lastOf(pages).next))).toContain(id);
    });

    it.each([-600_000, 600_000])('does not depend on our own clock, off by %d ms', async (skew) => {
      const context = {
        ...subject.world.context(),
        now: () => new Date(subject.world.now().getTime() + skew),
      };
      const cursor = lastOf(await subject.pagesFrom(null, context)).next;
      await subject.world.advance(1_000);
      const id = subject.world.create('created right behind the cursor');
      await subject.world.advance(60_000);
      expect(idsOf(recordsOf(await subject.pagesFrom(cursor, context)))).toContain(id);
    });
  });
}

/** A filter by day, or none, repeats what it showed; the engine's hash makes that harmless. */
const EXACT: ReadonlySet<string> = new Set(['keyset', 'server-cursor']);
