import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describeEachDatabase, describeEachQueueBackend, describeWithRedis } from './databases.js';

describeEachDatabase('a database of a suite', (database) => {
  it('is migrated', async () => expect(await tablesIn(database.url)).toContain('es.events'));
});

describeWithRedis('a Redis of a suite', ({ url, prefix }) => {
  it('answers', async () => {
    const redis = new Redis(url);
    expect(await redis.set(`${prefix}:key`, 'value')).toBe('OK');
    await redis.quit();
  });
});

describeEachQueueBackend('a home for jobs', (backend) => {
  it('has a migrated database', async () =>
    expect(await tablesIn(backend.databaseUrl)).toContain('es.events'));

  it('names a Redis when jobs live there', () =>
    expect(backend.redisUrl !== undefined).toBe(backend.kind === 'redis'));
});

async function tablesIn(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(`select schemaname || '.' || tablename as name from pg_tables`);
  await client.end();
  return rows.map(({ name }) => name);
}
