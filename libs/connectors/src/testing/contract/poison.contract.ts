import { describe, expect } from '@jest/globals';
import { ConfigError, InvalidResponse } from '../../port/connector.errors.js';
import type { Page } from '../../port/records.js';
import { itIf } from './abilities.js';
import { collect, failureOf, idsOf } from './answers.js';
import { type ContractSubject, type Poison, provided } from './contract-world.js';

/** A record that cannot be read takes no other with it. */
export function poisonContract(subject: ContractSubject): void {
  const { connector, abilities } = subject;

  describe('poison records', () => {
    for (const kind of ['no-id', 'wrong-type'] as const)
      itIf(kind !== 'no-id' || abilities.namelessRecords)(
        `rejects one (${kind}), keeps its neighbours`,
        async () => {
          const { good, page } = await poisoned(subject, kind);
          expect(idsOf(page.records)).toEqual(good);
          expect(page.rejected).toHaveLength(1);
          expect(page.rejected[0]).toMatchObject({ code: 'INVALID_RECORD', reason: expect.any(String) });
        },
      );

    for (const kind of ['nul', 'megabyte'] as const)
      itIf(true)(`answers for one (${kind}) once, keeps its neighbours`, async () => {
        const { good, bad, page } = await poisoned(subject, kind);
        expect(idsOf(page.records)).toEqual(expect.arrayContaining(good));
        const answers = [...idsOf(page.records), ...page.rejected.map(({ id }) => id)];
        expect(answers.sort()).toEqual([...good, bad].sort());
      });

    itIf(true)('rejects the record whose bytes are not UTF-8, and no other', async () => {
      const good = subject.world.create('Ada');
      const bad = subject.world.create('Ren\u00e9');
      subject.world.fault({ kind: 'latin1' });
      const page = await subject.firstPage();
      expect(idsOf(page.records)).toEqual([good]);
      expect(page.rejected).toEqual([expect.objectContaining({ id: bad, code: 'INVALID_UTF8' })]);
    });

    const swept = itIf(connector.listIds !== undefined && abilities.namelessRecords);
    swept('never makes a sweep miss a record that is there without its id', async () => {
      subject.world.create('good');
      subject.world.poison(subject.world.create('bad'), 'no-id');
      const list = provided(connector.listIds);
      const error = await failureOf(collect(list(subject.world.context(), subject.world.stream, null)));
      expect(error).toBeInstanceOf(InvalidResponse);
    });

    itIf(abilities.removeField)(
      'reads on without a field that was removed, or names the mistake',
      async () => {
        const id = subject.world.create('one');
        provided(subject.world.removeField)();
        const read = await subject.firstPage().catch((error: unknown) => error as Error);
        if (read instanceof Error) expect(read).toBeInstanceOf(ConfigError);
        else expect(idsOf(read.records)).toEqual([id]);
      },
    );
  });
}

async function poisoned(
  subject: ContractSubject,
  kind: Poison,
): Promise<{ good: string[]; bad: string; page: Page<unknown> }> {
  const first = subject.world.create('first');
  const bad = subject.world.create('bad');
  const last = subject.world.create('last');
  subject.world.poison(bad, kind);
  return { good: [first, last], bad, page: await subject.firstPage() };
}
