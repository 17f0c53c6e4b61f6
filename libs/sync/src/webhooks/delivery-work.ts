import { type Connector, type ConnectorContext, type FetchedRecord, InvalidResponse } from '#connectors';
import { type Clock, createLogger, uuidv7 } from '#platform';
import { allTogether, type Isolate, type JobContext, type Portion } from '#queue';
import type { ApplyRecords } from '../applying/apply-records.js';
import { type RecordBatch, rulesOf } from '../applying/record-batch.js';
import { requireConnector } from '../connections/connection.input.js';
import { obstacleOf, type SealedConnection } from '../connections/connection.js';
import type { ConnectionStore } from '../connections/connection.store.js';
import type { ConnectorSessions } from '../connections/connector-sessions.js';
import { addCounts, type OutcomeCounts } from '../outcomes/outcome-counts.js';
import { type Observation, observeFetched } from '../records/observation.js';
import { setAside } from '../records/set-aside.js';
import { type TableMapping, tableMapping } from '../records/table-mapping.js';
import { isEverydayWait, isVendorAway, judgeFailure } from '../runs/failure.js';
import type { RunStore } from '../runs/run.store.js';
import { collectMs } from './collecting.js';
import type { DeliveryStore, WaitingDelivery } from './delivery.store.js';

const BATCH = 500;
const MAX_BATCHES = 20;

/** Whether there is more to do for the connection, and when. */
export type MoreWork = { readonly afterMs: number } | null;

/** One job's run of a stream: deliveries that are worked off together are one run in mode `record`. */
interface RecordRun {
  readonly id: string;
  counts: OutcomeCounts;
}

/** Works off waiting webhook deliveries: fetches the records they name and sends them the way that polling goes. */
export class DeliveryWork {
  private readonly log = createLogger('webhook-deliveries');

  constructor(
    private readonly parts: {
      readonly connections: ConnectionStore;
      readonly sessions: ConnectorSessions;
      readonly deliveries: DeliveryStore;
      readonly runs: RunStore;
      readonly records: ApplyRecords;
      /** The one that connectors are given. */
      readonly clock: Clock;
    },
  ) {}

  /** Safe to run twice at once: what was worked off already is unchanged, or answers a question asked earlier. */
  async workOff(
    connectionId: string,
    signal?: AbortSignal,
    help: WorkingHelp = AMONG_OTHERS,
  ): Promise<MoreWork> {
    const runs = new Map<string, RecordRun>();
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const { deliveries, now } = await this.parts.deliveries.waiting(connectionId, BATCH);
      const connection = deliveries.length > 0 && (await this.parts.connections.find(connectionId));
      if (!connection || obstacleOf(connection, now)) return null;
      if (deliveries.some(({ isSuspect }) => isSuspect)) help.requireAlone();
      for (const [stream, group] of byTable(deliveries)) {
        const run = runs.get(stream) ?? { id: uuidv7(), counts: {} };
        runs.set(stream, run);
        const wait = await this.tryBatch(
          connection,
          { stream, deliveries: group, run, askedAt: now, isolate: help.isolate },
          signal,
        );
        if (wait) return wait;
      }
      // What came meanwhile has a job of its own, which takes it together with what still comes: one call for many.
      if (deliveries.length < BATCH) return null;
    }
    return { afterMs: 0 };
  }

  /** Ends the deliveries that are due, when they cannot be worked off. */
  async giveUp(connectionId: string, { code, reason }: { code: string; reason: string }): Promise<void> {
    const { deliveries } = await this.parts.deliveries.waiting(connectionId, BATCH);
    await this.parts.deliveries.fail(idsOf(deliveries), `${code}: ${reason}`);
  }

  private async tryBatch(
    connection: SealedConnection,
    batch: DeliveryBatch,
    signal?: AbortSignal,
  ): Promise<MoreWork> {
    try {
      const afterMs = await this.collectMs(connection, batch);
      if (afterMs > 0) return { afterMs };
      await this.workOffBatch(connection, batch, signal);
      return null;
    } catch (error) {
      if (signal?.aborted) throw error;
      return this.afterFailure(connection.id, batch, error);
    }
  }

  private async collectMs(
    connection: SealedConnection,
    { deliveries, askedAt }: DeliveryBatch,
  ): Promise<number> {
    const { batchRead } = requireConnector(connection.kind).descriptor.capabilities;
    const spacingMs = await this.parts.sessions.webhookSpacingMs(connection);
    return collectMs({ deliveries, now: askedAt, spacingMs, batchRead });
  }

  private async workOffBatch(
    connection: SealedConnection,
    batch: DeliveryBatch,
    signal?: AbortSignal,
  ): Promise<void> {
    const { stream, deliveries, isolate } = batch;
    const document = connection.mapping[stream];
    if (!document) return this.parts.deliveries.fail(idsOf(deliveries), `The stream ${stream} is not synced`);
    const mapping = await tableMapping(document);
    await isolate({
      name: `deliveries of ${stream}`,
      items: [...new Set(deliveries.map(({ externalId }) => externalId))],
      idOf: (externalId) => externalId,
      saysNothing: isVendorAway,
      apply: (portion) => this.applyPortion(connection, batch, { mapping, portion }, signal),
    });
  }

  /** Fetches what the signals speak of, and applies it. */
  private async applyPortion(
    connection: SealedConnection,
    batch: DeliveryBatch,
    mapped: MappedPortion,
    signal?: AbortSignal,
  ): Promise<void> {
    const { run, deliveries } = batch;
    const records = await this.recordsOf(connection, batch, mapped, signal);
    let total = run.counts;
    const applied = await this.parts.records.apply(records, async (client, counts) => {
      total = addCounts(run.counts, counts);
      await this.parts.runs.saveRecordRun(client, run.id, records.key, total);
      return (await this.parts.deliveries.done(client, idsOf(deliveries))) > 0;
    });
    if (applied) run.counts = total;
  }

  private async recordsOf(
    connection: SealedConnection,
    { stream, deliveries, run, askedAt }: DeliveryBatch,
    { mapping, portion }: MappedPortion,
    signal?: AbortSignal,
  ): Promise<RecordBatch> {
    const fetch = this.fetching(connection, stream, signal);
    const left = setAside(portion, String, this.log, { connection: connection.id });
    const fetched = portion.items.length > 0 ? await fetch(portion.items) : new Map<string, FetchedRecord>();
    const observations = [...(await observe(fetched, deliveries, mapping)), ...left];
    return {
      key: { connectionId: connection.id, stream },
      source: {
        observations,
        askedAt,
        observe: async (ids) => observeFetched(await fetch(ids), mapping),
      },
      rules: rulesOf(connection, mapping),
      run: { id: run.id, isTrial: portion.isTrial, causationOf: causesIn(deliveries) },
    };
  }

  private fetching(connection: SealedConnection, stream: string, signal?: AbortSignal) {
    return (ids: readonly string[]): Promise<Map<string, FetchedRecord>> =>
      this.parts.sessions.use(
        connection,
        (connector, context) => fetchIsolating(connector, context, stream, ids),
        signal,
        'webhook',
      );
  }

  private async afterFailure(
    connectionId: string,
    { deliveries }: DeliveryBatch,
    error: unknown,
  ): Promise<MoreWork> {
    const now = this.parts.clock.now();
    const attempts = Math.min(...deliveries.map((delivery) => delivery.attempts));
    const verdict = judgeFailure({ error, attempts, now, random: Math.random() });
    const { code, reason, kind } = verdict;
    const said = { connection: connectionId, verdict: kind, code, reason };
    if (isEverydayWait(verdict)) this.log.info(said, 'deliveries have to wait');
    else this.log.warn(said, 'deliveries were not worked off');
    // Deliveries of a connection that needs new secrets wait for them.
    if (code === 'REAUTHORIZATION_REQUIRED') return null;
    const ids = idsOf(deliveries);
    if (verdict.kind === 'fail') {
      await this.parts.deliveries.fail(ids, `${code}: ${reason}`);
      return { afterMs: 0 };
    }
    await this.parts.deliveries.postpone(ids, verdict.waitMs, `${code}: ${reason}`, verdict.counted);
    if (!verdict.pausesConnection) return { afterMs: verdict.waitMs };
    await this.parts.runs.pauseConnection(connectionId, verdict.waitMs, reason);
    return null;
  }
}

