import type { NetworkPolicy } from '#connectors';
import type { IdentityRepository } from '#identity';
import { type Clock, type Pool, type PrismaClient, type SecretBox, systemClock } from '#platform';
import type { CallLimiter, Queues } from '#queue';
import { ApplyRecords } from './applying/apply-records.js';
import { CallBudgets } from './budgets/call-budgets.js';
import { ConflictStore } from './conflicts/conflict.store.js';
import { Conflicts } from './conflicts/conflicts.js';
import { ConnectionStore } from './connections/connection.store.js';
import { Connections } from './connections/connections.js';
import { ConnectorSessions } from './connections/connector-sessions.js';
import { CronRuns } from './cron-runs.js';
import { SweepStore } from './links/sweep.store.js';
import { Outcomes } from './outcomes/outcomes.js';
import { Preview } from './preview/preview.js';
import { Quarantine } from './quarantine/quarantine.js';
import { QuarantineStore } from './quarantine/quarantine.store.js';
import { Resolutions } from './resolutions/resolutions.js';
import { PageReader } from './runs/page-reader.js';
import { RunStore } from './runs/run.store.js';
import { RunControl } from './runs/run-control.js';
import { RunWork } from './runs/run-work.js';
import { SyncHousekeeping } from './sync.housekeeping.js';
import { Announcer } from './webhooks/announcer.js';
import { Deliveries } from './webhooks/deliveries.js';
import { DeliveryStore } from './webhooks/delivery.store.js';
import { DeliveryWork } from './webhooks/delivery-work.js';
import { WebhookInbox } from './webhooks/webhook-inbox.js';
import { WebhookReceivers } from './webhooks/webhook-receivers.js';

export interface SyncParts {
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  readonly identities: IdentityRepository;
  readonly secretBox: SecretBox;
  readonly queues: Queues;
  readonly network: NetworkPolicy;
  /** Counts calls to vendors for all processes; absent: only the vendors' own limits guard. */
  readonly calls?: CallLimiter;
  /** What vendors' times are compared with. Moments that are stored are by the database's. */
  readonly clock?: Clock;
}

/** The CRM sync, put together: what the doors and the worker hold. */
export interface Sync {
  readonly connections: Connections;
  readonly preview: Preview;
  readonly runs: RunControl;
  readonly pages: RunWork;
  readonly inbox: WebhookInbox;
  readonly deliveries: Deliveries;
  readonly quarantine: Quarantine;
  readonly outcomes: Outcomes;
  readonly conflicts: Conflicts;
  readonly resolutions: Resolutions;
  readonly work: DeliveryWork;
  readonly housekeeping: SyncHousekeeping;
}

export function createSync(parts: SyncParts): Sync {
  const { pool, prisma, secretBox, queues, identities, network, clock = systemClock } = parts;
  const connections = new ConnectionStore(prisma);
  const sessions = new ConnectorSessions({
    pool,
    secretBox,
    network,
    clock,
    ...(parts.calls ? { budgets: new CallBudgets(parts.calls, clock) } : {}),
  });
  const quarantine = new QuarantineStore(secretBox);
  const records = new ApplyRecords(pool, identities, quarantine, new ConflictStore());
  const store = new RunStore(pool);
  const swept = new SweepStore(pool);
  const runs = new RunControl({ pool, prisma, queues, connections, store });
  const deliveries = new DeliveryStore(pool);
  const receivers = new WebhookReceivers({ pool, connections, sessions, clock: systemClock });
  const conflicts = new Conflicts(prisma, connections);
  const cron = new CronRuns({ pool, runs });
  const housekeeping = new SyncHousekeeping({ pool, queues, runs, cron });
  return {
    connections: new Connections(connections, sessions, (id) => housekeeping.wake(id)),
    preview: new Preview({ pool, identities, store: connections, sessions }),
    runs,
    pages: new RunWork(
      store,
      connections,
      new PageReader(pool, sessions, store, quarantine, swept),
      records,
      swept,
      clock,
    ),
    inbox: new WebhookInbox({ receivers, deliveries, announcer: new Announcer(queues), clock }),
    deliveries: new Deliveries({ prisma, connections, store: deliveries, queues }),
    quarantine: new Quarantine({ pool, prisma, connections, store: quarantine, queues }),
    outcomes: new Outcomes(prisma, connections),
    conflicts,
    resolutions: new Resolutions({ pool, conflicts, connections, sessions, records, runs: store }),
    work: new DeliveryWork({ connections, sessions, deliveries, runs: store, records, clock }),
    housekeeping,
  };
}
