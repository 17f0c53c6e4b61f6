import type { ProjectAccess } from '#identity';
import type { PrismaClient } from '#platform';
import type { ConnectionStore } from '../connections/connection.store.js';
import type { ListPage } from '../runs/runs.js';

export const DELIVERY_STATUSES = ['waiting', 'done', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export interface DeliveryFilter extends ListPage {
  readonly connectionId: string;
  readonly status?: DeliveryStatus | undefined;
}

/** Looking at what webhooks brought. */
export class Deliveries {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly connections: ConnectionStore,
  ) {}

  /** Newest first. */
  async list({ connectionId, status, after, limit }: DeliveryFilter, access: ProjectAccess) {
    await this.connections.require(connectionId, access);
    return this.prisma.webhookDelivery.findMany({
      where: {
        connectionId,
        ...(status === undefined ? {} : { status }),
        ...(after === undefined ? {} : { id: { lt: after } }),
      },
      orderBy: { id: 'desc' },
      take: limit,
    });
  }
}
