import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict } from '#event-sourcing';
import { isTakenKey, type NewIdentity, UpsertIdentities, type UpsertOutcome } from '#identity';
import { HopelessExpressionsError } from '#mapping';
import { inTransaction, type Logger, type Pool, type PoolClient } from '#platform';
import { allTogether, type Isolate, type JobContext, type Portion } from '#queue';
import type { ImportStore, StoredChunk } from '../import/import.store.js';
import type { RejectedRow } from '../import/rejected-csv.js';
import { ImportMappingError } from '../mapping/import-mapping.errors.js';
import { compileImportMapping, type MappedRow, type Rejection } from '../mapping/import-mapping.js';
import type { SourceRow } from '../reading/source-row.js';
import { unpackRows } from './chunk-rows.js';

/** Runs the command, as the command bus does. */
export type UpsertBatch = (command: UpsertIdentities) => Promise<readonly UpsertOutcome[]>;

export type ApplyingHelp = Pick<JobContext, 'isolate' | 'requireAlone'>;

const AMONG_OTHERS: ApplyingHelp = { isolate: allTogether, requireAlone: () => undefined };

const MAX_TRIES = 10;

/**
 * Applies one chunk: its identities, its rejected rows, its counts and the end of the chunk itself are one
 * transaction. Whoever comes second, after a stall or a crash, finds no chunk and does nothing.
 */
export class ChunkApplier {
  /** Imports that this process is at: a second job for the same chunk need not even read it. */
  private readonly busy = new Set<string>();

  constructor(
    private readonly pool: Pool,
    private readonly store: ImportStore,
    private readonly upsert: UpsertBatch,
    private readonly log: Logger,
  ) {}

  async apply(importId: string, number: number, help: ApplyingHelp = AMONG_OTHERS): Promise<void> {
    if (this.busy.has(importId)) return;
    this.busy.add(importId);
    const life = this.showLife(importId);
    try {
      const chunk = await this.store.readDue(importId, number);
      // What was rejected once may have been rejected for having taken down a process.
      if (chunk?.isRetry) help.requireAlone();
      if (chunk) await this.applyOrFail(chunk, help.isolate);
    } finally {
      clearInterval(life);
      this.busy.delete(importId);
    }
  }

  isBusyWith(importId: string): boolean {
    return this.busy.has(importId);
  }

  /** While it does, nobody takes a chunk that takes long to be abandoned. */
  private showLife(importId: string): NodeJS.Timeout {
    const show = () =>
      this.store
        .showLife(importId)
        .catch(({ name }: Error) => this.log.debug({ import: importId, error: name }, 'no sign'));
    return setInterval(show, SIGN_OF_LIFE_MS).unref();
  }

  private async applyOrFail(chunk: StoredChunk, isolate: Isolate): Promise<void> {
    try {
      const rows = await unpackRows(chunk.rows);
      await isolate({
        name: `chunk ${chunk.number}`,
        items: rows.map((row, place) => ({ row, place })),
        idOf: ({ place }) => String(place),
        apply: (portion) => this.applyPortion(chunk, portion),
      });
    } catch (error) {
      const hopeless = error instanceof HopelessExpressionsError || error instanceof ImportMappingError;
      if (!hopeless) throw error;
      await this.store.finish(chunk.importId, 'failed', error.message);
    }
  }

  private async applyPortion(
    chunk: StoredChunk,
    { items, isTrial, poisoned }: Portion<PlacedRow>,
  ): Promise<void> {
    for (const { item, reason } of poisoned)
      this.log.error(
        { import: chunk.importId, line: item.row.line, code: ROW_POISONED, reason },
        'set aside',
      );
    const mapped = await mapRows(
      chunk,
      items.map(({ row }) => row),
    );
    const setAside = poisoned.map(({ item, reason }) => ({
      place: item.place,
      row: poisonedRow(item.row, reason),
    }));
    await this.commitRetrying(chunk, inOrder(items, mapped, setAside), isTrial);
  }

