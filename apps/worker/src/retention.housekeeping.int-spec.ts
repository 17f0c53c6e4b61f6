import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool, newSecretKey, type Pool, SecretBox } from '#platform';
import { PostgresDeadLetterStore } from '#queue';
import { createTestDatabase, type TestDatabase } from '../../../test/support/databases.js';
import { retentionChores } from './retention.housekeeping.js';

describe('house-keeping', () => {
  let database: TestDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool({ url: database.url, max: 2 });
  });
  afterAll(async () => {
    await pool?.end();
    await database?.drop();
  });

  async function run(name: string): Promise<void> {
    const store = new PostgresDeadLetterStore(pool, new SecretBox(newSecretKey()));
    const found = retentionChores(pool, store).find((one) => one.name === name);
    if (!found) throw new Error(`No chore ${name}`);
    await found.run();
  }

  it('forgets idempotency keys after a day, however many there are', async () => {
    await pool.query(
      `insert into es.commands (idempotency_key, request_hash, result, created_at)
       select 'old-' || n, ''::bytea, 'null'::jsonb, now() - interval '25 hours' from generate_series(1, 12000) n
       union all select 'young', '', 'null', now() - interval '23 hours'`,
    );
    await run('forget-old-idempotency-keys');
    const { rows } = await pool.query('select idempotency_key from es.commands');
    expect(rows).toEqual([{ idempotency_key: 'young' }]);
  });

  it('forgets dead letters a month after they were resolved, and never one that waits', async () => {
    await pool.query(
      `insert into dead_letters (id, queue, job_name, job_id, job_key, payload, code, reason, attempts,
                                 status, failed_at, resolved_at)
       select gen_random_uuid(), 'q', 'j', key, key, ''::bytea, 'C', 'r', 1, status,
              now() - interval '90 days', now() - resolved
         from (values ('long ago', 'retried', interval '31 days'), ('discarded', 'discarded', '31 days'),
                      ('lately', 'retried', '29 days'), ('waiting', 'waiting', null)) v (key, status, resolved)`,
    );
    await run('purge-resolved-dead-letters');
    const { rows } = await pool.query('select job_key from dead_letters order by 1');
    expect(rows.map(({ job_key }) => job_key)).toEqual(['lately', 'waiting']);
  });
});
