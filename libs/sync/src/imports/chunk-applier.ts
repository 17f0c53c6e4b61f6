import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict } from '#event-sourcing';
import { isTakenKey, type NewIdentity, UpsertIdentities, type UpsertOutcome } from '#identity';
import { inTransaction, type Pool, type PoolClient } from '#platform';
import { unpackRows } from './chunk-rows.js';
import { MappingTooExpensiveError } from './import.errors.js';
import type { ImportStore, StoredChunk } from './import.store.js';
import { ImportMappingError } from './import-mapping.errors.js';
import { compileImportMapping, type MappedRow, type Rejection } from './import-mapping.js';
import type { RejectedRow } from './rejected-csv.js';
import type { SourceRow } from './source-row.js';

/** Runs the command, as the command bus does. */
export type UpsertBatch = (command: UpsertIdentities) => Promise<readonly UpsertOutcome[]>;

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
  ) {}

  async apply(importId: string, number: number): Promise<void> {
    if (this.busy.has(importId)) return;
    this.busy.add(importId);
    try {
      const chunk = await this.store.readDue(importId, number);
      if (chunk) await this.applyOrFail(chunk);
    } finally {
      this.busy.delete(importId);
    }
  }

  private async applyOrFail(chunk: StoredChunk): Promise<void> {
    try {
      const mapped = await mapRows(chunk, await unpackRows(chunk.rows));
      await this.commitRetrying(chunk, mapped);
    } catch (error) {
      const hopeless = error instanceof MappingTooExpensiveError || error instanceof ImportMappingError;
      if (!hopeless) throw error;
      await this.store.finish(chunk.importId, 'failed', error.message);
    }
  }

  /** Others write the same identities meanwhile. From the second try on they wait for us, so somebody gets on. */
  private async commitRetrying(chunk: StoredChunk, mapped: readonly MappedRow[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await inTransaction(this.pool, (client) => this.commit(client, chunk, mapped, tries > 1));
      } catch (error) {
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

const ROWS_BETWEEN_LOOKS = 20;
const MAX_LIMITED_ROWS = 20;

/** @throws MappingTooExpensiveError */
async function mapRows(chunk: StoredChunk, rows: readonly SourceRow[]): Promise<MappedRow[]> {
  const mapping = compileImportMapping(chunk.mapping, chunk.columns);
  const mapped: MappedRow[] = [];
  let limited = 0;
  for (let at = 0; at < rows.length; at += ROWS_BETWEEN_LOOKS) {
    const some = await mapping.mapRows(rows.slice(at, at + ROWS_BETWEEN_LOOKS));
    limited += some.filter(hitLimit).length;
    if (limited >= MAX_LIMITED_ROWS) throw new MappingTooExpensiveError(limited);
    mapped.push(...some);
  }
  return mapped;
}

const hitLimit = (row: MappedRow): boolean =>
  !row.ok && row.rejections.some(({ code }) => code === 'EXPRESSION_LIMIT');

/** Rows that the mapping refused and rows that a rule refused, in the order of the file. */
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
