import type { Connector, ConnectorContext, Page, SourceRecord } from '#connectors';
import type { Pool } from '#platform';
import { allTogether, type Isolate } from '#queue';
import type { SealedConnection } from '../connections/connection.js';
import type { ConnectorSessions } from '../connections/connector-sessions.js';
import type { SweepStore } from '../links/sweep.store.js';
import type { QuarantineStore } from '../quarantine/quarantine.store.js';
import {
  newestOf,
  type Observation,
  observeFetched,
  observePage,
  observeRejected,
  poisonedRecord,
} from '../records/observation.js';
import { type KnownRecords, knownRecords, type SameRecord, sameRecord } from '../records/same-records.js';
import { tableMapping } from '../records/table-mapping.js';
import type { CountedCalls } from './counted-calls.js';
import { mayRest } from './deletion-listing.js';
import { cursorOf, type FoundPage, firstOf, type Reading } from './reading.js';
import { UnknownTableError } from './run.errors.js';
import type { Run } from './run.js';
import type { RunStore } from './run.store.js';
import { canSweep } from './sweep.js';
import { readIdList, readSweep } from './sweep-pages.js';

export interface RunPage extends FoundPage {
  /** Asks for further records, mapped as those of the page are. */
  readonly observe: (externalIds: readonly string[]) => Promise<readonly Observation[]>;
}

/** Fetches the page at a run's cursor and says what it means, without writing anything. */
export class PageReader {
  constructor(
    private readonly pool: Pool,
    private readonly sessions: ConnectorSessions,
    private readonly runs: RunStore,
    private readonly quarantine: QuarantineStore,
    private readonly sweeps: SweepStore,
  ) {}

  async read(
    run: Run,
    connection: SealedConnection,
    calls: CountedCalls,
    { signal, isolate = allTogether }: ReadingHelp = {},
  ): Promise<RunPage> {
    const document = connection.mapping[run.stream];
    if (!document) throw new UnknownTableError(run.stream, Object.keys(connection.mapping));
    const mapping = await tableMapping(document);
    return this.sessions.use(
      connection,
      async (connector: Connector, uncounted: ConnectorContext<unknown, unknown>) => {
        const context = calls.within(uncounted);
        return {
          ...(await this.readPhase({
            run,
            connector,
            context,
            mapping,
            isolate,
            policies: connection.policies,
          })),
          observe: async (ids: readonly string[]) =>
            observeFetched(await connector.fetchByIds(context, run.stream, ids), mapping),
        };
      },
      signal,
    );
  }

  private readPhase(reading: Reading): Promise<FoundPage> {
    switch (reading.run.phase) {
      case 'deletions':
        return this.readDeletions(reading);
      case 'list':
        return readIdList(reading, this.pool, this.quarantine);
      case 'record':
        return this.readRecords(reading);
      case 'read':
        return this.readStream(reading);
      case 'quarantine':
        return this.readQuarantine(reading);
      case 'sweep':
        return readSweep(reading, this.sweeps);
    }
  }

  private async readDeletions(reading: Reading): Promise<FoundPage> {
    const { run, connector, context, mapping } = reading;
    if (!connector.deletions || (await this.deletionsMayRest(run)))
      return { observations: [], mapping, next: await this.readPhaseOf(run) };
    const page = await firstOf(connector.deletions(context, run.stream, cursorOf(reading)));
    const next = page.done ? await this.readPhaseOf(run) : { phase: 'deletions' as const, cursor: page.next };
    return { ...(await this.observed(reading, page)), mapping, next, deletionsEnd: page.done };
  }

  private async deletionsMayRest(run: Run): Promise<boolean> {
    if (run.mode !== 'incremental' || run.cursor !== null) return false;
    const listing = await this.runs.lastDeletionListing(run);
    return listing !== null && mayRest(listing, run.createdAt);
  }

  private async readPhaseOf(run: Run): Promise<NonNullable<FoundPage['next']>> {
    return { phase: 'read', cursor: await this.runs.startCursor(run) };
  }

