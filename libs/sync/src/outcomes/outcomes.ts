import type { ProjectAccess } from '#identity';
import type { PrismaClient } from '#platform';
import type { ConnectionStore } from '../connections/connection.store.js';
import { before, type ListPage, newestFirst } from '../list-page.js';
import type { PlanAction } from '../records/plan.js';

export interface OutcomeFilter extends ListPage {
  readonly connectionId: string;
  readonly externalId?: string | undefined;
  readonly stream?: string | undefined;
  readonly action?: PlanAction | undefined;
}

/** What became of a record, over all runs and webhooks. */
export class Outcomes {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly connections: ConnectionStore,
  ) {}

  /** Newest first. */
  async list(filter: OutcomeFilter, access: ProjectAccess) {
    const { connectionId, externalId, stream, action } = filter;
    await this.connections.require(connectionId, access);
    return this.prisma.recordOutcome.findMany({
      where: {
        connectionId,
        ...(externalId === undefined ? {} : { externalId }),
        ...(stream === undefined ? {} : { stream }),
        ...(action === undefined ? {} : { action }),
        ...before(filter),
      },
      ...newestFirst(filter),
    });
  }
}
