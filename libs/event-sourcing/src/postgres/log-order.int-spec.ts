import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool, type Pool } from '#platform';
import { type BorrowedClient, borrowClient } from '#platform/testing';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import type { RecordedEvent } from '../event.js';
import type { EventStore } from '../event-store.js';
import { anAppend, anEvent } from '../testing/builders.js';
import { findAnomalies } from '../testing/history-checker.js';
import { PostgresEventStore, toRecordedEvent } from './postgres-event-store.js';

/** Interleavings in lock step: the order in which a reader may see what concurrent transactions append. */
describeEachDatabase('the order of the log', (database) => {
  let pool: Pool;
  let store: PostgresEventStore;
  let slow: BorrowedClient;
  beforeAll(() => {
    pool = createPool({ url: database.url });
    store = new PostgresEventStore(pool);
  });
  beforeEach(async () => {
    slow = await borrowClient(pool);
  });
  afterEach(async () => {
    await slow.query('rollback');
    slow.release();
  });
  afterAll(() => pool.end());

  it.each([1, 2])('holds a reader back while a lower position is still open (%i events)', async (count) => {
    const reader = await readerAtTheEnd();
    await openAppend(count);
    await store.append([anAppend()]);
    expect(await reader.read()).toEqual([]);
    await slow.query('commit');
    await reader.read();
    expect(await reader.anomalies()).toEqual([]);
    expect(reader.handled).toHaveLength(count + 1);
  });

  it('hands out what lies below the open position meanwhile', async () => {
    const reader = await readerAtTheEnd();
    await store.append([anAppend()]);
    await openAppend();
    await store.append([anAppend()]);
    expect(await reader.read()).toHaveLength(1);
  });

  it('passes positions that were rolled back', async () => {
    const reader = await readerAtTheEnd();
    await openAppend();
    await store.append([anAppend()]);
    await slow.query('rollback');
    expect(await reader.read()).toHaveLength(1);
    expect(await reader.anomalies()).toEqual([]);
  });

  it('goes on when the session of an append that was left open ends', async () => {
    const reader = await readerAtTheEnd();
    const session = await borrowClient(pool);
    const ended = new Promise((resolve) => session.on('error', resolve));
    await session.query('begin');
    await store.within(session).append([anAppend()]);
    await store.append([anAppend()]);
    expect(await reader.read()).toEqual([]);
    const { rows } = await session.query('select pg_backend_pid() as pid');
    await pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
    await ended;
    session.release(true);
    await until(async () => (await reader.read()).length > 0);
    expect(await reader.anomalies()).toEqual([]);
  });

  it('keeps a stream in order when a transaction wrote elsewhere before it appended', async () => {
    const reader = await readerAtTheEnd();
    await slow.query('begin');
    await slow.query('create temporary table earlier as select 1 as written');
    const first = anAppend();
    await store.append([first]);
    await store.within(slow).append([anAppend({ streamId: first.streamId, expectedVersion: 1 })]);
    await slow.query('commit');
    await reader.read();
    expect(reader.handled.map(({ version }) => version)).toEqual([1, 2]);
    expect(await reader.anomalies()).toEqual([]);
  });

  describe('would break', () => {
    it('for a reader without the watermark', async () => {
      const naive = await readerAtTheEnd({ readAll: readNaively });
      await openAppend();
      await store.append([anAppend()]);
      expect(await naive.read()).toHaveLength(1);
      await slow.query('commit');
      await naive.read();
      expect(await naive.anomalies()).toEqual([expect.stringContaining('handled 0 times')]);
    });

    it.each(['append_one', 'append'])('when es.%s did not publish the watermark', (name) =>
      withMutant(name, [[watermark, '']], async () => {
        const reader = await readerAtTheEnd();
        await openAppend(name === 'append' ? 2 : 1);
        await store.append([anAppend()]);
        await reader.read();
        await slow.query('commit');
        await reader.read();
        expect((await reader.anomalies()).length).toBeGreaterThan(0);
      }),
    );

    it('when es.append_one published the watermark after it drew its position', () =>
      withMutant(
        'append_one',
        [
          [watermark, ''],
          ['end $', `${pause}\n${watermark}\nend $`],
        ],
        async () => {
          const reader = await readerAtTheEnd();
          await holdPause();
          const late = store.append([anAppend()]);
          await someoneIsPaused();
          await store.append([anAppend({ events: [anEvent(), anEvent()] })]);
          await reader.read();
          await slow.query('commit');
          await late;
          await reader.read();
          expect(await reader.anomalies()).toEqual([expect.stringContaining('handled 0 times')]);
        },
      ));

    it('when es.safe_position looked for open appends before it read the last position', () =>
      withMutant('safe_position', [[lastRead + locksRead, locksRead + pause + lastRead]], () =>
        appendDuringRead('missed'),
      ));

    // A pause after each read: the first one stands between the two, whatever their order.
    it('not in the order in which es.safe_position reads', () =>
      withMutant(
        'safe_position',
        [
          [lastRead, lastRead + pause],
          [locksRead, locksRead + pause],
        ],
        () => appendDuringRead('seen'),
      ));
  });

  /** A reader stops between its two reads; one append opens and another one commits before it goes on. */
  async function appendDuringRead(expected: 'seen' | 'missed') {
    const reader = await readerAtTheEnd();
    await holdPause();
    const page = reader.read();
    await someoneIsPaused();
    const open = await borrowClient(pool);
    await open.query('begin');
    await store.within(open).append([anAppend()]);
    await store.append([anAppend()]);
    await slow.query('commit');
    await page;
    await open.query('commit');
    open.release();
    await reader.read();
    const anomalies = await reader.anomalies();
    expect(anomalies).toEqual(expected === 'seen' ? [] : [expect.stringContaining('handled 0 times')]);
  }

  async function openAppend(count = 1) {
    const events = Array.from({ length: count }, () => anEvent());
    await slow.query('begin');
    await store.within(slow).append([anAppend({ events })]);
  }

  const holdPause = () => slow.query(`begin; select pg_advisory_xact_lock(${PAUSE})`);

  const someoneIsPaused = () =>
    until(async () => {
      const { rowCount } = await pool.query(
        `select 1 from pg_locks where locktype = 'advisory' and objid = ${PAUSE} and not granted`,
      );
      return rowCount === 1;
    });

  async function readerAtTheEnd({ readAll }: Pick<EventStore, 'readAll'> = store) {
    const { safe: begin } = await store.readAll(await lastPosition(), 1);
    let at = begin;
    const handled: RecordedEvent[] = [];
    return {
      handled: handled,
      read: async () => {
        const { events, safe } = await readAll.call(store, at, 100);
        at = safe;
        handled.push(...events);
        return events;
      },
      anomalies: async () => {
        const { events: log } = await readNaively(begin, 1_000);
        return findAnomalies({ attempts: [], log, handled });
      },
    };
  }

  const lastPosition = async (): Promise<number> =>
    (await pool.query('select last_value from es.global_position')).rows[0].last_value;

  /** What many stores do: whatever is visible after the checkpoint. */
  async function readNaively(after: number, limit: number) {
    const { rows } = await pool.query(
      'select * from es.events where global_position > $1 order by global_position limit $2',
      [after, limit],
    );
    const events = rows.map(toRecordedEvent);
    return { events, safe: events.at(-1)?.globalPosition ?? after };
  }

  /** Runs the test on a function that differs in some places, and puts the real one back. */
  async function withMutant(
    name: string,
    changes: readonly (readonly [find: string, replace: string])[],
    test: () => Promise<void>,
  ) {
    const { rows } = await pool.query<{ source: string }>(
      `select pg_get_functiondef(oid) as source from pg_proc
        where proname = $1 and pronamespace = 'es'::regnamespace`,
      [name],
    );
    const source = rows[0]?.source ?? '';
    const mutant = changes.reduce((text, [find, replace]) => {
      expect(text).toContain(find);
      return text.replace(find, () => replace);
    }, source);
    await pool.query(mutant);
    await test().finally(() => pool.query(source));
  }
});

/** An advisory lock that the test holds: who asks for it stands still. */
const PAUSE = 4711;
const pause = `perform pg_advisory_xact_lock_shared(${PAUSE});\n`;

const watermark = `if pg_advisory_xact_lock_shared((7744::bigint << 44) | pg_sequence_last_value('es.global_position')) is null then
    raise exception 'es.global_position has no last value to publish';
  end if;`;
const lastRead = 'select last_value into l from es.global_position;\n';
const locksRead = `  select min(((classid::bigint & 4095) << 32) | objid::bigint) into w
    from pg_locks
   where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 12 = 7744 and granted
     and database = (select oid from pg_database where datname = current_database());\n`;

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
