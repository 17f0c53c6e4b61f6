import 'reflect-metadata';
import { ApiKeys, createLogger, createPool, createPrisma, migrationsPending, readConfig } from '#platform';
import { createApi } from './create-api.js';

/** The API alone, on a database that is migrated already: `rollcall start` runs API and worker together. */
async function main(): Promise<void> {
  const config = readConfig();
  const { DATABASE_URL: url } = config;
  if (!url) throw new Error('DATABASE_URL is required to run the API alone; "rollcall start" needs none');
  const pool = createPool({ url });
  const prisma = createPrisma(url);
  const keys = new ApiKeys(prisma);
  const readiness = {
    database: async () => {
      await pool.query('select 1');
    },
    migrations: async () => {
      const pending = await migrationsPending(pool);
      if (pending.length > 0) throw new Error(`${pending.length} migration(s) are not applied`);
    },
  };
  const app = await createApi({ config, pool, prisma, keys, readiness });
  await app.listen(config.PORT, config.HOST);
}

main().catch((error: unknown) => {
  createLogger('api').fatal({ err: error }, 'the API could not start');
  process.exitCode = 1;
});
