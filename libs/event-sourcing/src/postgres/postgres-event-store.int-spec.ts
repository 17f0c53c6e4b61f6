import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool, inTransaction, type Pool } from '#platform';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import { anAppend, anEvent } from '../testing/builders.js';
import { eventStoreContract } from '../testing/event-store.contract.js';
import { PostgresEventStore } from './postgres-event-store.js';

describeEachDatabase('PostgresEventStore', (database) => {
  let pool: Pool;
  let store: PostgresEventStore;
  beforeAll(() => {
    pool = createPool({ url: database.url });
    store = new PostgresEventStore(pool);
  });
  afterAll(() => pool.end());

  eventStoreContract(() => ({
    store,
    aDayPasses: async () => {
      await pool.query(`update es.commands set created_at = created_at - interval '24 hours'`);
    },
    aMomentPasses: async () => {
      await pool.query('select pg_sleep(0.002)');
    },
  }));

  describe('within a transaction of the caller', () => {
    it('appends what stands or falls with it', async () => {
      const append = anAppend();
      const failed = inTransaction(pool, async (client) => {
        await store.within(client).append([append]);
        throw new Error('after the append');
      });
      await expect(failed).rejects.toThrow('after the append');
      expect(await store.readStream(append.streamId)).toEqual([]);
    });

    it('locks a stream in that transaction', async () => {
      const { streamId } = anAppend();
      await store.append([anAppend({ streamId })]);
      await inTransaction(pool, (client) =>
        store.within(client).exclusively(streamId, async (locked) => {
          await locked.append([anAppend({ streamId, expectedVersion: 1 })]);
          expect(locked.executor).toBe(client);
        }),
      );
      expect(await store.readStream(streamId)).toHaveLength(2);
    });
  });

  it('refuses an archived stream', async () => {
    const { streamId } = anAppend();
    await store.append([anAppend({ streamId })]);
    await pool.query('update es.streams set archived_at = now() where stream_id = $1', [streamId]);
    const one = anAppend({ streamId, expectedVersion: 1 });
    const two = anAppend({ streamId, expectedVersion: 'any', events: [anEvent(), anEvent()] });
    await expect(store.append([one])).rejects.toMatchObject({ code: 'WRONG_EXPECTED_VERSION' });
    await expect(store.append([two])).rejects.toMatchObject({ code: 'WRONG_EXPECTED_VERSION' });
  });

  it.each(['update es.events set type = type', 'delete from es.events', 'truncate es.events'])(
    'keeps the log as it is: %s',
    async (sql) => {
      await expect(pool.query(sql)).rejects.toMatchObject({ code: 'ES002' });
    },
  );
});
