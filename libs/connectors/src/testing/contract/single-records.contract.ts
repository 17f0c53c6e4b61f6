import { describe, expect, it } from '@jest/globals';
import { collect, lastOf, recordsOf, statusOf } from './answers.js';
import type { ContractSubject } from './contract-world.js';

/** Fetching by id: found, gone, restored, merged. */
export function singleRecordsContract(subject: ContractSubject): void {
  const { connector } = subject;

  describe('single records', () => {
    it('fetches more ids than one request takes, and each has an answer', async () => {
      const ids = subject.world.createMany(connector.manifest.capabilities.batchRead + 20);
      const found = await subject.fetched(...ids, '999999999');
      expect([...found.keys()].sort()).toEqual([...ids, '999999999'].sort());
      expect(found.get('999999999')).toEqual({ status: 'gone' });
      expect(ids.every((id) => found.get(id)?.status === 'found')).toBe(true);
    });

    it('says that an archived record is gone, lists it, and knows it again when it is restored', async () => {
      const kept = subject.world.create('kept');
      const id = subject.world.create('archived');
      subject.world.archive(id);
      expect(statusOf(await subject.fetched(id, kept), id)).toBe('gone');
      if (connector.deletions) {
        const listed = recordsOf(
          await collect(connector.deletions(subject.world.context(), subject.world.stream, null)),
        );
        expect(listed.map((record) => [record.id, record.archived])).toEqual([[id, true]]);
      }
      subject.world.restore(id);
      expect(statusOf(await subject.fetched(id), id)).toBe('found');
    });

    it('says that an erased record is gone, and a sweep no longer lists it', async () => {
      const kept = subject.world.create('kept');
      const erased = subject.world.create('erased');
      subject.world.erase(erased);
      expect(statusOf(await subject.fetched(erased), erased)).toBe('gone');
      if (!connector.listIds) return;
      const pages = await collect(connector.listIds(subject.world.context(), subject.world.stream, null));
      expect(pages.flatMap(({ ids }) => ids)).toEqual([kept]);
      expect(lastOf(pages).done).toBe(true);
    });

    it('leads from a record that was merged away to the one that survived', async () => {
      if (connector.manifest.capabilities.merges === 'none') return;
      const cursor = await subject.backfill();
      const [a, b] = [subject.world.create('a'), subject.world.create('b')];
      const winner = subject.world.merge(a, b);
      await subject.world.advance(60_000);
      const losers = [a, b].filter((id) => id !== winner);
      const found = await subject.fetched(...losers);
      for (const id of losers) expect(found.get(id)).toMatchObject({ status: 'merged', mergedInto: winner });
      const record = (await subject.changesSince(cursor)).find(({ id }) => id === winner);
      expect([...(record?.mergedIds ?? [])].sort()).toEqual(losers.sort());
    });
  });
}
