import type { Pool } from '#platform';
import type { JobFailure } from '#queue';
import type { ImportStore } from '../import/import.store.js';
import { IMPORTS_QUEUE } from './import.jobs.js';
import type { ImportFeeder } from './import-feeder.js';

const SILENT_UPLOAD = '2 minutes';

/** Brings on what nobody is working on: what makes the loss of a queue, a worker or an API process harmless. */
export class ImportHousekeeping {
  constructor(
    private readonly pool: Pool,
    private readonly store: ImportStore,
    private readonly feeder: ImportFeeder,
  ) {}

  async run(): Promise<void> {
    await this.failSilentUploads();
    await this.failImportsOfDeadLetters();
    await this.feeder.feed();
  }

  /** The receiver gives signs of life; when they stop, its process is gone and with it the rest of the file. */
  private async failSilentUploads(): Promise<void> {
    const { rows } = await this.pool.query<{ id: string }>(
      `select id from imports where status = 'receiving' and updated_at < now() - interval '${SILENT_UPLOAD}'
        and chunks_done = chunks_stored`,
    );
    for (const { id } of rows) {
      await this.store.finish(id, 'failed', 'The server stopped while it received the file; send it again');
    }
  }

  /** A chunk that cannot be applied would be tried for ever. */
  private async failImportsOfDeadLetters(): Promise<void> {
    const { rows } = await this.pool.query<{ id: string; number: number; code: string; reason: string }>(
      `select distinct on (i.id) i.id, i.chunks_done as number, d.code, d.reason from imports i join dead_letters d
        on d.queue = $1 and d.status = 'waiting'
          and (d.job_id || '-') like 'import-' || i.id || '-' || i.chunks_done || '-%'
      where i.status in ('receiving', 'running')`,
      [IMPORTS_QUEUE],
    );
    for (const { id, number, code, reason } of rows) {
      await this.store.finish(id, 'failed', notApplied(number, { code, reason }));
    }
  }

  /** Chunks that were being applied when their import was stopped, and then were not. */
  async dropLeftovers(): Promise<void> {
    await this.pool.query(
      `delete from import_chunks where (import_id, number) in (
        select c.import_id, c.number from import_chunks c join imports i on i.id = c.import_id
        where i.status in ('completed', 'cancelled', 'failed') for update of c skip locked)`,
    );
  }
}

export const notApplied = (chunk: number, { code, reason }: JobFailure): string =>
  `Chunk ${chunk} could not be applied: ${code} (${reason})`;
