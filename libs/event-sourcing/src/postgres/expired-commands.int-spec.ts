import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createPool, type Pool } from '#platform';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import { aCommand } from '../testing/builders.js';
import { deleteExpiredCommands } from './expired-commands.js';
import { PostgresEventStore } from './postgres-event-store.js';

describeEachDatabase('the clean-up of commands', (database) => {
  let pool: Pool;
  let store: PostgresEventStore;
  beforeAll(() => {
    pool = createPool({ url: database.url });
    store = new PostgresEventStore(pool);
  });
  afterAll(() => pool.end());

  it.each([0, 3, 6, 7])('deletes %i that are a day old, and none that are younger', async (count) => {
    for (let n = 0; n < count; n++) await store.recordCommand(aCommand());
    await pool.query(`update es.commands set created_at = now() - interval '24 hours'`);
    const young = aCommand();
    await store.recordCommand(young);
    expect(await deleteExpiredCommands(pool, 3)).toBe(count);
    const { rows } = await pool.query('select idempotency_key from es.commands');
    expect(rows).toEqual([{ idempotency_key: young.key }]);
    await pool.query('delete from es.commands');
  });
});
