import { mayAccess, type ProjectAccess } from '#identity';
import { databaseNow, inTransaction, type Pool, type PrismaClient } from '#platform';
import type { Queues } from '#queue';
import { requireConnector } from '../connections/connection.input.js';
import { obstacleOf, tablesOf } from '../connections/connection.js';
import type { ConnectionStore } from '../connections/connection.store.js';
import { before, type ListPage, newestFirst } from '../list-page.js';
import { enqueuePage } from '../sync.jobs.js';
import {
  ConnectionUnavailableError,
  RunNotFoundError,
  SweepUnsupportedError,
  UnknownTableError,
} from './run.errors.js';
import type { Run, RunMode, RunTrigger } from './run.js';
import type { RunStore } from './run.store.js';
import { canSweep } from './sweep.js';

export interface RunRequest {
  readonly mode: RunMode;
  /** Absent: every stream of the connection. */
  readonly stream?: string | undefined;
  /** In mode `record`: which ones. */
  readonly externalIds?: readonly string[] | undefined;
  /** Lifts the sweep's share limit for these runs. */
  readonly allowSweep?: boolean | undefined;
  readonly trigger?: RunTrigger;
}

/** Starting, stopping and looking at runs. */
export class RunControl {
  constructor(
    private readonly parts: {
      readonly pool: Pool;
      readonly prisma: PrismaClient;
      readonly queues: Queues;
      readonly connections: ConnectionStore;
      readonly store: RunStore;
    },
  ) {}

  /** One run for each stream, all or none. @throws RunActiveError, ConnectionUnavailableError, UnknownTableError, SweepUnsupportedError */
  async start(connectionId: string, request: RunRequest, access: ProjectAccess): Promise<Run[]> {
    const { pool, queues, connections, store } = this.parts;
    const connection = await connections.require(connectionId, access);
    const obstacle = obstacleOf(connection, await databaseNow(pool));
    if (obstacle) throw new ConnectionUnavailableError(obstacle);
    const known = tablesOf(connection);
    const streams = request.stream === undefined ? known : [request.stream];
    for (const stream of streams) if (!known.includes(stream)) throw new UnknownTableError(stream, known);
    const { mode, trigger = 'manual', allowSweep = false, externalIds = [] } = request;
    if (mode === 'sweep' && !canSweep(requireConnector(connection.kind)))
      throw new SweepUnsupportedError(connection.kind);
    const ids = [...new Set(externalIds)];
    const runs = await inTransaction(pool, async (client) => {
      const started: Run[] = [];
      for (const stream of streams)
        started.push(
          await store.start({ connectionId, stream, mode, trigger, allowSweep, externalIds: ids }, client),
        );
      return started;
    });
    for (const { id } of runs) await enqueuePage(queues, id);
    return runs;
  }

  async get(id: string, access: ProjectAccess): Promise<Run> {
    const found = await this.parts.store.find(id);
    const connection = found && (await this.parts.connections.find(found.run.connectionId));
    if (!connection || !mayAccess(access, connection.projectId)) throw new RunNotFoundError(id);
    return found.run;
  }

  /** A few outcomes of each kind, the first ones that the run came to. */
  async samples({ id, counts }: Run) {
    const actions = Object.keys(counts);
    const samples = actions.map((action) =>
      this.parts.prisma.recordOutcome.findMany({
        where: { runId: id, action },
        orderBy: { id: 'asc' },
        take: SAMPLES,
      }),
    );
    return (await Promise.all(samples)).flat();
  }

  /** The page that is being applied may still come through; nothing follows it. */
  async cancel(id: string, access: ProjectAccess): Promise<Run> {
    await this.get(id, access);
    await this.parts.store.end(id, 'cancelled');
    return this.get(id, access);
  }

  async list(connectionId: string, page: ListPage, access: ProjectAccess): Promise<Run[]> {
    await this.parts.connections.require(connectionId, access);
    const rows = await this.parts.prisma.syncRun.findMany({
      where: { connectionId, ...before(page) },
      ...newestFirst(page),
    });
    return rows.map(
      (row) =>
        ({
          ...row,
          counts: row.counts as Run['counts'],
        }) as Run,
    );
  }

  async outcomes(
    runId: string,
    filter: ListPage & { readonly action?: string | undefined },
    access: ProjectAccess,
  ) {
    await this.get(runId, access);
    return this.parts.prisma.recordOutcome.findMany({
      where: { runId, ...before(filter), ...(filter.action === undefined ? {} : { action: filter.action }) },
      ...newestFirst(filter),
    });
  }
}

/** Of each action, so that a person sees what kind of change it is. */
const SAMPLES = 10;
