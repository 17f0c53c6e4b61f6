import { createLogger } from '#platform';
import { obstacleOf, type SealedConnection } from '../connections/connection.js';
import type { ConnectionStore } from '../connections/connection.store.js';
import type { ApplyRecords, OutcomeCounts } from '../records/apply-records.js';
import { judgeFailure } from './failure.js';
import { addCounts, failuresOf, isOver, type Run, totalOf } from './run.js';
import type { RunStep, RunStore } from './run.store.js';
import type { RunPage, RunPageReader } from './run-page.js';

/** What the job of a page does next; null: nothing. */
export type NextPage = { readonly afterMs: number } | null;

/** Takes runs from page to page. */
export class RunPages {
  private readonly log = createLogger('sync-runs');

  constructor(
    private readonly runs: RunStore,
    private readonly connections: ConnectionStore,
    private readonly reader: RunPageReader,
    private readonly records: ApplyRecords,
  ) {}

  /** Fetches, plans and commits one page of a run, from wherever the last committed page left it. */
  async next(runId: string, signal?: AbortSignal): Promise<NextPage> {
    const found = await this.runs.find(runId);
    if (!found || isOver(found.run)) return null;
    const { run, now } = found;
    if (run.notBefore && run.notBefore > now) return { afterMs: run.notBefore.getTime() - now.getTime() };
    const connection = await this.connections.find(run.connectionId);
    // Paused: the sweep brings the run back when the connection goes on.
    if (!connection || obstacleOf(connection, now)) return null;
    try {
      const page = await this.reader.read(run, connection, signal);
      return (await this.commit(run, connection, page, now)) && page.next ? { afterMs: 0 } : null;
    } catch (error) {
      if (signal?.aborted) throw error;
      return this.afterFailure(run, error, now);
    }
  }

  /** Answers whether there is more to read. */
  private async commit(
    run: Run,
    connection: SealedConnection,
    page: RunPage,
    askedAt: Date,
  ): Promise<boolean> {
    let more = false;
    const { connectionId, stream, mode } = run;
    const { observations, mapping } = page;
    const { projectId } = connection;
    const owned = new Set(mapping.propertyKeys);
    const dryRun = mode === 'dry_run';
    await this.records.apply(
      { connectionId, stream, runId: run.id, projectId, observations, owned, askedAt, dryRun },
      async (client, counts) => {
        const step = stepOf(run, page, counts);
        more = !isOver(step);
        if (page.endCursor !== undefined && !dryRun && step.status !== 'failed')
          await this.runs.saveCursor(client, run, page.endCursor);
        return this.runs.advance(client, run, step);
      },
    );
    return more;
  }

  private async afterFailure(run: Run, error: unknown, now: Date): Promise<NextPage> {
    const { attempts } = run;
    const verdict = judgeFailure({ error, attempts, now, random: Math.random() });
    const reason = { code: verdict.code, message: verdict.reason };
    this.log.warn({ run: run.id, verdict: verdict.kind, ...reason, frames: framesOf(error) }, 'page failed');
    if (verdict.kind === 'fail') {
      await this.runs.end(run.id, 'failed', reason);
      return null;
    }
    await this.runs.postpone(run, verdict.until, reason, verdict.counted);
    if (!verdict.pausesConnection) return { afterMs: verdict.until.getTime() - now.getTime() };
    await this.runs.pauseConnection(run.connectionId, verdict.until, verdict.reason);
    return null;
  }
}

/** Where it was thrown, without the message, which may quote data. */
const framesOf = (error: unknown): string[] =>
  error instanceof Error
    ? (error.stack ?? '')
        .split('\n')
        .filter((line) => /^\s+at /.test(line))
        .slice(0, 6)
    : [];

/** When the first records are mostly invalid, it is the mapping that is wrong, not the records. */
const SAMPLE = 200;
const TOO_MANY = 0.5;

function stepOf(run: Run, page: RunPage, counts: OutcomeCounts): RunStep {
  const total = addCounts(run.counts, counts);
  const place = page.next ?? { phase: run.phase, cursor: null };
  if (isHopeless(run.counts, total)) {
    const error = `${total.invalid} of the first ${totalOf(total)} records cannot be mapped: correct the mapping`;
    return { ...place, counts: total, status: 'failed', errorCode: 'TOO_MANY_INVALID', error };
  }
  if (page.next) return { ...place, counts: total, status: 'running' };
  return {
    ...place,
    counts: total,
    status: failuresOf(total) > 0 ? 'completed_with_errors' : 'completed',
  };
}

function isHopeless(before: OutcomeCounts, after: OutcomeCounts): boolean {
  const read = totalOf(after);
  return totalOf(before) < SAMPLE && read >= SAMPLE && (after.invalid ?? 0) > read * TOO_MANY;
}
