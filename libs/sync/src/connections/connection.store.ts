import { mappingSchema } from '#connectors';
import { mayAccess, type ProjectAccess } from '#identity';
import type { Prisma, PrismaClient } from '#platform';
import { ConnectionNameTakenError, ConnectionNotFoundError } from './connection.errors.js';
import type { Connection, ConnectionStatus, SealedConnection } from './connection.js';

export type NewConnection = Omit<SealedConnection, 'createdAt' | 'updatedAt'>;

export type ConnectionChanges = Partial<
  Pick<
    SealedConnection,
    'status' | 'statusReason' | 'pausedUntil' | 'accountId' | 'secrets' | 'secretsVersion'
  >
>;

/** The table `connections`, through Prisma. */
export class ConnectionStore {
  constructor(private readonly prisma: PrismaClient) {}

  /** @throws ConnectionNameTakenError */
  async insert(connection: NewConnection): Promise<SealedConnection> {
    const { projectId, secrets, mapping, settings, ...fields } = connection;
    try {
      const row = await this.prisma.connection.create({
        data: {
          ...fields,
          projectId: projectId ?? '',
          secrets: new Uint8Array(secrets),
          settings: settings as Prisma.InputJsonValue,
          mapping: mapping as unknown as Prisma.InputJsonValue,
        },
      });
      return toConnection(row);
    } catch (error) {
      if ((error as { code?: string }).code === UNIQUE_VIOLATION)
        throw new ConnectionNameTakenError(connection.name);
      throw error;
    }
  }

  async find(id: string): Promise<SealedConnection | null> {
    const row = await this.prisma.connection.findUnique({ where: { id } });
    return row && toConnection(row);
  }

  /** @throws ConnectionNotFoundError also for one that the caller may not see. */
  async require(id: string, access: ProjectAccess = 'all'): Promise<SealedConnection> {
    const connection = await this.find(id);
    if (!connection || !mayAccess(access, connection.projectId)) throw new ConnectionNotFoundError(id);
    return connection;
  }

  /** By id or by name, as people type them. */
  async list(access: ProjectAccess, name?: string): Promise<Connection[]> {
    const rows = await this.prisma.connection.findMany({
      where: {
        ...(access === 'all' ? {} : { projectId: { in: [...access] } }),
        ...(name === undefined ? {} : { name }),
      },
      orderBy: { id: 'asc' },
    });
    return rows.map(toConnection);
  }

  async update(id: string, { secrets, ...changes }: ConnectionChanges): Promise<SealedConnection> {
    const row = await this.prisma.connection.update({
      where: { id },
      data: {
        ...changes,
        ...(secrets ? { secrets: new Uint8Array(secrets) } : {}),
        updatedAt: new Date(),
      },
    });
    return toConnection(row);
  }

  /** Forgets the connection and all that was kept of its work; the identities stay, with their history. */
  async remove(id: string): Promise<void> {
    const where = { connectionId: id };
    await this.prisma.$transaction([
      this.prisma.syncRun.deleteMany({ where }),
      this.prisma.recordOutcome.deleteMany({ where }),
      this.prisma.quarantinedRecord.deleteMany({ where }),
      this.prisma.webhookDelivery.deleteMany({ where }),
      this.prisma.syncCursor.deleteMany({ where }),
      this.prisma.link.deleteMany({ where }),
      this.prisma.connection.deleteMany({ where: { id } }),
    ]);
  }
}

/** Prisma's code for a unique constraint. */
const UNIQUE_VIOLATION = 'P2002';

type ConnectionRow = Prisma.ConnectionGetPayload<object>;

function toConnection({ projectId, mapping, status, ...row }: ConnectionRow): SealedConnection {
  const documents = Object.entries(mapping as Record<string, unknown>);
  return {
    ...row,
    projectId: projectId === '' ? null : projectId,
    mapping: Object.fromEntries(
      documents.map(([stream, document]) => [stream, mappingSchema.parse(document)]),
    ),
    status: status as ConnectionStatus,
  };
}
