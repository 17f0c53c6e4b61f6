import type { ProjectAccess } from '#identity';
import { databaseNow, type Pool, uuidv7 } from '#platform';
import type { ApplyRecords } from '../applying/apply-records.js';
import { type BatchRules, type RecordBatch, rulesOf } from '../applying/record-batch.js';
import { ConflictChangedError, ConflictOverError, NamedKeyTakenError } from '../conflicts/conflict.errors.js';
import type { Conflicts } from '../conflicts/conflicts.js';
import { ConnectionCheckFailedError } from '../connections/connection.errors.js';
import { obstacleOf, type SealedConnection } from '../connections/connection.js';
import type { ConnectionStore } from '../connections/connection.store.js';
import type { ConnectorSessions } from '../connections/connector-sessions.js';
import type { KeyResolution } from '../records/key-resolution.js';
import { type Observation, observeFetched } from '../records/observation.js';
import type { Plan } from '../records/plan.js';
import type { PlannedRecord } from '../records/plan-page.js';
import { type TableMapping, tableMapping } from '../records/table-mapping.js';
import { ConnectionUnavailableError, UnknownTableError } from '../runs/run.errors.js';
import type { RunStore } from '../runs/run.store.js';

/** What a person says: the record and the holder are one, the record keeps its key, or it gets the one that is named. */
export type Resolution = Pick<KeyResolution, 'action' | 'identifierKey'>;

/** Acting on what a person says about a conflict. */
export class Resolutions {
  constructor(
    private readonly parts: {
      readonly pool: Pool;
      readonly conflicts: Conflicts;
      readonly connections: ConnectionStore;
      readonly sessions: ConnectorSessions;
      readonly records: ApplyRecords;
      readonly runs: RunStore;
    },
  ) {}

  /**
   * Fetches the record and acts on the resolution at once.
   * @throws ConflictOverError, ConflictChangedError when there is nothing to decide any more, or something else;
   * NamedKeyTakenError, ConnectionUnavailableError, ConnectionCheckFailedError
   */
  async resolve(id: string, chosen: Resolution, actor: string, access: ProjectAccess) {
    const { conflicts, connections } = this.parts;
    const conflict = await conflicts.get(id, access);
    if (conflict.status !== 'open') throw new ConflictOverError(conflict.status);
    const { connectionId, identifierKey, holderIdentityId: holderId } = conflict;
    const connection = await connections.require(connectionId, access);
    const resolution = { ...chosen, by: actor, about: { identifierKey, holderId } };
    requireResolved(await this.act(connection, conflict, resolution));
    return conflicts.get(id, access);
  }

  /** Answers the plan by which the record was or was not taken. */
  private async act(
    connection: SealedConnection,
    conflict: Contested,
    resolution: KeyResolution,
  ): Promise<Plan | undefined> {
    const batch = await this.batchOf(connection, conflict, resolution);
    let made: Plan | undefined;
    await this.parts.records.apply(batch, async (client, counts, planned) => {
      made = planOf(conflict, planned);
      if (made?.code === 'NAMED_KEY_TAKEN') throw new NamedKeyTakenError();
      await this.parts.runs.saveRecordRun(client, batch.run.id, batch.key, counts, 'manual');
      return true;
    });
    return made;
  }

  private async batchOf(
    connection: SealedConnection,
    conflict: Contested,
    resolution: KeyResolution,
  ): Promise<RecordBatch> {
    const { stream, externalId } = conflict;
    const askedAt = await databaseNow(this.parts.pool);
    const mapping = await usableMapping(connection, stream, askedAt);
    const observe = (ids: readonly string[]) => this.observe(connection, stream, ids, mapping);
    const causation = `conflict:${conflict.id}`;
    return {
      key: { connectionId: connection.id, stream },
      source: { observations: await observe([externalId]), askedAt, observe },
      rules: withResolution(rulesOf(connection, mapping), externalId, resolution),
      run: { id: uuidv7(), causationOf: (id) => (id === externalId ? causation : undefined) },
    };
  }

  private async observe(
    connection: SealedConnection,
    stream: string,
    ids: readonly string[],
    mapping: TableMapping,
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

interface Contested {
  readonly id: string;
  readonly stream: string;
  readonly externalId: string;
}

/** Of the records that a plan involves, others may be planned with the one in question, and that one twice. */
function planOf({ externalId }: Contested, planned: readonly PlannedRecord[]): Plan | undefined {
  const plans = planned.filter(({ observation }) => observation.id === externalId).map(({ plan }) => plan);
  return plans.find((plan) => plan.resolution) ?? plans[0];
}

function requireResolved(made: Plan | undefined): void {
  if (made?.resolution) return;
  if (made?.action === 'conflict' || made?.action === 'stale') throw new ConflictChangedError();
  throw new ConflictOverError('gone');
}

function usableMapping(connection: SealedConnection, stream: string, now: Date): Promise<TableMapping> {
  const obstacle = obstacleOf(connection, now);
  if (obstacle) throw new ConnectionUnavailableError(obstacle);
  const document = connection.mapping[stream];
  if (!document) throw new UnknownTableError(stream, Object.keys(connection.mapping));
  return tableMapping(document);
}

/** The policy of the connection goes on deciding about all other records. */
const withResolution = (rules: BatchRules, externalId: string, resolution: KeyResolution): BatchRules => ({
  ...rules,
  resolutionFor: (id) => (id === externalId ? resolution : rules.resolutionFor?.(id)),
  namedKeys: resolution.identifierKey === undefined ? [] : [resolution.identifierKey],
});
