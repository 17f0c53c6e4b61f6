import 'reflect-metadata';
import {
  ApiKeys,
  type Config,
  createLogger,
  createPool,
  createPrisma,
  migrationsPending,
  type Pool,
  readConfig,
} from '#platform';
import { createApi } from './create-api.js';
import type { ReadinessChecks } from './health/readiness.js';

const log = createLogger('api');

/** The API alone, on a database that is migrated already. `rollcall start` runs all of Rollcall. */
async function main(config: Config): Promise<void> {
  const { DATABASE_URL: url } = config;
  if (!url) throw new TypeError('DATABASE_URL is required to run the API alone; "rollcall start" needs none');
  const pool = createPool({ url });
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'));
  const prisma = createPrisma(url);
  const keys = new ApiKeys(prisma);
  const firstKey = await keys.ensureAdminKey(config.ROLLCALL_ADMIN_KEY);
  const app = await createApi({ config, pool, prisma, keys, readiness: readinessOf(pool) });
  await app.listen(config.PORT, config.HOST);
  process.stdout.write(`Rollcall API: ${await app.getUrl()}\n`);
  if (firstKey) process.stdout.write(`First admin key, shown this once: ${firstKey}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void app.close().then(() => Promise.all([pool.end(), prisma.$disconnect()])));
  }
}

const readinessOf = (pool: Pool): ReadinessChecks => ({
  database: async () => {
    await pool.query('select 1');
  },
  migrations: async () => {
    const pending = await migrationsPending(pool);
    if (pending.length > 0) throw new Error(`${pending.length} migration(s) are not applied`);
  },
});

// A bad setting or an unreachable database: said once, and the process ends.
await main(readConfig()).catch((error: unknown) => {
  log.fatal({ err: error }, 'the API could not start');
  process.exitCode = 1;
});