  private async readStream(reading: Reading): Promise<FoundPage> {
    const { run, connector, context, mapping } = reading;
    const page = await firstOf(connector.read(context, run.stream, cursorOf(reading)));
    const next = page.done ? phaseAfterRead(reading) : { phase: 'read' as const, cursor: page.next };
    const observed = await this.observed(reading, page);
    const count = page.records.length + page.rejected.length;
    const listed = { count, ...(page.total === undefined ? {} : { total: page.total }) };
    return { ...observed, mapping, next, listed, ...(page.done ? { endCursor: page.next } : {}) };
  }

  private async readRecords({ run, connector, context, mapping, isolate }: Reading): Promise<FoundPage> {
    const fetched = await connector.fetchByIds(context, run.stream, run.externalIds);
    const listed = { count: run.externalIds.length };
    return { observations: await observeFetched(fetched, mapping, { isolate }), mapping, next: null, listed };
  }

  /** Records that were set aside are asked for again; each try puts off the next one, so this ends. */
  private async readQuarantine({ run, connector, context, mapping, isolate }: Reading): Promise<FoundPage> {
    const { batchRead } = connector.descriptor.capabilities;
    const ids = await this.quarantine.due(this.pool, run, run.createdAt, batchRead);
    if (ids.length === 0) return { observations: [], mapping, next: null };
    const fetched = await connector.fetchByIds(context, run.stream, ids);
    const next = { phase: 'quarantine', cursor: null } as const;
    return { observations: await observeFetched(fetched, mapping, { isolate }), mapping, next };
  }

  private async observed(
    reading: Reading,
    { records, rejected }: Pick<Page<unknown>, 'records' | 'rejected'>,
  ): Promise<Pick<FoundPage, 'observations' | 'same'>> {
    const { run, isolate } = reading;
    const newest = newestOf(records);
    const ids = newest.map(({ id }) => id);
    const known = await knownRecords(this.pool, run, ids);
    let observed: ObservedRecords = { observations: [], same: [] };
    await isolate({
      name: 'observe a page',
      items: newest.filter(({ id }) => !known.poisoned.has(id)),
      idOf: ({ id }) => id,
      apply: async ({ items, poisoned }) => {
        const { observations, same } = await observeNews(items, reading, known);
        const left = poisoned.map(({ item, reason }) => poisonedRecord(item.id, reason));
        observed = { observations: [...observations, ...left], same };
      },
    });
    const leftBefore = [...known.poisoned].map(([id, reason]) => poisonedRecord(id, reason));
    return {
      observations: [...observed.observations, ...observeRejected(rejected), ...leftBefore],
      same: observed.same,
    };
  }
}

/** How a page is read. */
export interface ReadingHelp {
  readonly signal?: AbortSignal | undefined;
  readonly isolate?: Isolate | undefined;
}

interface ObservedRecords {
  readonly observations: readonly Observation[];
  readonly same: readonly SameRecord[];
}

/** A dry run looks at every record. */
async function observeNews(
  records: readonly SourceRecord[],
  { run, mapping, policies }: Reading,
  { fingerprints }: KnownRecords,
): Promise<ObservedRecords> {
  const same: SameRecord[] = [];
  const others: SourceRecord[] = [];
  for (const record of records) {
    const known = run.mode === 'dry_run' ? undefined : fingerprints.get(record.id);
    const found = sameRecord(record, known, mapping, policies.fields);
    if (found) same.push(found);
    else others.push(record);
  }
  return { observations: await observePage({ records: others, rejected: [] }, mapping), same };
}

/** Who read everything knows what is missing. What was set aside is written about when it is tried: no dry run does. */
function phaseAfterRead({ run: { mode }, connector }: Reading): FoundPage['next'] {
  if (mode !== 'incremental' && canSweep(connector)) return { phase: 'sweep', cursor: null };
  return mode === 'dry_run' ? null : { phase: 'quarantine', cursor: null };
}
