import { isDeepStrictEqual } from 'node:util';
import { mappingSchema } from '#connectors';
import { mayAccess, type ProjectAccess } from '#identity';
import type { Prisma, PrismaClient } from '#platform';
import {
  ConnectionNameTakenError,
  ConnectionNotFoundError,
  MappingVersionNotFoundError,
} from './connection.errors.js';
import type { Connection, ConnectionStatus, SealedConnection } from './connection.js';
import { connectionPoliciesSchema } from './connection-policies.js';

export type NewConnection = Omit<SealedConnection, 'createdAt' | 'updatedAt'>;

export type ConnectionChanges = Partial<
  Omit<SealedConnection, 'id' | 'kind' | 'projectId' | 'createdAt' | 'updatedAt'>
>;

/** A mapping that a connection has or had. */
export interface MappingVersion {
  readonly version: number;
  readonly mapping: Connection['mapping'];
  readonly actor: string;
  readonly createdAt: Date;
}

/** Who asks for a change, and for which connection. */
export interface ChangeOf {
  readonly id: string;
  readonly access: ProjectAccess;
  readonly actor: string;
}

/** The table `connections`, through Prisma. */
export class ConnectionStore {
  constructor(private readonly prisma: PrismaClient) {}

  /** @throws ConnectionNameTakenError */
  async insert(connection: NewConnection, actor: string): Promise<SealedConnection> {
    const { projectId, secrets, mapping, settings, ...fields } = connection;
    const data = {
      ...fields,
      projectId: projectId ?? '',
      secrets: new Uint8Array(secrets),
      settings: asJson(settings),
      mapping: asJson(mapping),
    };
    const [row] = await this.prisma
      .$transaction([
        this.prisma.connection.create({ data }),
        this.prisma.mappingVersion.create({ data: versionOf(connection, actor) }),
      ])
      .catch(nameTaken(connection.name));
    return toConnection(row);
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

  async update(id: string, changes: ConnectionChanges): Promise<SealedConnection> {
    const where = { id };
    return toConnection(await this.prisma.connection.update({ where, data: toColumns(changes) }));
  }

  /**
   * Changes a connection by what it is now, between two pages of its runs. A new mapping becomes a version of its
   * own, and every record of a stream that is mapped anew is looked at again: the next run of it reads everything,
   * and one that is under way begins again.
   */
  async change(
    { id, access, actor }: ChangeOf,
    /** `now` is by the database's clock. */
    decide: (connection: SealedConnection, now: Date) => Promise<ConnectionChanges>,
  ): Promise<SealedConnection> {
    const work = async (tx: Prisma.TransactionClient) => {
      await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended('sync:' || ${id}::text, 0))`;
      await tx.$executeRaw`select 1 from connections where id = ${id}::uuid for update`;
      const row = await tx.connection.findUnique({ where: { id } });
      const before = row && toConnection(row);
      if (!before || !mayAccess(access, before.projectId)) throw new ConnectionNotFoundError(id);
      const changes = await decide(before, await nowOf(tx));
      const data = toColumns(changes);
      const after = toConnection(
        await tx.connection.update({ where: { id }, data }).catch(nameTaken(changes.name ?? before.name)),
      );
      if (after.mappingVersion !== before.mappingVersion) {
        await tx.mappingVersion.create({ data: versionOf(after, actor) });
        await lookAgain(tx, id, remappedTables(before, after));
        await endRuns(tx, id, Object.keys(after.mapping));
      }
      return after;
    };
    return this.prisma.$transaction(work, { maxWait: 10_000, timeout: 30_000 });
  }

  /** By the database's clock: what is due is compared with it. */
  now(): Promise<Date> {
    return nowOf(this.prisma);
  }

  async mappingVersions(connectionId: string): Promise<MappingVersion[]> {
    const rows = await this.prisma.mappingVersion.findMany({
      where: { connectionId },
      orderBy: { version: 'desc' },
    });
    return rows.map(toVersion);
  }

  /** @throws MappingVersionNotFoundError */
  async mappingVersion(connectionId: string, version: number): Promise<MappingVersion> {
    const where = { connectionId_version: { connectionId, version } };
    const row = await this.prisma.mappingVersion.findUnique({ where });
    if (!row) throw new MappingVersionNotFoundError(version);
    return toVersion(row);
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
      this.prisma.conflict.deleteMany({ where }),
      this.prisma.mappingVersion.deleteMany({ where }),
      this.prisma.connection.deleteMany({ where: { id } }),
    ]);
  }
}

async function nowOf(prisma: Prisma.TransactionClient): Promise<Date> {
  const [row] = await prisma.$queryRaw<{ now: Date }[]>`select clock_timestamp() as now`;
  if (!row) throw new TypeError('clock_timestamp() always has a row');
  return row.now;
}

/** Streams whose document is not what it was; those that are synced no more among them. */
function remappedTables(before: Connection, after: Connection): string[] {
  const streams = new Set([...Object.keys(before.mapping), ...Object.keys(after.mapping)]);
  return [...streams].filter((stream) => !isDeepStrictEqual(before.mapping[stream], after.mapping[stream]));
}

/** A page that is being read with the old mapping is too late: its run has another page number then. */
async function lookAgain(tx: Prisma.TransactionClient, connectionId: string, streams: string[]) {
  await tx.syncCursor.deleteMany({ where: { connectionId, stream: { in: streams } } });
  await tx.$executeRaw`
    update sync_runs set mode = case when mode = 'incremental' then 'full' else mode end, phase = 'deletions',
      cursor = null, counts = '{}', pages = pages + 1, attempts = 0, updated_at = now()
    where connection_id = ${connectionId}::uuid and stream = any(${streams}) and mode <> 'record'
      and status in ('waiting', 'running')`;
}

async function endRuns(tx: Prisma.TransactionClient, connectionId: string, streams: string[]) {
  await tx.$executeRaw`
    update sync_runs set status = 'cancelled', error = 'the stream is not synced any more', finished_at = now()
    where connection_id = ${connectionId}::uuid and stream <> all(${streams}) and status in ('waiting', 'running')`;
}

/** Prisma's code for a unique constraint. */
const UNIQUE_VIOLATION = 'P2002';

const nameTaken =
  (name: string) =>
  (error: unknown): never => {
    throw (error as { code?: string }).code === UNIQUE_VIOLATION ? new ConnectionNameTakenError(name) : error;
  };

const asJson = (value: unknown) => value as Prisma.InputJsonValue;

function toColumns({ secrets, mapping, settings, ...changes }: ConnectionChanges) {
  return {
    ...changes,
    ...(secrets ? { secrets: new Uint8Array(secrets) } : {}),
    ...(mapping ? { mapping: asJson(mapping) } : {}),
    ...(settings === undefined ? {} : { settings: asJson(settings) }),
    updatedAt: new Date(),
  };
}

const versionOf = (
  { id, mappingVersion, mapping }: Pick<Connection, 'id' | 'mappingVersion' | 'mapping'>,
  actor: string,
) => ({ connectionId: id, version: mappingVersion, document: asJson(mapping), actor });

const toVersion = (row: Prisma.MappingVersionGetPayload<object>): MappingVersion => ({
  version: row.version,
  mapping: toMapping(row.document),
  actor: row.actor,
  createdAt: row.createdAt,
});

type ConnectionRow = Prisma.ConnectionGetPayload<object>;

const toConnection = ({ projectId, mapping, status, policies, ...row }: ConnectionRow): SealedConnection => ({
  ...row,
  projectId: projectId === '' ? null : projectId,
  mapping: toMapping(mapping),
  status: status as ConnectionStatus,
  policies: connectionPoliciesSchema.parse(policies),
  secretFingerprints: row.secretFingerprints as Record<string, string>,
});

const toMapping = (documents: unknown): Connection['mapping'] =>
  Object.fromEntries(
    Object.entries(documents as Record<string, unknown>).map(([stream, document]) => [
      stream,
      mappingSchema.parse(document),
    ]),
  );
