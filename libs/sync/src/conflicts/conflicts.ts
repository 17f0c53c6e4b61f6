import { mayAccess, type ProjectAccess } from '#identity';
import type { PrismaClient } from '#platform';
import type { ConnectionStore } from '../connections/connection.store.js';
import { before, type ListPage, newestFirst } from '../list-page.js';
import { ConflictNotFoundError } from './conflict.errors.js';

export const CONFLICT_STATUSES = ['open', 'resolved', 'gone'] as const;
export type ConflictStatus = (typeof CONFLICT_STATUSES)[number];

export interface ConflictList extends ListPage {
  readonly connectionId: string;
  /** Absent: of every status. */
  readonly status?: ConflictStatus | undefined;
}

/** Looking at records whose identifier key another identity has. */
export class Conflicts {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly connections: ConnectionStore,
  ) {}

  /** Newest first. */
  async list(filter: ConflictList, access: ProjectAccess) {
    const { connectionId, status } = filter;
    await this.connections.require(connectionId, access);
    return this.prisma.conflict.findMany({
      where: {
        connectionId,
        ...(status === undefined ? {} : { status }),
        ...before(filter),
      },
      ...newestFirst(filter),
    });
  }

  /** @throws ConflictNotFoundError also for one that the caller may not see. */
  async get(id: string, access: ProjectAccess) {
    const conflict = await this.prisma.conflict.findUnique({ where: { id } });
    const connection = conflict && (await this.connections.find(conflict.connectionId));
    if (!connection || !mayAccess(access, connection.projectId)) throw new ConflictNotFoundError(id);
    return conflict;
  }
}
