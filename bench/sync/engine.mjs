import { PostgresEventStore } from '#event-sourcing';
import { IdentityRepository, identityProjection } from '#identity';
import { createPool, createPrisma, newSecretKey, SecretBox } from '#platform';
import { createSync, DEFAULT_POLICIES } from '#sync';
import { closeLater } from '../measure/clean-up.mjs';

export const network = { allowPrivateNetwork: true, timeoutMs: 30_000 };

/** The sync engine on a database, with one connection to the fake; `fullRun` does all pages as the worker does. */
export async function openEngine(databaseUrl, fake) {
  const pool = createPool({ url: databaseUrl, max: 10 });
  const prisma = createPrisma({ url: databaseUrl });
  const close = closeLater(async () => {
    await prisma.$disconnect();
    await pool.end();
  });
  const sync = createSync({
    pool,
    prisma,
    identities: new IdentityRepository(new PostgresEventStore(pool, [identityProjection])),
    secretBox: new SecretBox(newSecretKey()),
    queues: { add: async () => 'the bench does the work itself' },
    network,
  });
  const { id } = await sync.connections.create(connectionTo(fake), 'all');
  return { fullRun: () => fullRun(sync, id), close };
}

async function fullRun(sync, connectionId) {
  const [{ id }] = await sync.runs.start(connectionId, { mode: 'full', stream: 'contacts' }, 'all');
  for (let next = await sync.pages.work(id); next; next = await sync.pages.work(id)) {
    if (next.afterMs > 0) throw new Error('a page has to wait: this measures nothing');
  }
  const { status, counts, error } = await sync.runs.get(id, 'all');
  if (status !== 'completed') throw new Error(`the run is ${status}: ${error ?? JSON.stringify(counts)}`);
  return counts;
}

const connectionTo = ({ url, token, clientSecret }) => ({
  kind: 'hubspot',
  name: 'HubSpot',
  settings: { baseUrl: url },
  secrets: { accessToken: token, clientSecret },
  policies: DEFAULT_POLICIES,
  every_seconds: null,
  check: true,
});
