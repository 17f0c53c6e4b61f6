import { Readable } from 'node:stream';
import { Controller, Inject, type OnModuleDestroy } from '@nestjs/common';
import type { z } from 'zod';
import { estimateOf, isOver, type Run, type Sync } from '#sync';
import type { CallOf } from '../http/endpoint.js';
import { progressEvents } from '../http/progress-events.js';
import { Serve } from '../http/serve.decorator.js';
import { outcomeToWire } from '../outcomes/outcomes.controller.js';
import * as endpoints from './runs.endpoints.js';
import { SYNC } from './sync.tokens.js';

@Controller()
export class RunsController implements OnModuleDestroy {
  private readonly closing = new AbortController();

  constructor(@Inject(SYNC) private readonly sync: Sync) {}

  /** Who watches a run must not hold up a shutdown. */
  onModuleDestroy(): void {
    this.closing.abort();
  }

  @Serve(endpoints.startRuns)
  async start({ params, body, caller }: CallOf<typeof endpoints.startRuns>) {
    const { mode, stream, external_ids: externalIds, allow_sweep: allowSweep } = body;
    const request = { mode, stream, externalIds, allowSweep };
    return (await this.sync.runs.start(params.connection_id, request, caller.access)).map(runToWire);
  }

  @Serve(endpoints.listRuns)
  async list({ query, caller }: CallOf<typeof endpoints.listRuns>) {
    return (await this.sync.runs.list(query.connection_id, query, caller.access)).map(runToWire);
  }

  @Serve(endpoints.retrieveRun)
  async retrieve({ params, caller }: CallOf<typeof endpoints.retrieveRun>) {
    const run = await this.sync.runs.get(params.run_id, caller.access);
    const samples = run.mode === 'dry_run' ? await this.sync.runs.samples(run) : null;
    return { ...runToWire(run), samples: samples?.map(outcomeToWire) ?? null };
  }

  @Serve(endpoints.watchRun)
  async watch({ params, caller, reply }: CallOf<typeof endpoints.watchRun>) {
    const read = () => this.sync.runs.get(params.run_id, caller.access);
    await read();
    reply.header('cache-control', 'no-cache').header('x-accel-buffering', 'no');
    const watched = { read, updatedAt: (run: Run) => run.updatedAt, isOver, toWire: runToWire };
    return Readable.from(progressEvents(watched, this.closing.signal));
  }

  @Serve(endpoints.cancelRun)
  async cancel({ params, caller }: CallOf<typeof endpoints.cancelRun>) {
    return runToWire(await this.sync.runs.cancel(params.run_id, caller.access));
  }

  @Serve(endpoints.listOutcomes)
  async outcomes({ params, query, caller }: CallOf<typeof endpoints.listOutcomes>) {
    const rows = await this.sync.runs.outcomes(params.run_id, query, caller.access);
    return rows.map(outcomeToWire);
  }
}

const runToWire = (run: Run): z.input<typeof endpoints.RunShape> => ({
  id: run.id,
  connection_id: run.connectionId,
  stream: run.stream,
  mode: run.mode,
  trigger: run.trigger,
  status: run.status,
  phase: run.phase,
  pages: run.pages,
  counts: run.counts,
  progress: progressToWire(run),
  error_code: run.errorCode,
  error: run.error,
  not_before: run.notBefore?.toISOString() ?? null,
  created_at: run.createdAt.toISOString(),
  updated_at: run.updatedAt.toISOString(),
  finished_at: run.finishedAt?.toISOString() ?? null,
});

function progressToWire(run: Run): z.input<typeof endpoints.RunShape>['progress'] {
  const { percent, secondsLeft } = estimateOf(run);
  return {
    rows: run.rowsRead,
    total: run.expected,
    percent,
    seconds_left: secondsLeft,
    rows_per_second: run.rowRate === null ? null : Math.round(run.rowRate * 10) / 10,
    api_calls: run.apiCalls,
  };
}
