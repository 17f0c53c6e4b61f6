import { describe, expect, it, jest } from '@jest/globals';
import { uuidv4 } from '#platform';
import type { Decider } from './decider.js';
import type { Event } from './event.js';
import { EventCatalog } from './event-catalog.js';
import { InMemoryEventStore } from './in-memory/in-memory-event-store.js';
import { foldStream, walkStream } from './stream-walk.js';
import { anAppend, anEvent } from './testing/builders.js';

type Happened = Event<'SomethingHappened', { n: number }>;
const catalog = new EventCatalog<Happened>({ SomethingHappened: [] });
const sum: Decider<number, Happened> = { initial: 0, evolve: (total, { data }) => total + data.n };

const PAGE = 500;

describe('a walk through a stream', () => {
  it.each([
    [{}, 1, 2_550],
    [{ upTo: 500 }, 1, 500],
    [{ upTo: 501 }, 1, 501],
    [{ after: 499 }, 500, 2_550],
    [{ after: 300, upTo: 310 }, 301, 310],
    [{ upTo: 9_999 }, 1, 2_550],
  ])('meets each event of the range %j once, in order', async (range, from, to) => {
    const versions = await walked(await aStreamOf(2_550), range);
    expect(versions).toEqual(Array.from({ length: to - from + 1 }, (_, n) => from + n));
  });

  it.each([{}, { after: 2_550 }, { after: 5, upTo: 5 }, { upTo: 0 }])(
    'meets none where there is none: %j',
    async (range) => {
      const empty = { store: new InMemoryEventStore(), catalog, streamId: uuidv4() };
      expect(await walked(empty)).toEqual([]);
      if (Object.keys(range).length > 0) expect(await walked(await aStreamOf(2_550), range)).toEqual([]);
    },
  );

  it('holds no more than a page in memory', async () => {
    const stream = await aStreamOf(2_550);
    const lengths: number[] = [];
    const store: Walked['store'] = {
      readStream: async (...range) => {
        const page = await stream.store.readStream(...range);
        lengths.push(page.length);
        return page;
      },
    };
    await walked({ ...stream, store });
    expect(lengths).toEqual([PAGE, PAGE, PAGE, PAGE, PAGE, 50]);
  });

  it('gives others their turns of the event loop', async () => {
    const stream = await aStreamOf(2_550);
    expect(await turnsDuring(() => walked(stream))).toBeGreaterThanOrEqual(5);
    expect(await turnsDuring(() => foldStream(sum, stream))).toBeGreaterThanOrEqual(5);
  });

  it('gives turns within a page whose events take long', async () => {
    const stream = await aStreamOf(20);
    const now = jest.spyOn(performance, 'now');
    let clock = 0;
    now.mockImplementation(() => clock);
    const slowly = () => walkStream<Happened>(stream, () => (clock += 3));
    try {
      expect(await turnsDuring(slowly)).toBeGreaterThanOrEqual(9);
    } finally {
      now.mockRestore();
    }
  });

  it('ends with what the work throws', async () => {
    const broken = walkStream<Happened>(await aStreamOf(3), () => {
      throw new Error('no');
    });
    await expect(broken).rejects.toThrow('no');
  });
});

describe('the fold of a stream', () => {
  it('is the state and the version that its events leave', async () => {
    const stream = await aStreamOf(450);
    expect(await foldStream(sum, stream)).toEqual({ state: 450 * 451 * 0.5, version: 450 });
    expect(await foldStream(sum, stream, { upTo: 4 })).toEqual({ state: 10, version: 4 });
    expect(await foldStream(sum, stream, { upTo: 0 })).toEqual({ state: 0, version: 0 });
  });
});

type Walked = Parameters<typeof walkStream<Happened>>[0];

async function walked(stream: Walked, range = {}): Promise<number[]> {
  const versions: number[] = [];
  await walkStream<Happened>(stream, ({ version }) => versions.push(version), range);
  return versions;
}

async function aStreamOf(count: number) {
  const store = new InMemoryEventStore();
  const append = anAppend({ events: Array.from({ length: count }, (_, n) => anEvent({ n: n + 1 })) });
  await store.append([append]);
  return { store, catalog, streamId: append.streamId };
}

/** How often the event loop came round while `work` was under way. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let working = true;
  const count = () => {
    if (!working) return;
    turns++;
    setImmediate(count);
  };
  setImmediate(count);
  await work();
  working = false;
  return turns;
}