type WorkingHelp = Pick<JobContext, 'isolate' | 'requireAlone'>;

const AMONG_OTHERS: WorkingHelp = { isolate: allTogether, requireAlone: () => undefined };

interface MappedPortion {
  readonly mapping: TableMapping;
  readonly portion: Portion<string>;
}

interface DeliveryBatch {
  readonly stream: string;
  readonly deliveries: readonly WaitingDelivery[];
  readonly run: RecordRun;
  readonly askedAt: Date;
  readonly isolate: Isolate;
}

/** The delivery that speaks of a record caused its change. */
function causesIn(deliveries: readonly WaitingDelivery[]): (externalId: string) => string | undefined {
  const causes = new Map(deliveries.map(({ externalId, id }) => [externalId, id]));
  return (externalId) => causes.get(externalId);
}

const idsOf = (deliveries: readonly WaitingDelivery[]): string[] => deliveries.map(({ id }) => id);

function byTable(deliveries: readonly WaitingDelivery[]): Map<string, WaitingDelivery[]> {
  const groups = new Map<string, WaitingDelivery[]>();
  for (const delivery of deliveries)
    groups.set(delivery.stream, [...(groups.get(delivery.stream) ?? []), delivery]);
  return groups;
}

/** The record is the truth; only where there is none any more does the signal say whether it ended in another one. */
async function observe(
  fetched: ReadonlyMap<string, FetchedRecord>,
  deliveries: readonly WaitingDelivery[],
  mapping: TableMapping,
): Promise<Observation[]> {
  const observed = await observeFetched(fetched, mapping);
  const merges = new Map(
    deliveries.flatMap(({ kind, externalId, mergedInto }) =>
      kind === 'merge' && mergedInto !== null ? [[externalId, mergedInto] as const] : [],
    ),
  );
  return observed.map((observation) => {
    const into = observation.kind === 'gone' ? merges.get(observation.id) : undefined;
    return into === undefined ? observation : { kind: 'merged', id: observation.id, into };
  });
}

/** A page that makes no sense is halved until the record that spoils it stands alone; the others go on. */
async function fetchIsolating(
  connector: Connector,
  context: ConnectorContext<unknown, unknown>,
  stream: string,
  ids: readonly string[],
): Promise<Map<string, FetchedRecord>> {
  try {
    return await connector.fetchByIds(context, stream, ids);
  } catch (error) {
    if (!(error instanceof InvalidResponse)) throw error;
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) return new Map([[only, unreadable(only, error)]]);
    const half = Math.ceil(ids.length / 2);
    const first = await fetchIsolating(connector, context, stream, ids.slice(0, half));
    const second = await fetchIsolating(connector, context, stream, ids.slice(half));
    return new Map([...first, ...second]);
  }
}

function unreadable(id: string, { message }: InvalidResponse): FetchedRecord {
  return { status: 'rejected', rejected: { id, code: 'INVALID_RECORD', reason: message, raw: null } };
}
