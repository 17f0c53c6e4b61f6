import { type Clock, createLogger, framesOf, type PoolClient } from '#platform';
import { allTogether, type Isolate } from '#queue';
import type { ApplyRecords } from '../applying/apply-records.js';
import { obstacleOf, type SealedConnection } from '../connections/connection.js';
import type { ConnectionStore } from '../connections/connection.store.js';
import type { SweepStore } from '../links/sweep.store.js';
import { setAside } from '../records/set-aside.js';
import { CountedCalls } from './counted-calls.js';
import { isEverydayWait, isVendorAway, judgeFailure } from './failure.js';
import { PageAhead } from './page-ahead.js';
import type { PageReader } from './page-reader.js';
import { batchOf, foundOn, type PagePart, partOf, type ReadPage } from './read-page.js';
import { isDryRun, isListing, isOver, type Run } from './run.js';
import type { FoundRun, RunStep, RunStore } from './run.store.js';
import { stepOf } from './run-step.js';

/** What the job of a page does next; null: nothing. */
export type NextPage = { readonly afterMs: number } | null;

/** Takes runs from page to page. */
export class RunWork {
  private readonly log = createLogger('sync-runs');

  constructor(
    private readonly runs: RunStore,
    private readonly connections: ConnectionStore,
    private readonly reader: PageReader,
    private readonly records: ApplyRecords,
    private readonly sweeps: SweepStore,
    /** The one that connectors are given. */
    private readonly clock: Clock,
  ) {}

  /** Works off pages, each committed before the next one is asked for, until the run is over, has to wait, or it is time. */
  async work(runId: string, signal?: AbortSignal): Promise<NextPage> {
    const end = performance.now() + WORK_MS;
    const turn = this.turn(signal);
    try {
      for (;;) {
        turn.isLastPage = performance.now() >= end;
        const next = await this.nextOf(runId, turn);
        if (!next || next.afterMs > 0 || turn.isLastPage) return next;
        signal?.throwIfAborted();
      }
    } finally {
      await this.countCalls(runId, turn.ahead.drop());
    }
  }

  /** Fetches, plans and commits one page of a run, from wherever the last committed page left it. */
  next(runId: string, signal?: AbortSignal, isolate?: Isolate): Promise<NextPage> {
    return this.nextOf(runId, this.turn(signal, isolate));
  }

  /** Whether nobody has worked on a run that could go on. */
  isAbandoned(runId: string): Promise<boolean> {
    return this.runs.isSilent(runId);
  }

  showItsLife(runId: string): Promise<void> {
    return this.runs.showLife(runId);
  }

  /** Ends a run of which a page cannot be worked off. */
  async giveUp(runId: string, { code, reason }: { code: string; reason: string }): Promise<void> {
    await this.runs.end(runId, 'failed', { code, message: reason });
  }

  private turn(signal: AbortSignal | undefined, isolate: Isolate = allTogether): Turn {
    return { ahead: new PageAhead(this.reader, signal), signal, isolate, isLastPage: true };
  }

  private async nextOf(runId: string, turn: Turn): Promise<NextPage> {
    const { ahead, signal } = turn;
    const found = await this.runs.find(runId);
    if (!found || isOver(found.run)) return null;
    const { run, now } = found;
    if (run.notBefore && run.notBefore > now) return { afterMs: run.notBefore.getTime() - now.getTime() };
    const connection = await this.connectionOf(found, turn);
    // Paused: housekeeping brings the run back when the connection goes on.
    if (!connection || obstacleOf(connection, now)) return null;
    const since = performance.now();
    const asked = ahead.take(run, connection) ?? { calls: new CountedCalls(), askedAt: now, page: null };
    const { calls, askedAt } = asked;
    const life = this.showLife(runId);
    try {
      const page = await (asked.page ?? this.reader.read(run, connection, calls, turn));
      if (page.next && isListing(page.next.phase) && !turn.isLastPage) {
        const elapsed = performance.now() - since;
        const after = { ...run, ...page.next, pages: run.pages + 1 };
        ahead.ask(after, connection, new Date(now.getTime() + elapsed));
      }
      const more = await this.commit({ run, connection, page, askedAt, calls }, turn.isolate);
      return more && page.next ? { afterMs: 0 } : null;
    } catch (error) {
      await this.countCalls(run.id, calls.count);
      if (signal?.aborted) throw error;
      return await this.afterFailure(run, error);
    } finally {
      clearInterval(life);
    }
  }

