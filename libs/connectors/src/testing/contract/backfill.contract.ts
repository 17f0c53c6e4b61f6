import { describe, expect, it } from '@jest/globals';
import type { Page } from '../../port/records.js';
import { idsOf, lastOf, recordsOf } from './answers.js';
import type { ContractSubject } from './contract-world.js';

/** Everything, once, resumable, and nothing lost that changes meanwhile. */
export function backfillContract(subject: ContractSubject): void {
  const { connector } = subject;

  describe('backfill', () => {
    it('reads every record once, in pages, and says when it is done', async () => {
      const ids = subject.createMany(subject.abilities.manyRecords);
      const pages = await subject.pagesFrom(null);
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.map(({ done }) => done)).toEqual([...pages.slice(1).map(() => false), true]);
      expect(idsOf(recordsOf(pages)).sort()).toEqual(ids.sort());
    });

    it('reads an empty account as one page without records', async () => {
      const pages = await subject.pagesFrom(null);
      expect(pages).toHaveLength(1);
      expect(pages[0]).toMatchObject({ records: [], rejected: [], done: true });
    });

    it('continues from the cursor of any page, as it was stored', async () => {
      subject.createMany(subject.abilities.manyRecords);
      const pages = await subject.pagesFrom(null);
      for (const [index, { next, done }] of pages.entries()) {
        if (done) continue;
        const rest = await subject.pagesFrom(
          connector.descriptor.cursorSchema.parse(JSON.parse(JSON.stringify(next))),
        );
        expect(idsOf(recordsOf(rest))).toEqual(idsOf(recordsOf(pages.slice(index + 1))));
      }
    });

    it('keeps a change that happens behind its back for the next run', async () => {
      const [first = ''] = subject.createMany(subject.abilities.manyRecords);
      const pages: Page<unknown>[] = [];
      for await (const page of connector.read(subject.world.context(), subject.world.stream, null)) {
        if (pages.length === 0) subject.world.change(first, 'changed during the backfill');
        pages.push(page);
        await subject.world.advance(1_000);
      }
      await subject.world.advance(60_000);
      const changes = await subject.changesSince(lastOf(pages).next);
      expect(changes.filter(({ id }) => id === first).map((record) => subject.world.nameOf(record))).toEqual([
        'changed during the backfill',
      ]);
    });
  });
}
