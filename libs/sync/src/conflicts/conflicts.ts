import { mayAccess, type ProjectAccess } from '#identity';
import { type Pool, type PrismaClient, uuidv7 } from '#platform';
import { ConnectionCheckFailedError } from '../connections/connection.errors.js';
import { obstacleOf, type SealedConnection } from '../connections/connection.js';
import type { ConnectionStore } from '../connections/connection.store.js';
import type { ConnectorSessions } from '../connections/connector-sessions.js';
import type { ApplyRecords, RecordBatch } from '../records/apply-records.js';
import { type KeyDecision, policyDecision } from '../records/key-decision.js';
import { type Observation, observeFetched } from '../records/observation.js';
import type { Plan } from '../records/plan.js';
import { type StreamMapping, streamMapping } from '../records/stream-mapping.js';
import { ConnectionUnavailableError, UnknownStreamError } from '../runs/run.errors.js';
import type { RunStore } from '../runs/run.store.js';
import {
  ConflictChangedError,
  ConflictNotFoundError,
  ConflictOverError,
  NamedKeyTakenError,
} from './conflict.errors.js';

export const CONFLICT_STATUSES = ['open', 'resolved', 'gone'] as const;
export type ConflictStatus = (typeof CONFLICT_STATUSES)[number];

export interface ConflictList {
  readonly connectionId: string;
  /** Absent: of every status. */
  readonly status?: ConflictStatus | undefined;
  /** The id that the page starts behind. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** What a person says: the record and the holder are one, the record keeps its key, or it gets the one that is named. */
export type Resolution = Pick<KeyDecision, 'action' | 'identifierKey'>;

/** Looking at records whose identifier key another identity has, and deciding about them. */
export class Conflicts {
  constructor(
    private readonly parts: {
      readonly pool: Pool;
      readonly prisma: PrismaClient;
      readonly connections: ConnectionStore;
      readonly sessions: ConnectorSessions;
      readonly records: ApplyRecords;
      readonly runs: RunStore;
    },
  ) {}

  /** Newest first. */
  async list({ connectionId, status, after, limit }: ConflictList, access: ProjectAccess) {
    await this.parts.connections.require(connectionId, access);
    return this.parts.prisma.conflict.findMany({
      where: {
        connectionId,
        ...(status === undefined ? {} : { status }),
        ...(after === undefined ? {} : { id: { lt: after } }),
      },
      orderBy: { id: 'desc' },
      take: limit,
    });
  }

  /** @throws ConflictNotFoundError also for one that the caller may not see. */
  async get(id: string, access: ProjectAccess) {
    const { prisma, connections } = this.parts;
    const conflict = await prisma.conflict.findUnique({ where: { id } });
    const connection = conflict && (await connections.find(conflict.connectionId));
    if (!connection || !mayAccess(access, connection.projectId)) throw new ConflictNotFoundError(id);
    return conflict;
  }

  /**
   * Fetches the record and acts on the decision at once.
   * @throws ConflictOverError, ConflictChangedError when there is nothing to decide any more, or something else;
   * NamedKeyTakenError, ConnectionUnavailableError, ConnectionCheckFailedError
   */
  async resolve(id: string, resolution: Resolution, actor: string, access: ProjectAccess) {
    const conflict = await this.get(id, access);
    if (conflict.status !== 'open') throw new ConflictOverError(conflict.status);
    const { connectionId, stream, externalId, identifierKey, holderIdentityId: holderId } = conflict;
    const connection = await this.parts.connections.require(connectionId, access);
    const decision = { ...resolution, by: actor, about: { identifierKey, holderId } };
    const made = await this.decide(connection, { conflictId: id, stream, externalId }, decision);
    if (!made || (!made.decision && made.action !== 'conflict' && made.action !== 'stale'))
      throw new ConflictOverError('gone');
    if (!made.decision) throw new ConflictChangedError();
    return this.get(id, access);
  }

  /** Answers the plan by which the record was or was not taken. */
  private async decide(
    connection: SealedConnection,
    { conflictId, stream, externalId }: { conflictId: string; stream: string; externalId: string },
    decision: KeyDecision,
  ): Promise<Plan | undefined> {
    const { pool, records, runs } = this.parts;
    const { rows } = await pool.query<{ now: Date }>('select now()');
    const askedAt = rows[0]?.now ?? new Date();
    const obstacle = obstacleOf(connection, askedAt);
    if (obstacle) throw new ConnectionUnavailableError(obstacle);
    const document = connection.mapping[stream];
    if (!document) throw new UnknownStreamError(stream, Object.keys(connection.mapping));
    const mapping = await streamMapping(document);
    const observe = (ids: readonly string[]) => this.observe(connection, stream, ids, mapping);
    const { id: connectionId, projectId } = connection;
    const key = { connectionId, stream };
    const runId = uuidv7();
    const batch: RecordBatch = {
      ...key,
      runId,
      projectId,
      observe,
      observations: await observe([externalId]),
      owned: new Set(mapping.propertyKeys),
      askedAt,
      dryRun: false,
      decisionFor: (id) => (id === externalId ? decision : policyDecision(connection.policies.key_conflict)),
      namedKeys: decision.identifierKey === undefined ? [] : [decision.identifierKey],
      fields: connection.policies.fields,
      causationOf: (id) => (id === externalId ? `conflict:${conflictId}` : undefined),
    };
    let made: Plan | undefined;
    await records.apply(batch, async (client, counts, planned) => {
      const plans = planned
        .filter(({ observation }) => observation.id === externalId)
        .map(({ plan }) => plan);
      made = plans.find((plan) => plan.decision) ?? plans[0];
      if (made?.code === 'NAMED_KEY_TAKEN') throw new NamedKeyTakenError();
      await runs.saveRecordRun(client, runId, key, counts, 'manual');
      return true;
    });
    return made;
  }

  private async observe(
    connection: SealedConnection,
    stream: string,
    ids: readonly string[],
    mapping: StreamMapping,
  ): Promise<Observation[]> {
    try {
      const fetched = await this.parts.sessions.use(connection, (connector, context) =>
        connector.fetchByIds(context, stream, ids),
      );
      return await observeFetched(fetched, mapping);
    } catch (error) {
      throw ConnectionCheckFailedError.of(connection.kind, error);
    }
  }
}