  private async connectionOf(
    { run, connectionVersion }: FoundRun,
    turn: Turn,
  ): Promise<SealedConnection | null> {
    if (turn.known?.version !== connectionVersion)
      turn.known = {
        version: connectionVersion,
        connection: await this.connections.find(run.connectionId),
      };
    return turn.known.connection;
  }

  private async countCalls(runId: string, calls: number): Promise<void> {
    if (calls > 0) await this.runs.countCalls(runId, calls);
  }

  /** While it does, no other worker takes the run to be abandoned; the next page says so anyway when this once fails. */
  private showLife(runId: string): NodeJS.Timeout {
    const show = () =>
      this.runs
        .showLife(runId)
        .catch(({ name }: Error) => this.log.debug({ run: runId, error: name }, 'no sign'));
    return setInterval(show, SIGN_OF_LIFE_MS).unref();
  }

  /** Answers whether there is more to read. */
  private async commit(read: ReadPage, isolate: Isolate): Promise<boolean> {
    let more = false;
    const { run, page } = read;
    await isolate({
      name: 'apply a page',
      items: foundOn(page),
      idOf: ({ id }) => id,
      saysNothing: isVendorAway,
      apply: async (portion) => {
        const left = setAside(portion, ({ id }) => id, this.log, { run: run.id });
        more = await this.apply(read, partOf(portion, left));
      },
    });
    return more;
  }

  private async apply(read: ReadPage, part: PagePart): Promise<boolean> {
    let more = false;
    await this.records.apply(batchOf(read, part), (client, counts) => {
      const step = stepOf(read, counts);
      more = !isOver(step);
      return this.moveOn(client, read, step);
    });
    return more;
  }

  /** Answers false when another worker has moved the run on meanwhile. */
  private async moveOn(client: PoolClient, { run, page }: ReadPage, step: RunStep): Promise<boolean> {
    if (page.endCursor !== undefined && !isDryRun(run) && step.status !== 'failed')
      await this.runs.saveCursor(client, run, page.endCursor);
    if (page.listed?.seen) await this.sweeps.markSeen(client, run, page.listed.seen);
    return this.runs.advance(client, run, step);
  }

  private async afterFailure(run: Run, error: unknown): Promise<NextPage> {
    const { attempts } = run;
    const now = this.clock.now();
    const verdict = judgeFailure({ error, attempts, now, random: Math.random() });
    const reason = { code: verdict.code, message: verdict.reason };
    const said = { run: run.id, verdict: verdict.kind, ...reason };
    if (isEverydayWait(verdict)) this.log.info(said, 'page has to wait');
    else this.log.warn({ ...said, frames: framesOf(error, 6) }, 'page failed');
    if (verdict.kind === 'fail') {
      await this.runs.end(run.id, 'failed', reason);
      return null;
    }
    await this.runs.postpone(run, verdict.waitMs, reason, verdict.counted);
    if (!verdict.pausesConnection) return { afterMs: verdict.waitMs };
    await this.runs.pauseConnection(run.connectionId, verdict.waitMs, verdict.reason);
    return null;
  }
}

/** What one job keeps from page to page. */
interface Turn {
  readonly ahead: PageAhead;
  readonly signal: AbortSignal | undefined;
  readonly isolate: Isolate;
  /** Nothing is asked for ahead. */
  isLastPage: boolean;
  known?: { readonly version: string; readonly connection: SealedConnection | null };
}

/** One job's turn: a long run gives way to others, and asking the queue for each page would cost more than the page. */
const WORK_MS = 20_000;

const SIGN_OF_LIFE_MS = 2_000;
