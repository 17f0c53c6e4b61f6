import { describe, expect, it } from '@jest/globals';
import { itIf } from './abilities.js';
import { collect, isGone, lastOf, recordsOf, statusOf } from './answers.js';
import { type ContractSubject, provided } from './contract-world.js';

/** Fetching by id: found, gone, restored, merged. */
export function singleRecordsContract(subject: ContractSubject): void {
  const { connector, abilities } = subject;
  const { merges } = connector.descriptor.capabilities;

  describe('single records', () => {
    it('fetches more ids than one request takes, and each has an answer', async () => {
      const ids = subject.createMany(connector.descriptor.capabilities.batchRead + 20);
      const found = await subject.fetched(...ids, subject.world.unknownId);
      expect([...found.keys()].sort()).toEqual([...ids, subject.world.unknownId].sort());
      expect(found.get(subject.world.unknownId)).toEqual({ status: 'gone' });
      expect(ids.every((id) => found.get(id)?.status === 'found')).toBe(true);
    });

    it('says that an archived record is gone, and lists it where there is a list', async () => {
      const kept = subject.world.create('kept');
      const id = subject.world.create('archived');
      subject.world.archive(id);
      const found = await subject.fetched(id, kept);
      expect(isGone(found, id)).toBe(true);
      expect(isGone(found, kept)).toBe(false);
      if (!connector.deletions) return;
      const listed = recordsOf(
        await collect(connector.deletions(subject.world.context(), subject.world.stream, null)),
      );
      expect(listed.map((record) => [record.id, record.archived])).toEqual([[id, true]]);
    });

    itIf(abilities.restore)('knows a restored record again', async () => {
      const id = subject.world.create('archived');
      subject.world.archive(id);
      expect(isGone(await subject.fetched(id), id)).toBe(true);
      provided(subject.world.restore)(id);
      expect(statusOf(await subject.fetched(id), id)).toBe('found');
    });

    itIf(abilities.erase)('says that an erased record is gone, and a sweep no longer lists it', async () => {
      const kept = subject.world.create('kept');
      const erased = subject.world.create('erased');
      provided(subject.world.erase)(erased);
      expect(statusOf(await subject.fetched(erased), erased)).toBe('gone');
      if (!connector.listIds) return;
      const pages = await collect(connector.listIds(subject.world.context(), subject.world.stream, null));
      expect(pages.flatMap(({ ids }) => ids)).toEqual([kept]);
      expect(lastOf(pages).done).toBe(true);
    });

    itIf(connector.listIds !== undefined)('lists an empty account as done, and nothing more', async () => {
      const list = provided(connector.listIds);
      const pages = await collect(list(subject.world.context(), subject.world.stream, null));
      expect(pages.flatMap(({ ids }) => ids)).toEqual([]);
      expect(lastOf(pages).done).toBe(true);
    });

    itIf(connector.listIds !== undefined)('lists live ids only, each once', async () => {
      const ids = subject.createMany(abilities.manyRecords);
      const [archived = ''] = ids;
      subject.world.archive(archived);
      const list = provided(connector.listIds);
      const pages = await collect(list(subject.world.context(), subject.world.stream, null));
      expect(pages.flatMap((page) => [...page.ids]).sort()).toEqual(
        ids.filter((id) => id !== archived).sort(),
      );
    });

    const pointed = itIf(abilities.merge && merges === 'pointer');
    pointed('leads from a record that was merged away to the one that survived', async () => {
      const cursor = await subject.backfill();
      const { winner, losers } = merged(subject);
      await subject.world.advance(60_000);
      const found = await subject.fetched(...losers);
      for (const id of losers) expect(found.get(id)).toMatchObject({ status: 'merged', mergedInto: winner });
      expect(statusOf(await subject.fetched(winner), winner)).toBe('found');
      if (!abilities.mergedIds) return;
      const record = (await subject.changesSince(cursor)).find(({ id }) => id === winner);
      expect([...(record?.mergedIds ?? [])].sort()).toEqual(losers.sort());
    });

    const unpointed = itIf(abilities.merge && merges !== 'pointer');
    unpointed('says that a record is gone that was merged away without a pointer', async () => {
      const { winner, losers } = merged(subject);
      const found = await subject.fetched(...losers, winner);
      for (const id of losers) expect(isGone(found, id)).toBe(true);
      expect(statusOf(found, winner)).toBe('found');
    });
  });
}

function merged({ world }: ContractSubject): { winner: string; losers: string[] } {
  const [a, b] = [world.create('a'), world.create('b')];
  const winner = provided(world.merge)(a, b);
  return { winner, losers: [a, b].filter((id) => id !== winner) };
}
