import { loadManifests } from '#connectors';
import { PostgresEventStore } from '#event-sourcing';
import { IdentityRepository, identityProjection } from '#identity';
import { createPool, createPrisma, SecretBox } from '#platform';
import { PostgresDeadLetterStore, type Queues, type ServedJobs, type Warder } from '#queue';
import { createSync } from '#sync';
import { openProcessors } from '../processors.js';
import type { SolitarySetup } from './solitary-setup.js';

/** As many as one job uses at once; the plan of a worker's connections holds them back. */
const REQUESTS = 2;
const PRISMA = 1;

/** The worker composed for one job at a time: its processors, without queues to take from, and without housekeeping. */
export async function openSolitary(setup: SolitarySetup, warder: Warder): Promise<ServedJobs> {
  await loadManifests(setup.manifests);
  const database = { url: setup.databaseUrl, pooled: setup.pooled };
  const pool = createPool({ ...database, max: REQUESTS });
  const prisma = createPrisma({ ...database, max: PRISMA });
  const secretBox = new SecretBox(setup.secretKey);
  const queues = warder.queues satisfies Queues;
  const sync = createSync({
    ...{ pool, prisma, secretBox, queues },
    identities: new IdentityRepository(new PostgresEventStore(pool, [identityProjection])),
    calls: warder.calls,
    network: { allowPrivateNetwork: setup.allowPrivateNetwork },
  });
  const { jobs } = await openProcessors({ pool, queues, sync });
  return {
    find: (queue, name) => jobs.find(queue, name),
    deadLetters: new PostgresDeadLetterStore(pool, secretBox),
  };
}
