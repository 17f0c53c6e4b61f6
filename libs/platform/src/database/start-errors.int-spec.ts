import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  PASSWORD,
  startUnusableWorld,
  type UnusableWorld,
  unusableDatabases,
} from '../../../../test/support/unusable-databases.js';
import { applyMigrations } from '../migrations/apply-migrations.js';
import { withConnection } from './connection.js';
import { requireFitServer } from './fit-server.js';
import { sayingWhyUnusable } from './start-errors.js';

describe('a start on a database that cannot be used', () => {
  let world: UnusableWorld;
  beforeAll(async () => {
    world = await startUnusableWorld();
  });
  afterAll(() => world.stop());

  it.each(unusableDatabases)('says so of $name', async ({ url: urlIn, says, later }) => {
    const url = urlIn(world);
    const said = await sayingWhyUnusable({ setting: 'DATABASE_URL', url }, async () => {
      await withConnection({ url }, requireFitServer);
      if (later) await applyMigrations(url);
      if (later) await withConnection({ url }, (client) => client.query('create schema bullmq'));
    }).then(
      () => 'it can be used',
      (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
    );
    expect(said).toMatch(
      /^DATABASE_UNUSABLE: DATABASE_URL: PostgreSQL at \S+ cannot be used as role "\w+": /,
    );
    expect(said).toMatch(says);
    expect(said).not.toContain(PASSWORD);
    expect(said.split('\n')).toHaveLength(1);
  });
});
