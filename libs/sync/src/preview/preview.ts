import {
  type Connector,
  type ConnectorContext,
  type FieldDefinition,
  type FieldError,
  type MappedIdentity,
} from '#connectors';
import type { IdentityRepository, LiveIdentity, ProjectAccess } from '#identity';
import { EXPRESSION_BOUNDS } from '#mapping';
import { databaseNow, inTransaction, type Pool, type PoolClient } from '#platform';
import { ConnectionCheckFailedError, InvalidConnectionError } from '../connections/connection.errors.js';
import { requireCompiles } from '../connections/connection.input.js';
import type { SealedConnection } from '../connections/connection.js';
import type { ConnectionStore } from '../connections/connection.store.js';
import type { ConnectorSessions } from '../connections/connector-sessions.js';
import { policyResolution } from '../records/key-resolution.js';
import { type Observation, observeFetched, observePage } from '../records/observation.js';
import type { PlanAction } from '../records/plan.js';
import { type PlannedRecord, planPage } from '../records/plan-page.js';
import { Roster } from '../records/roster.js';
import { type TableMapping, tableMapping } from '../records/table-mapping.js';
import type { PreviewInput } from './preview.input.js';

/** A live record of the CRM beside what is stored, and what a run would do with it. */
export interface PreviewedRecord {
  readonly externalId: string;
  /** What the mapping sees; absent when the record is gone. */
  readonly raw: unknown;
  readonly mapped: MappedIdentity | null;
  readonly errors: readonly Pick<FieldError, 'field' | 'reason'>[];
  readonly stored: StoredIdentity | null;
  /** Null: a run would take no notice of it. */
  readonly action: PlanAction | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly diff: PlannedRecord['diff'];
}

export interface StoredIdentity {
  readonly identityId: string;
  readonly foundBy: 'link' | 'identifier_key';
  readonly identity: LiveIdentity;
}

export interface PreviewParts {
  readonly pool: Pool;
  readonly identities: IdentityRepository;
  readonly store: ConnectionStore;
  readonly sessions: ConnectorSessions;
}

const DEFAULT_LIMIT = 5;
/** A person waits for it, and others for the processes that evaluate. */
const IN_TIME = { budgetMs: EXPRESSION_BOUNDS.previewMs };
/** A listing may begin with pages that hold nothing. */
const MAX_PAGES = 5;

/** Looks at a CRM with a mapping, and writes nothing. */
export class Preview {
  constructor(private readonly parts: PreviewParts) {}

  /** The vendor's own list of fields. @throws InvalidConnectionError when there is no such stream */
  async fields(id: string, stream: string, access: ProjectAccess): Promise<FieldDefinition[]> {
    const connection = await this.parts.store.require(id, access);
    return this.ask(connection, stream, (connector, context) => connector.discover(context, stream));
  }

  /** Sample records through the planner that runs use, in one page as a run would take them. */
  async records(id: string, request: PreviewInput, access: ProjectAccess): Promise<PreviewedRecord[]> {
    const { pool, store } = this.parts;
    const connection = await store.require(id, access);
    const mapping = await mappingFor(connection, request);
    const askedAt = await databaseNow(pool);
    const observations = await this.ask(connection, request.stream, (connector, context) =>
      observe(connector, context, request, mapping),
    );
    return inTransaction(pool, async (client) => {
      await client.query('set transaction read only');
      return this.plan(client, { connection, stream: request.stream, mapping, observations, askedAt });
    });
  }

