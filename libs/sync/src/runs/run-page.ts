import {
  type CompiledMapping,
  ConfigError,
  type Connector,
  type ConnectorContext,
  compileMapping,
  type Page,
} from '#connectors';
import type { Pool } from '#platform';
import type { SealedConnection } from '../connections/connection.js';
import type { ConnectorSessions } from '../connections/connector-sessions.js';
import { isBound, type Link } from '../records/link.js';
import { linksOf } from '../records/link.store.js';
import { type Observation, observeFetched, observePage } from '../records/observation.js';
import type { QuarantineStore } from '../records/quarantine.store.js';
import { UnknownStreamError } from './run.errors.js';
import type { Run, RunPhase } from './run.js';
import type { RunStore } from './run.store.js';

/** What a run found on its next page, and where it goes from there. */
export interface RunPage {
  readonly observations: readonly Observation[];
  readonly mapping: CompiledMapping;
  /** Null: the run is through. */
  readonly next: { readonly phase: RunPhase; readonly cursor: unknown } | null;
  /** Set when the stream was read to its end: where the next incremental run starts. */
  readonly endCursor?: unknown;
}

interface Reading {
  readonly run: Run;
  readonly connector: Connector;
  readonly context: ConnectorContext<unknown, unknown>;
  readonly mapping: CompiledMapping;
}

/** Fetches the page at a run's cursor and says what it means, without writing anything. */
export class RunPageReader {
  constructor(
    private readonly pool: Pool,
    private readonly sessions: ConnectorSessions,
    private readonly runs: RunStore,
    private readonly quarantine: QuarantineStore,
  ) {}

  async read(run: Run, connection: SealedConnection, signal?: AbortSignal): Promise<RunPage> {
    const document = connection.mapping[run.stream];
    if (!document) throw new UnknownStreamError(run.stream, Object.keys(connection.mapping));
    const mapping = compileMapping(document);
    return this.sessions.use(
      connection,
      (connector, context) => this.readPhase({ run, connector, context, mapping }),
      signal,
    );
  }

  private readPhase(reading: Reading): Promise<RunPage> {
    switch (reading.run.phase) {
      case 'deletions':
        return this.readDeletions(reading);
      case 'read':
        return this.readStream(reading);
      case 'quarantine':
        return this.readQuarantine(reading);
    }
  }

  private async readDeletions(reading: Reading): Promise<RunPage> {
    const { run, connector, context, mapping } = reading;
    if (!connector.deletions) return { observations: [], mapping, next: await this.readPhaseOf(run) };
    const page = await firstPage(connector.deletions(context, run.stream, cursorOf(reading)));
    const next = page.done ? await this.readPhaseOf(run) : { phase: 'deletions' as const, cursor: page.next };
    return { observations: await this.confirmed(reading, await observePage(page, mapping)), mapping, next };
  }

  private async readPhaseOf(run: Run): Promise<NonNullable<RunPage['next']>> {
    return { phase: 'read', cursor: await this.runs.startCursor(run) };
  }

  private async readStream(reading: Reading): Promise<RunPage> {
    const { run, connector, context, mapping } = reading;
    const page = await firstPage(connector.read(context, run.stream, cursorOf(reading)));
    const next = page.done ? phaseAfterRead(run) : { phase: 'read' as const, cursor: page.next };
    const observations = await this.confirmed(reading, await observePage(page, mapping));
    return { observations, mapping, next, ...(page.done ? { endCursor: page.next } : {}) };
  }

  /** Records that were set aside are asked for again; each try puts off the next one, so this ends. */
  private async readQuarantine({ run, connector, context, mapping }: Reading): Promise<RunPage> {
    const { batchRead } = connector.manifest.capabilities;
    const ids = await this.quarantine.due(this.pool, run, run.createdAt, batchRead);
    if (ids.length === 0) return { observations: [], mapping, next: null };
    const fetched = await connector.fetchByIds(context, run.stream, ids);
    const next = { phase: 'quarantine', cursor: null } as const;
    return { observations: await observeFetched(fetched, mapping), mapping, next };
  }

  /**
   * A listing may lag behind: a search index still shows what was archived, an archive what was restored. Where it
   * contradicts what we hold of a record's life, the record itself is asked.
   */
  private async confirmed(
    { run, connector, context, mapping }: Reading,
    observations: readonly Observation[],
  ): Promise<Observation[]> {
    const ids = observations.map(({ id }) => id);
    const links = new Map((await linksOf(this.pool, run, ids)).map((link) => [link.externalId, link]));
    const doubtful = observations.filter((observation) =>
      contradicts(observation, links.get(observation.id)),
    );
    if (doubtful.length === 0) return [...observations];
    const doubtfulIds = doubtful.map(({ id }) => id);
    const fetched = await connector.fetchByIds(context, run.stream, doubtfulIds);
    const checked = await observeFetched(fetched, mapping);
    const replaced = new Set([...doubtfulIds, ...checked.map(({ id }) => id)]);
    return [...observations.filter(({ id }) => !replaced.has(id)), ...checked];
  }
}

function contradicts(observation: Observation, link: Link | undefined): boolean {
  if (!link) return false;
  if (observation.kind === 'present') return !isBound(link);
  return observation.kind === 'gone' && isBound(link);
}

/** One page for each job: its cursor is committed before the next one is asked for. */
async function firstPage(pages: AsyncIterable<Page<unknown>>): Promise<Page<unknown>> {
  for await (const page of pages) return page;
  throw new ConfigError('The connector gave no page at all');
}

function cursorOf({ run, connector }: Reading): unknown {
  if (run.cursor === null) return null;
  const parsed = connector.manifest.cursorSchema.safeParse(run.cursor);
  if (parsed.success) return parsed.data;
  throw new ConfigError('The stored cursor is of another version of the connector: start a full run');
}

/** What was set aside is written about when it is tried: no business of a dry run. */
function phaseAfterRead({ mode }: Run): RunPage['next'] {
  return mode === 'dry_run' ? null : { phase: 'quarantine', cursor: null };
}
