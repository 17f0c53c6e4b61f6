import { type HubSpotFake, type HubSpotFakeOptions, startHubSpotFake } from '#connectors/hubspot/fake';
import { PostgresEventStore } from '#event-sourcing';
import { IdentityRepository, identityProjection } from '#identity';
import {
  type Clock,
  createPool,
  createPrisma,
  newSecretKey,
  type Pool,
  type PrismaClient,
  SecretBox,
  systemClock,
} from '#platform';
import type { CallLimiter, Queues } from '#queue';
import { type Connection, createSync, DEFAULT_POLICIES, type Run, type RunRequest, type Sync } from '#sync';

/** A HubSpot fake beside it. */
export interface SyncWorld extends SyncBench {
  readonly hubspot: HubSpotFake;
  connect(input?: ConnectInput): Promise<Connection>;
}

/** Rollcall's sync on a database, with the worker's part played by the test: for any vendor's fake. */
export interface SyncBench {
  readonly sync: Sync;
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  /** Starts a run of contacts and works off its pages. */
  run(connection: Connection, mode: Run['mode'], stream?: string, more?: Partial<RunRequest>): Promise<Run>;
  /** Goes on with a run until it is over or has to wait. */
  finish(runId: string): Promise<Run>;
  identity(identifierKey: string): Promise<IdentityRow | undefined>;
  identities(): Promise<IdentityRow[]>;
  eventCount(): Promise<number>;
  /** Another service on the same database, as after a restart. */
  restarted(): Sync;
  close(): Promise<void>;
}

export interface IdentityRow {
  readonly id: string;
  readonly version: number;
  readonly identifier_key: string;
  readonly name: string;
  readonly identity_type: string;
  readonly properties: readonly { readonly key: string; readonly value: unknown }[];
}

interface ConnectInput {
  readonly name?: string;
  readonly settings?: Record<string, unknown>;
  readonly secrets?: Record<string, unknown>;
  readonly mapping?: Parameters<Sync['connections']['create']>[0]['mapping'];
  readonly policies?: Partial<Connection['policies']>;
}

export async function openSyncWorld(
  url: string,
  fake: HubSpotFakeOptions = {},
  calls?: CallLimiter,
): Promise<SyncWorld> {
  const hubspot = await startHubSpotFake({ searchLagMs: 0, ...fake });
  const clock = fake.startAt ? { now: () => new Date(hubspot.account.clock.now()) } : systemClock;
  const bench = openSyncBench(url, clock, calls);
  return {
    ...bench,
    hubspot,
    connect: ({ name = 'HubSpot', settings = {}, secrets = {}, mapping, policies = {} } = {}) =>
      bench.sync.connections.create(
        {
          kind: 'hubspot',
          name,
          settings: { baseUrl: hubspot.url, ...settings },
          secrets: { accessToken: hubspot.token, clientSecret: hubspot.clientSecret, ...secrets },
          mapping,
          policies: { ...DEFAULT_POLICIES, ...policies },
          every_seconds: null,
          check: true,
        },
        'all',
      ),
    async close() {
      await hubspot.close();
      await bench.close();
    },
  };
}

export function openSyncBench(url: string, clock: Clock, calls?: CallLimiter): SyncBench {
  const pool = createPool({ url, max: 10 });
  const prisma = createPrisma({ url });
  const secretBox = new SecretBox(newSecretKey());
  const identities = new IdentityRepository(new PostgresEventStore(pool, [identityProjection]));
  const queues = { add: async () => 'a job' } as unknown as Queues;
  const network = { allowPrivateNetwork: true, timeoutMs: 5_000 };
  const open = () =>
    createSync({ pool, prisma, identities, secretBox, queues, network, clock, ...(calls ? { calls } : {}) });
  const sync = open();
  const finish = (runId: string) => finishRun(sync, runId);
  return {
    sync,
    pool,
    prisma,
    finish,
    async run(connection, mode, stream = 'contacts', more = {}) {
      const [run] = await sync.runs.start(connection.id, { mode, stream, ...more }, 'all');
      return finish((run as Run).id);
    },
    identity: async (key) => (await identitiesBy(pool, 'where identifier_key = $1', [key]))[0],
    identities: () => identitiesBy(pool, 'order by identifier_key', []),
    eventCount: async () =>
      (await pool.query<{ n: number }>('select count(*) as n from es.events')).rows[0]?.n ?? 0,
    restarted: open,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

async function finishRun(sync: Sync, runId: string): Promise<Run> {
  for (let next = await sync.pages.work(runId); next; next = await sync.pages.work(runId))
    if (next.afterMs > 0) break;
  return sync.runs.get(runId, 'all');
}

async function identitiesBy(pool: Pool, where: string, values: unknown[]): Promise<IdentityRow[]> {
  const { rows } = await pool.query<IdentityRow>(`select * from identities ${where}`, values);
  return rows;
}
