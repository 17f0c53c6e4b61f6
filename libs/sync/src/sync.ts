import type { NetworkPolicy } from '#connectors';
import type { IdentityRepository } from '#identity';
import { type Clock, type Pool, type PrismaClient, type SecretBox, systemClock } from '#platform';
import type { Queues } from '#queue';
import { ConnectionStore } from './connections/connection.store.js';
import { Connections } from './connections/connections.js';
import { ConnectorSessions } from './connections/connector-sessions.js';
import { ApplyRecords } from './records/apply-records.js';
import { QuarantineStore } from './records/quarantine.store.js';
import { RunStore } from './runs/run.store.js';
import { RunPageReader } from './runs/run-page.js';
import { RunPages } from './runs/run-pages.js';
import { Runs } from './runs/runs.js';
import { SyncSweeps } from './sync.sweeps.js';
import { Deliveries } from './webhooks/deliveries.js';
import { DeliveryStore } from './webhooks/delivery.store.js';
import { DeliveryWork } from './webhooks/delivery-work.js';
import { WebhookInbox } from './webhooks/webhook-inbox.js';

export interface SyncParts {
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  readonly identities: IdentityRepository;
  readonly secretBox: SecretBox;
  readonly queues: Queues;
  readonly network: NetworkPolicy;
  readonly clock?: Clock;
}

/** The CRM sync, put together: what the doors and the worker hold. */
export interface Sync {
  readonly connections: Connections;
  readonly runs: Runs;
  readonly pages: RunPages;
  readonly inbox: WebhookInbox;
  readonly deliveries: Deliveries;
  readonly work: DeliveryWork;
  readonly sweeps: SyncSweeps;
}

export function createSync(parts: SyncParts): Sync {
  const { pool, prisma, secretBox, queues, identities, network, clock = systemClock } = parts;
  const connections = new ConnectionStore(prisma);
  const sessions = new ConnectorSessions({ pool, secretBox, network, clock });
  const quarantine = new QuarantineStore(secretBox);
  const records = new ApplyRecords(pool, identities, quarantine);
  const store = new RunStore(pool);
  const runs = new Runs({ pool, prisma, queues, connections, store });
  const deliveries = new DeliveryStore(pool);
  const sweeps = new SyncSweeps({ pool, queues, runs });
  return {
    connections: new Connections(connections, sessions, (id) => sweeps.wake(id)),
    runs,
    pages: new RunPages(store, connections, new RunPageReader(pool, sessions, store, quarantine), records),
    inbox: new WebhookInbox({ connections, sessions, deliveries, queues, clock }),
    deliveries: new Deliveries(prisma, connections),
    work: new DeliveryWork({ connections, sessions, deliveries, runs: store, records }),
    sweeps,
  };
}
