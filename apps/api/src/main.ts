import 'reflect-metadata';
import {
  ApiKeys,
  type Config,
  createLogger,
  createPool,
  createPrisma,
  guardOutputs,
  outliveReaders,
  type Pool,
  planConnections,
  readConfig,
  requireSchema,
  withConnection,
} from '#platform';
import { createApi } from './create-api.js';
import { proveDatabase } from './health/prove-database.js';
import type { ReadinessChecks } from './health/readiness.js';

const log = createLogger('api');

/** The API alone, on a database that is migrated already. `rollcall start` runs all of Rollcall. */
async function main(config: Config): Promise<void> {
  const { DATABASE_URL: url, ROLLCALL_DATABASE_POOLED: pooled } = config;
  if (!url) throw new TypeError('DATABASE_URL is required to run the API alone; "rollcall start" needs none');
  await withConnection({ url, pooled }, (client) => requireSchema(client));
  const needs = { workedQueues: 0, queueInPostgres: false };
  const plan = planConnections(config.ROLLCALL_DATABASE_CONNECTIONS, needs);
  const pool = createPool({ url, pooled, max: plan.requests });
  const prisma = createPrisma({ url, pooled, max: plan.prisma });
  const keys = new ApiKeys(prisma, { pool });
  const firstKey = await keys.ensureAdminKey(config.ROLLCALL_ADMIN_KEY);
  const app = await createApi({ config, pool, prisma, keys, readiness: readinessOf(pool, keys) });
  await app.listen(config.PORT, config.HOST);
  process.stdout.write(`Rollcall API: ${await app.getUrl()}\n`);
  if (firstKey) process.stdout.write(`First admin key, shown this once: ${firstKey}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void app.close().then(() => Promise.all([pool.end(), prisma.$disconnect()])));
  }
}

const readinessOf = (pool: Pool, keys: ApiKeys): ReadinessChecks => ({
  database: () => proveDatabase(pool, keys),
  migrations: () => requireSchema(pool),
});

guardOutputs();
outliveReaders();
// A bad setting or an unreachable database: said once, and the process ends.
await main(readConfig()).catch((error: unknown) => {
  log.fatal({ err: error }, 'the API could not start');
  process.exitCode = 1;
});
