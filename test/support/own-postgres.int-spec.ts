import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { OwnPostgres } from './own-postgres.js';

jest.setTimeout(120_000);

describe('a PostgreSQL of the test’s own', () => {
  let postgres: OwnPostgres;
  beforeAll(async () => {
    postgres = await OwnPostgres.start({ settings: { max_connections: 30 } });
    await postgres.sql('create table kept (n int)');
  });
  afterAll(() => postgres.end());

  it('has the settings it was given', async () =>
    expect(await postgres.sql('show max_connections')).toEqual([{ max_connections: '30' }]));

  it.each(['fast', 'immediate', 'kill -9'] as const)(
    'comes back after %s with what it held',
    async (mode) => {
      await postgres.sql('insert into kept values (1)');
      const [before] = await postgres.sql('select count(*) from kept');
      await postgres.restart(mode);
      expect(await postgres.sql('select count(*) from kept')).toEqual([before]);
    },
  );

  it('says nothing while it is paused, and answers afterwards', async () => {
    await postgres.pause();
    let answered = false;
    const asking = postgres.sql('select 1 as one').finally(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300)); // Nothing happens, so there is nothing to wait for.
    expect(answered).toBe(false);
    await postgres.resume();
    expect(await asking).toEqual([{ one: 1 }]);
  });
});
