import { beforeEach, describe, expect, it } from '@jest/globals';
import { uuidv4 } from '#platform';
import { CommandAlreadyRecordedError, DuplicateEventError, WrongExpectedVersionError } from '../errors.js';
import type { RecordedEvent } from '../event.js';
import type { EventStore } from '../event-store.js';
import { aCommand, anAppend, anEvent } from './builders.js';

/** A store to hold against the contract, and a way to let its commands grow old. */
export interface StoreUnderTest {
  readonly store: EventStore;
  aDayPasses(): Promise<void>;
  /** Long enough for the time of recording to tell events apart. */
  aMomentPasses(): Promise<void>;
}

/** What every event store does. Each test uses streams of its own, so that they may share a store. */
export function eventStoreContract(open: () => StoreUnderTest): void {
  let store: EventStore;
  let aDayPasses: StoreUnderTest['aDayPasses'];
  let aMomentPasses: StoreUnderTest['aMomentPasses'];
  beforeEach(() => {
    ({ store, aDayPasses, aMomentPasses } = open());
  });

  describe('append', () => {
    it('begins a stream at version 1', async () => {
      const append = anAppend();
      const [result] = await store.append([append]);
      expect(result).toEqual({ streamId: append.streamId, version: 1, globalPosition: expect.any(Number) });
    });

    it('continues a stream at the version it expects', async () => {
      const { streamId } = await aStreamOf(2);
      await store.append([anAppend({ streamId, expectedVersion: 2, events: [anEvent(), anEvent()] })]);
      const stream = await store.readStream(streamId);
      expect(stream.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
      expect(positions(stream)).toEqual(ascending(positions(stream)));
    });

    it('appends at any version when told so', async () => {
      const { streamId } = await aStreamOf(2);
      const [result] = await store.append([anAppend({ streamId, expectedVersion: 'any' })]);
      expect(result?.version).toBe(3);
      const [fresh] = await store.append([anAppend({ expectedVersion: 'any' })]);
      expect(fresh?.version).toBe(1);
    });

    it('appends to many streams, answering in their order', async () => {
      const { streamId } = await aStreamOf(1);
      const appends = [
        anAppend({ events: [anEvent('a'), anEvent('b')] }),
        anAppend({ streamId, expectedVersion: 1 }),
        anAppend(),
      ];
      const results = await store.append(appends);
      expect(results.map((result) => result.streamId)).toEqual(appends.map((append) => append.streamId));
      expect(results.map(({ version }) => version)).toEqual([2, 2, 1]);
      const [first] = appends;
      const stream = await store.readStream(first?.streamId ?? '');
      expect(stream.map(({ data }) => data)).toEqual(['a', 'b']);
      expect(results[0]?.globalPosition).toBe(stream.at(-1)?.globalPosition);
    });

    it('keeps the whole event', async () => {
      const event = {
        ...anEvent({ text: 'é "quoted"', list: [1, null] }),
        schemaVersion: 3,
      };
      const { streamId } = anAppend();
      const [result] = await store.append([anAppend({ streamId, events: [event] })]);
      expect(await store.readStream(streamId)).toEqual([
        {
          ...event,
          streamId,
          version: 1,
          globalPosition: result?.globalPosition,
          recordedAt: expect.any(Date),
        },
      ]);
    });

    it('does nothing when there is nothing to append', async () =>
      expect(await store.append([])).toEqual([]));

    it.each([
      ['a stream that exists already', 2, 0],
      ['a version the stream has left behind', 2, 1],
      ['a version the stream has not reached', 2, 3],
      ['a version of a stream that does not exist', 0, 1],
    ])('refuses %s', async (_, existing, expectedVersion) => {
      const { streamId } = await aStreamOf(existing);
      const one = anAppend({ streamId, expectedVersion });
      const two = anAppend({ streamId, expectedVersion, events: [anEvent(), anEvent()] });
      await expect(store.append([one])).rejects.toThrow(WrongExpectedVersionError);
      await expect(store.append([two])).rejects.toThrow(WrongExpectedVersionError);
      expect(await store.readStream(streamId)).toHaveLength(existing);
    });

    it('appends all or nothing', async () => {
      const { streamId } = await aStreamOf(1);
      const good = anAppend();
      const stale = anAppend({ streamId, expectedVersion: 0 });
      await expect(store.append([good, stale])).rejects.toThrow(WrongExpectedVersionError);
      expect(await store.readStream(good.streamId)).toEqual([]);
      await store.append([good]);
    });

    it('refuses an event id that is in the log, or twice in one append', async () => {
      const event = anEvent();
      await store.append([anAppend({ events: [event] })]);
      await expect(store.append([anAppend({ events: [event] })])).rejects.toThrow(DuplicateEventError);
      const again = anEvent();
      const twice = [anAppend({ events: [again] }), anAppend({ events: [again] })];
      await expect(store.append(twice)).rejects.toThrow(DuplicateEventError);
    });

    it.each([1, 2])('lets one of many writers win who expect one version (%i events)', async (count) => {
      const { streamId } = await aStreamOf(1);
      const writers = Array.from({ length: 16 }, () =>
        store.append([
          anAppend({ streamId, expectedVersion: 1, events: Array.from({ length: count }, () => anEvent()) }),
        ]),
      );
      const outcomes = await Promise.allSettled(writers);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(rejections(outcomes)).toEqual(Array(15).fill('WRONG_EXPECTED_VERSION'));
      expect(await store.readStream(streamId)).toHaveLength(1 + count);
    });

    it('lets one of many writers begin a stream', async () => {
      const streamId = uuidv4();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 16 }, () => store.append([anAppend({ streamId })])),
      );
      expect(rejections(outcomes)).toEqual(Array(15).fill('WRONG_EXPECTED_VERSION'));
      expect(await store.readStream(streamId)).toHaveLength(1);
    });

    it('lets batches over the same streams in any order pass each other', async () => {
      const streams = [uuidv4(), uuidv4(), uuidv4()];
      const batch = (order: readonly string[]) =>
        store.append(order.map((streamId) => anAppend({ streamId, expectedVersion: 'any' })));
      await Promise.all(
        Array.from({ length: 10 }, (_, n) => batch(n % 2 ? streams : [...streams].reverse())),
      );
      for (const streamId of streams) {
        const stream = await store.readStream(streamId);
        expect(stream.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        expect(positions(stream)).toEqual(ascending(positions(stream)));
      }
    });
  });

  describe('commands', () => {
    it.each([1, 2])('keeps a command with its %i events', async (count) => {
      const command = aCommand();
      const events = Array.from({ length: count }, () => anEvent());
      await store.append([anAppend({ events })], { command });
      const found = await store.findCommand(command.key);
      expect(found?.result).toEqual(command.result);
      expect(Buffer.from(found?.requestHash ?? [])).toEqual(command.requestHash);
    });

    it('keeps a command that caused no event', async () => {
      const command = aCommand({ result: null });
      await store.recordCommand(command);
      expect(await store.findCommand(command.key)).toMatchObject({ key: command.key, result: null });
      await expect(store.recordCommand(command)).rejects.toThrow(CommandAlreadyRecordedError);
    });

    it('knows no command that never came', async () =>
      expect(await store.findCommand('unheard of')).toBeUndefined());

    it('refuses the whole append when the key is on record', async () => {
      const command = aCommand();
      await store.recordCommand(command);
      const append = anAppend();
      await expect(store.append([append], { command })).rejects.toThrow(CommandAlreadyRecordedError);
      expect(await store.readStream(append.streamId)).toEqual([]);
    });

    it('keeps no command of a refused append', async () => {
      const { streamId } = await aStreamOf(1);
      const command = aCommand();
      const stale = anAppend({ streamId, expectedVersion: 0 });
      await expect(store.append([stale], { command })).rejects.toThrow(WrongExpectedVersionError);
      expect(await store.findCommand(command.key)).toBeUndefined();
    });

    it('gives 50 parallel commands of one key one effect', async () => {
      const command = aCommand();
      const { streamId } = await aStreamOf(1);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 50 }, () =>
          store.append([anAppend({ streamId, expectedVersion: 'any' })], { command }),
        ),
      );
      expect(rejections(outcomes)).toEqual(Array(49).fill('COMMAND_ALREADY_RECORDED'));
      expect(await store.readStream(streamId)).toHaveLength(2);
    });

    it('forgets a command after a day, and its key is free again', async () => {
      const command = aCommand();
      await store.recordCommand(command);
      await aDayPasses();
      expect(await store.findCommand(command.key)).toBeUndefined();
      await store.append([anAppend()], { command });
    });
  });

  describe('readStream', () => {
    it.each([
      [{}, [1, 2, 3, 4, 5]],
      [{ after: 2 }, [3, 4, 5]],
      [{ upTo: 2 }, [1, 2]],
      [{ after: 1, upTo: 3 }, [2, 3]],
      [{ after: 5 }, []],
      [{ after: 3, upTo: 2 }, []],
      [{ upTo: 99 }, [1, 2, 3, 4, 5]],
    ])('reads the range %j', async (range, versions) => {
      const { streamId } = await aStreamOf(5);
      expect((await store.readStream(streamId, range)).map(({ version }) => version)).toEqual(versions);
    });

    it('finds nothing in a stream that does not exist', async () =>
      expect(await store.readStream(uuidv4())).toEqual([]));
  });

  describe('versionAt', () => {
    it('finds the last event that was recorded by a time', async () => {
      const { streamId } = await aStreamOf(2);
      for (let version = 2; version < 5; version++) {
        await aMomentPasses();
        await store.append([anAppend({ streamId, expectedVersion: version })]);
      }
      const events = await store.readStream(streamId);
      expect(new Set(events.map(({ recordedAt }) => recordedAt.getTime())).size).toBeGreaterThan(2);
      for (const { recordedAt } of events) {
        const last = events.findLast((event) => event.recordedAt <= recordedAt);
        expect(await store.versionAt(streamId, recordedAt)).toBe(last?.version);
      }
    });

    it('finds nothing before the first event, nor in a stream that does not exist', async () => {
      const { streamId } = await aStreamOf(1);
      expect(await store.versionAt(streamId, new Date(0))).toBe(0);
      expect(await store.versionAt(uuidv4(), new Date())).toBe(0);
    });
  });

  describe('readAll', () => {
    it('pages through the log in order, each event once', async () => {
      const { safe: begin } = await endOfLog();
      const appended = await someStreams();
      const seen: RecordedEvent[] = [];
      let at = begin;
      for (let page = await store.readAll(at, 3); page.events.length > 0; page = await store.readAll(at, 3)) {
        expect(page.events.length).toBeLessThanOrEqual(3);
        seen.push(...page.events);
        at = page.safe;
      }
      expect(seen.map(({ id }) => id).sort()).toEqual([...appended].sort());
      expect(positions(seen)).toEqual(ascending(positions(seen)));
    });

    it('goes on from the last event of a full page, and from the end of the log otherwise', async () => {
      const { safe: begin } = await endOfLog();
      await aStreamOf(3);
      const full = await store.readAll(begin, 2);
      expect(full.safe).toBe(full.events.at(-1)?.globalPosition);
      const rest = await store.readAll(full.safe, 2);
      expect(rest.events).toHaveLength(1);
      expect(rest.safe).toBeGreaterThanOrEqual(rest.events[0]?.globalPosition ?? Number.NaN);
    });

    it('answers an empty page at the end, and later what came after it', async () => {
      const end = await endOfLog();
      expect(await store.readAll(end.safe, 10)).toEqual({ events: [], safe: end.safe });
      const { streamId } = await aStreamOf(1);
      expect((await store.readAll(end.safe, 10)).events).toEqual(await store.readStream(streamId));
    });

    it('never goes backwards', async () => {
      const { safe } = await endOfLog();
      expect(await store.readAll(safe + 1_000, 10)).toEqual({ events: [], safe: safe + 1_000 });
    });
  });

  describe('exclusively', () => {
    it('lets all who ask have their turn', async () => {
      const { streamId } = await aStreamOf(1);
      await Promise.all(Array.from({ length: 20 }, () => addExclusively(streamId)));
      expect(await store.readStream(streamId)).toHaveLength(21);
    });

    it('hands on what the work throws, and the next one has its turn', async () => {
      const { streamId } = await aStreamOf(1);
      const failed = store.exclusively(streamId, async (locked) => {
        await locked.append([anAppend({ streamId, expectedVersion: 99 })]);
      });
      await expect(failed).rejects.toThrow(WrongExpectedVersionError);
      await addExclusively(streamId);
      expect(await store.readStream(streamId)).toHaveLength(2);
    });
  });

  async function aStreamOf(count: number): Promise<{ streamId: string }> {
    const append = anAppend({ events: Array.from({ length: count }, (_, n) => anEvent({ n })) });
    if (count > 0) await store.append([append]);
    return append;
  }

  async function someStreams(): Promise<string[]> {
    const appends = [3, 1, 4].map((count) =>
      anAppend({ events: Array.from({ length: count }, () => anEvent()) }),
    );
    const [first, ...others] = appends;
    if (first) await store.append([first]);
    await store.append(others);
    return appends.flatMap(({ events }) => events.map(({ id }) => id));
  }

  async function endOfLog() {
    let page = await store.readAll(0, 1_000);
    while (page.events.length > 0) page = await store.readAll(page.safe, 1_000);
    return page;
  }

  const addExclusively = (streamId: string) =>
    store.exclusively(streamId, async (locked) => {
      const expectedVersion = (await locked.readStream(streamId)).length;
      await locked.append([anAppend({ streamId, expectedVersion })]);
    });
}

const positions = (events: readonly RecordedEvent[]): number[] =>
  events.map(({ globalPosition }) => globalPosition);

const ascending = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b);

const rejections = (outcomes: readonly PromiseSettledResult<unknown>[]): string[] =>
  outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