  /** Others write the same identities meanwhile. From the second try on they wait for us, so somebody gets on. */
  private async commitRetrying(
    chunk: StoredChunk,
    mapped: readonly MappedRow[],
    isTrial: boolean,
  ): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await inTransaction(this.pool, async (client) => {
          await this.commit(client, chunk, mapped, tries > 1);
          if (isTrial) throw new TrialOverError();
        });
      } catch (error) {
        if (error instanceof TrialOverError) return;
        if (tries === MAX_TRIES || !(isConflict(error) || isTakenKey(error))) throw error;
        await sleep(Math.random() * 20 * tries);
      }
    }
  }

  private async commit(
    client: PoolClient,
    chunk: StoredChunk,
    mapped: readonly MappedRow[],
    exclusive: boolean,
  ): Promise<void> {
    if (!(await this.store.take(client, chunk))) return;
    const identities = mapped.flatMap((row) => (row.ok ? [toIdentity(row.value, chunk)] : []));
    if (exclusive) await lockIdentities(client, identities);
    const outcomes = await this.upsert(commandOf(client, chunk, identities));
    const rejected = rejectedRows(mapped, outcomes);
    await this.store.addRejections(client, chunk.importId, rejected);
    await this.store.countChunk(client, chunk.importId, {
      created: countOf(outcomes, 'created'),
      updated: countOf(outcomes, 'updated'),
      unchanged: countOf(outcomes, 'unchanged'),
      rejected: rejected.length,
    });
  }
}

interface PlacedRow {
  readonly row: SourceRow;
  /** In its chunk. */
  readonly place: number;
}

/** Rolls back what was only tried. */
class TrialOverError extends Error {
  override readonly name = 'TrialOverError';
}

/** Nothing but the row's own cells is kept of it, and nothing of it was looked at. */
const poisonedRow = (row: SourceRow, reason: string): MappedRow => ({
  ok: false,
  row,
  rejections: [{ field: '-', code: ROW_POISONED, reason }],
});

const ROW_POISONED = 'ROW_POISONED';

const SIGN_OF_LIFE_MS = 2_000;

function inOrder(
  items: readonly PlacedRow[],
  mapped: readonly MappedRow[],
  setAside: readonly { readonly place: number; readonly row: MappedRow }[],
): MappedRow[] {
  const placed = mapped.map((row, at) => ({ place: items[at]?.place ?? 0, row }));
  return [...placed, ...setAside].sort((a, b) => a.place - b.place).map(({ row }) => row);
}

const commandOf = (client: PoolClient, chunk: StoredChunk, identities: readonly NewIdentity[]) =>
  new UpsertIdentities(
    identities,
    {
      access: chunk.projectIds.length === 0 ? 'all' : chunk.projectIds,
      metadata: {
        actor: `import:${chunk.importId}`,
        source: 'import',
        correlationId: chunk.importId,
        causationId: `chunk:${chunk.number}`,
      },
    },
    { mode: 'merge', within: client, decideOnly: chunk.dryRun },
  );

const toIdentity = (
  value: Omit<NewIdentity, 'projectId'> & { projectId?: string },
  chunk: StoredChunk,
): NewIdentity => ({
  ...value,
  projectId: value.projectId ?? chunk.projectId,
});

/** In the order in which the event store locks streams, so that two chunks cannot deadlock. */
async function lockIdentities(client: PoolClient, identities: readonly NewIdentity[]): Promise<void> {
  await client.query(
    `select 1 from es.streams where stream_id in (
      select i.id from identities i join unnest($1::text[], $2::text[]) as w(key, project)
        on i.identifier_key = w.key and i.project_id = w.project)
    order by stream_id for update`,
    [
      identities.map(({ identifierKey }) => identifierKey),
      identities.map(({ projectId }) => projectId ?? ''),
    ],
  );
}

/** @throws HopelessExpressionsError, ImportMappingError */
async function mapRows(chunk: StoredChunk, rows: readonly SourceRow[]): Promise<MappedRow[]> {
  const mapping = await compileImportMapping(chunk.mapping, chunk.columns);
  return mapping.mapRows(rows);
}

/** Rows that the mapping rejected and rows that a rule rejected, in the order of the file. */
function rejectedRows(mapped: readonly MappedRow[], outcomes: readonly UpsertOutcome[]): RejectedRow[] {
  const rejected: RejectedRow[] = [];
  let place = 0;
  for (const mappedRow of mapped) {
    const { line, raw } = mappedRow.row;
    if (!mappedRow.ok) {
      rejected.push({ line, raw, rejections: mappedRow.rejections });
      continue;
    }
    const outcome = outcomes[place++];
    if (outcome?.outcome === 'rejected') rejected.push({ line, raw, rejections: [brokenRule(outcome)] });
  }
  return rejected;
}

const brokenRule = ({ code, reason }: { code: string; reason: string }): Rejection => ({
  field: code === 'PROJECT_FORBIDDEN' ? 'project_id' : 'properties',
  code,
  reason,
});

const countOf = (outcomes: readonly UpsertOutcome[], wanted: UpsertOutcome['outcome']): number =>
  outcomes.filter(({ outcome }) => outcome === wanted).length;
