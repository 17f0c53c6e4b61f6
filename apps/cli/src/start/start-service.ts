import { loadManifests } from '#connectors';
import { PostgresEventStore } from '#event-sourcing';
import { IdentityRepository, identityProjection } from '#identity';
import { ApiKeys, type Config, startWatchdog } from '#platform';
import { createSync, type Sync } from '#sync';
import {
  ConnectionsModule,
  createApi,
  DeadLettersModule,
  ImportsModule,
  logDetails,
  type ReadinessChecks,
} from '../../../api/src/index.js';
import { createWorker, workedQueues } from '../../../worker/src/index.js';
import { loadDemoRoster } from './demo-roster.js';
import { requireFreePort } from './free-port.js';
import { greet } from './greeting.js';
import { type Infrastructure, openInfrastructure } from './infrastructure.js';
import type { Part } from './part.js';
import { readinessChecks } from './readiness-checks.js';
import { serveWorkerHealth } from './worker-health.js';

export interface StartOptions {
  readonly parts: readonly Part[];
  readonly demo: boolean;
  /** Tells the person who started it what they want to know next; ready is said only after that. */
  readonly announce: (greeting: string) => void;
}

export interface RunningService {
  /** Answers what is under way, lets running jobs end, and gives everything back. */
  close(): Promise<void>;
}

/** Starts what was asked for; when one part fails, those already up are closed again. */
export async function startService(
  config: Config,
  { parts, demo, announce }: StartOptions,
): Promise<RunningService> {
  await loadManifests(config.ROLLCALL_MANIFESTS);
  await requireFreePort(config);
  const infrastructure = await openInfrastructure(config, parts.includes('worker') ? workedQueues.length : 0);
  const opened: (() => Promise<unknown>)[] = [() => infrastructure.close()];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  const progress = { announced: false };
  try {
    const keys = new ApiKeys(infrastructure.prisma, { pool: infrastructure.pool });
    const preset = config.ROLLCALL_ADMIN_KEY;
    if (preset) await keys.ensureAdminKey(preset);
    const sync = openSync(infrastructure);
    if (demo) await loadDemoRoster(infrastructure.pool);
    if (parts.includes('worker')) {
      const worker = await openWorker(infrastructure, sync);
      opened.push(() => worker.close());
    }
    const readiness = readinessChecks({ ...infrastructure, keys }, progress);
    const front = parts.includes('api')
      ? await openApi(infrastructure, { keys, sync, readiness })
      : await serveWorkerHealth(readiness, {
          host: config.HOST,
          port: config.PORT,
          details: logDetails(infrastructure.pool),
        });
    opened.push(() => front.close());
    // Last of all: a key made by a start that then failed would never be shown to anybody.
    const adminKey = preset ? undefined : await keys.ensureAdminKey();
    announce(greet({ infrastructure, parts, url: front.url, adminKey }));
    progress.announced = true;
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A hang becomes a death, so that somebody starts the process again; what hung is then run alone, by a stricter clock. */
async function openWorker(infrastructure: Infrastructure, sync: Sync): Promise<{ close(): Promise<void> }> {
  const { config, databaseUrl, pooled, secretKey } = infrastructure;
  const stalledAfterMs = config.ROLLCALL_STALLED_AFTER * 1_000;
  const { ROLLCALL_MANIFESTS: manifests, ROLLCALL_ALLOW_PRIVATE_NETWORK: allowPrivateNetwork } = config;
  const setup = { databaseUrl, pooled, secretKey, manifests, allowPrivateNetwork };
  const alone = { setup, stalledAfterMs: stalledAfterMs / STRICTER };
  // First of all: the first job that it takes may be the one.
  const watchdog = await startWatchdog({ stalledAfterMs });
  const lostAfterMs = config.ROLLCALL_LOST_AFTER * 1_000;
  const worker = await createWorker({ ...infrastructure, sync, alone, lostAfterMs });
  return {
    close: async () => {
      await worker.close();
      await watchdog.stop();
    },
  };
}

const STRICTER = 3;

interface ApiFurnishings {
  readonly keys: ApiKeys;
  readonly sync: Sync;
  readonly readiness: ReadinessChecks;
}

async function openApi(infrastructure: Infrastructure, { keys, sync, readiness }: ApiFurnishings) {
  const { config, pool, prisma } = infrastructure;
  const api = await createApi({
    config,
    pool,
    prisma,
    keys,
    readiness,
    modules: [
      DeadLettersModule.over(infrastructure),
      ImportsModule.over(infrastructure),
      ConnectionsModule.over({ sync, config }),
    ],
  });
  await api.listen(config.PORT, config.HOST);
  return { url: await api.getUrl(), close: () => api.close() };
}

/** The API and the worker of one process share it. */
function openSync(infrastructure: Infrastructure): Sync {
  const { config, pool } = infrastructure;
  const store = new PostgresEventStore(pool, [identityProjection]);
  return createSync({
    ...infrastructure,
    identities: new IdentityRepository(store),
    calls: infrastructure.backend.calls,
    network: { allowPrivateNetwork: config.ROLLCALL_ALLOW_PRIVATE_NETWORK },
  });
}
