import { beforeEach, describe, expect, it } from '@jest/globals';
import { uuidv4 } from '#platform';
import { type Decider, fold } from './decider.js';
import {
  IdempotencyKeyReusedError,
  VersionMismatchError,
  WriteConflictError,
  WrongExpectedVersionError,
} from './errors.js';
import type { Event } from './event.js';
import { EventCatalog } from './event-catalog.js';
import { InMemoryEventStore } from './in-memory/in-memory-event-store.js';
import { type Loaded, type TransactContext, Transactor } from './transactor.js';

type Counted = Event<'Counted', { by: number }>;

const counter: Decider<number, Counted> = { initial: 0, evolve: (total, { data }) => total + data.by };
const count = (by: number) => (): Counted[] => (by === 0 ? [] : [{ type: 'Counted', data: { by } }]);
const catalog = new EventCatalog<Counted>({ Counted: [] });

describe('a transaction on a stream', () => {
  let store: InMemoryEventStore;
  let transactor: Transactor<number, Counted, InMemoryEventStore>;
  const streamId = uuidv4();
  beforeEach(() => {
    store = new InMemoryEventStore();
    transactor = new Transactor({ store, category: 'counter', decider: counter, catalog, load, clock });
  });

  it('appends what was decided and answers the state after it', async () => {
    expect(await add(2)).toEqual({ state: 2, version: 1 });
    expect(await add(3)).toEqual({ state: 5, version: 2 });
    expect(await store.readStream(streamId)).toMatchObject([
      { type: 'Counted', schemaVersion: 1, data: { by: 2 }, metadata: { actor: 'key:1', occurredAt: NOON } },
      { data: { by: 3 } },
    ]);
  });

  it('writes nothing when there is nothing to say', async () => {
    expect(await add(0)).toEqual({ state: 0, version: 0 });
    expect(await store.readStream(streamId)).toEqual([]);
  });

  it('loses none of 20 parallel changes', async () => {
    await Promise.all(Array.from({ length: 20 }, () => add(1)));
    expect(await load(store, streamId)).toEqual({ state: 20, version: 20 });
  });

  it('decides again on the state that overtook it', async () => {
    await add(1);
    const stale = { state: 0, version: 0 };
    const answer = await transactor.transact(streamId, count(1), context(), (after) => after, stale);
    expect(answer).toEqual({ state: 2, version: 2 });
  });

  it('gives up when it never gets through', async () => {
    store.append = async () => {
      throw new WrongExpectedVersionError();
    };
    await expect(add(1)).rejects.toThrow(WriteConflictError);
  });

  it('does not wait again for a lock that it has waited for as long as one may', async () => {
    let tries = 0;
    store.append = async () => {
      tries++;
      throw Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });
    };
    await expect(add(1)).rejects.toMatchObject({ code: '55P03' });
    expect(tries).toBe(1);
  });

  it('hands on a broken rule at once', async () => {
    let asked = 0;
    const refuse = (): never => {
      asked++;
      throw new RangeError('no more');
    };
    await expect(transactor.transact(streamId, refuse, context(), String)).rejects.toThrow('no more');
    expect(asked).toBe(1);
  });

  describe('that expects a version', () => {
    it('goes through at that version', async () => {
      await add(1);
      expect(await add(1, { precondition: { is: [1] } })).toEqual({ state: 2, version: 2 });
    });

    it.each([0, 1])('is refused at another one (adding %i)', async (by) => {
      await add(1);
      await expect(add(by, { precondition: { is: [2] } })).rejects.toThrow(VersionMismatchError);
    });
  });

  describe('with an idempotency key', () => {
    const requestHash = Buffer.from('add 5');
    const idempotency = { key: 'once', requestHash };

    it.each([5, 0])('has one effect and one answer (adding %i)', async (by) => {
      const first = await add(by, { idempotency });
      await add(1);
      expect(await add(by, { idempotency })).toEqual(first);
      expect((await load(store, streamId)).state).toBe(by + 1);
    });

    it('has one effect when it comes 50 times at once', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => add(5, { idempotency })));
      expect(answers).toEqual(Array(50).fill({ state: 5, version: 1 }));
      expect(await store.readStream(streamId)).toHaveLength(1);
    });

    it('is refused with another request', async () => {
      await add(5, { idempotency });
      const other = { key: 'once', requestHash: Buffer.from('add 6') };
      await expect(add(6, { idempotency: other })).rejects.toThrow(IdempotencyKeyReusedError);
    });

    it('may be tried again after it failed', async () => {
      await add(1);
      await expect(add(5, { idempotency, precondition: { is: [7] } })).rejects.toThrow(VersionMismatchError);
      expect(await add(5, { idempotency })).toEqual({ state: 6, version: 2 });
    });
  });

  const add = (by: number, circumstances: Partial<TransactContext> = {}) =>
    transactor.transact(streamId, count(by), { ...context(), ...circumstances }, (after) => after);
});

const NOON = '2026-11-23T12:00:00.000Z';
const clock = { now: () => new Date(NOON) };
const context = (): TransactContext => ({
  metadata: { actor: 'key:1', source: 'rest', correlationId: 'c-1' },
});

async function load(store: InMemoryEventStore, streamId: string): Promise<Loaded<number>> {
  const events = await store.readStream(streamId);
  return {
    state: fold(
      counter,
      events.map((event) => catalog.upcast(event)),
    ),
    version: events.length,
  };
}