  private async plan(client: PoolClient, { connection, stream, mapping, observations, askedAt }: Sample) {
    const { id: connectionId, projectId } = connection;
    const scope = { connectionId, stream, projectId };
    const roster = await Roster.load(client, this.parts.identities, scope, observations);
    const stored = new Map(
      observations.map((observation) => [observation.id, storedBy(roster, observation)]),
    );
    const planned = planPage(roster, observations, {
      askedAt,
      projectId,
      owned: new Set(mapping.propertyKeys),
      resolutionFor: () => policyResolution(connection.policies.key_conflict),
      metadataFor: () =>
        this.parts.identities.stamp({
          actor: `connection:${connectionId}`,
          source: 'preview',
          correlationId: connectionId,
        }),
    });
    const plans = new Map(planned.map((record) => [record.observation.id, record]));
    return observations.map((observation) => ({
      ...mappedBy(observation),
      stored: stored.get(observation.id) ?? null,
      ...outcomeOf(plans.get(observation.id)),
    }));
  }

  private async ask<T>(
    connection: SealedConnection,
    stream: string,
    question: (connector: Connector, context: ConnectorContext<unknown, unknown>) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.parts.sessions.use(connection, (connector, context) => {
        requireTable(connector, stream);
        return question(connector, context);
      });
    } catch (error) {
      throw ConnectionCheckFailedError.of(connection.kind, error);
    }
  }
}

interface Sample {
  readonly connection: SealedConnection;
  readonly stream: string;
  readonly mapping: TableMapping;
  readonly observations: readonly Observation[];
  readonly askedAt: Date;
}

function requireTable({ descriptor }: Connector, stream: string): void {
  const streams = descriptor.tables.map(({ id }) => id);
  if (!streams.includes(stream))
    throw new InvalidConnectionError(`stream: expected one of ${streams.join(', ')}`);
}

async function mappingFor(
  { mapping }: SealedConnection,
  { stream, mapping: given }: PreviewInput,
): Promise<TableMapping> {
  const document = given ?? mapping[stream];
  if (!document)
    throw new InvalidConnectionError(
      `stream: the connection maps ${Object.keys(mapping).join(', ')}; give a mapping to look at another stream`,
    );
  await requireCompiles(stream, document);
  return tableMapping(document);
}

async function observe(
  connector: Connector,
  context: ConnectorContext<unknown, unknown>,
  { stream, external_ids, limit = DEFAULT_LIMIT }: PreviewInput,
  mapping: TableMapping,
): Promise<Observation[]> {
  if (external_ids) {
    const ids = [...new Set(external_ids)];
    return observeFetched(await connector.fetchByIds(context, stream, ids), mapping, IN_TIME);
  }
  const observations: Observation[] = [];
  let pages = 0;
  for await (const { records, rejected, done } of connector.read(context, stream, null)) {
    const missing = limit - observations.length;
    const sample = { records: records.slice(0, missing), rejected: rejected.slice(0, missing) };
    observations.push(...(await observePage(sample, mapping, IN_TIME)));
    pages += 1;
    if (done || observations.length >= limit || pages === MAX_PAGES) break;
  }
  return observations.slice(0, limit);
}

/** By link first, then by key: as the planner looks for it. */
function storedBy(roster: Roster, observation: Observation): StoredIdentity | null {
  const { link, identity, holder } = roster.held(observation);
  if (link && identity.status === 'live') return { identityId: link.identityId, foundBy: 'link', identity };
  if (holder?.identity.status === 'live')
    return { identityId: holder.identityId, foundBy: 'identifier_key', identity: holder.identity };
  return null;
}

/** The observation says in one line why a record is unusable; here each field says it for itself. */
function mappedBy(observation: Observation) {
  const { id: externalId } = observation;
  if (observation.kind === 'gone' || observation.kind === 'merged')
    return { externalId, raw: null, mapped: null, errors: [] };
  const { raw } = observation;
  if (observation.kind === 'present') return { externalId, raw, mapped: observation.mirrored, errors: [] };
  const errors = observation.errors ?? [{ field: 'record', reason: observation.reason }];
  return { externalId, raw, mapped: null, errors: errors.map(({ field, reason }) => ({ field, reason })) };
}

const outcomeOf = (record: PlannedRecord | undefined) => ({
  action: record?.plan.action ?? null,
  code: record?.plan.code ?? null,
  reason: record?.plan.reason ?? null,
  diff: record?.diff ?? null,
});
