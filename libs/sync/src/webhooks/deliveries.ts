import { mayAccess, type ProjectAccess } from '#identity';
import type { PrismaClient } from '#platform';
import type { Queues } from '#queue';
import type { ConnectionStore } from '../connections/connection.store.js';
import { before, type ListPage, newestFirst } from '../list-page.js';
import { enqueueRecords } from '../sync.jobs.js';
import type { DeliveryStore, ReplayFilter } from './delivery.store.js';
import { DeliveryNotFoundError } from './webhook.errors.js';

export const DELIVERY_STATUSES = ['waiting', 'done', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export interface DeliveryFilter extends ListPage {
  readonly connectionId: string;
  readonly status?: DeliveryStatus | undefined;
  readonly stream?: string | undefined;
  readonly externalId?: string | undefined;
  /** Received at this time or later. */
  readonly since?: Date | undefined;
}

/** Looking at what webhooks brought, and having it worked off again. */
export class Deliveries {
  constructor(
    private readonly parts: {
      readonly prisma: PrismaClient;
      readonly connections: ConnectionStore;
      readonly store: DeliveryStore;
      readonly queues: Queues;
    },
  ) {}

  /** Newest first. */
  async list(filter: DeliveryFilter, access: ProjectAccess) {
    const { connectionId, status, stream, externalId, since } = filter;
    await this.parts.connections.require(connectionId, access);
    return this.parts.prisma.webhookDelivery.findMany({
      where: {
        connectionId,
        ...(status === undefined ? {} : { status }),
        ...(stream === undefined ? {} : { stream }),
        ...(externalId === undefined ? {} : { externalId }),
        ...(since === undefined ? {} : { receivedAt: { gte: since } }),
        ...before(filter),
      },
      ...newestFirst(filter),
    });
  }

  /** @throws DeliveryNotFoundError also for one that the caller may not see. */
  async get(id: string, access: ProjectAccess) {
    const { prisma, connections } = this.parts;
    const delivery = await prisma.webhookDelivery.findUnique({ where: { id } });
    const connection = delivery && (await connections.find(delivery.connectionId));
    if (!connection || !mayAccess(access, connection.projectId)) throw new DeliveryNotFoundError(id);
    return delivery;
  }

  /** Fetches its record again; a delivery that waits anyway stays as it is. */
  async replay(id: string, access: ProjectAccess) {
    const { connectionId } = await this.get(id, access);
    await this.replayAll(connectionId, { id }, access);
    return this.get(id, access);
  }

  /** The same for all that match; answers how many those were. */
  async replayAll(connectionId: string, filter: ReplayFilter, access: ProjectAccess): Promise<number> {
    const { connections, store, queues } = this.parts;
    await connections.require(connectionId, access);
    const replayed = await store.replay(connectionId, filter);
    if (replayed > 0) await enqueueRecords(queues, connectionId);
    return replayed;
  }
}
