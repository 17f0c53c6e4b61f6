import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import type { PlanAction, Run, Sync } from '#sync';
import type { CallOf } from '../http/endpoint.js';
import { Serve } from '../http/serve.decorator.js';
import * as endpoints from './runs.endpoints.js';
import { SYNC } from './sync.tokens.js';

@Controller()
export class RunsController {
  constructor(@Inject(SYNC) private readonly sync: Sync) {}

  @Serve(endpoints.startRuns)
  async start({ params, body, caller }: CallOf<typeof endpoints.startRuns>) {
    return (await this.sync.runs.start(params.connection_id, body, caller.access)).map(runToWire);
  }

  @Serve(endpoints.listRuns)
  async list({ query, caller }: CallOf<typeof endpoints.listRuns>) {
    return (await this.sync.runs.list(query.connection_id, query, caller.access)).map(runToWire);
  }

  @Serve(endpoints.retrieveRun)
  async retrieve({ params, caller }: CallOf<typeof endpoints.retrieveRun>) {
    return runToWire(await this.sync.runs.get(params.run_id, caller.access));
  }

  @Serve(endpoints.cancelRun)
  async cancel({ params, caller }: CallOf<typeof endpoints.cancelRun>) {
    return runToWire(await this.sync.runs.cancel(params.run_id, caller.access));
  }

  @Serve(endpoints.listOutcomes)
  async outcomes({ params, query, caller }: CallOf<typeof endpoints.listOutcomes>) {
    const rows = await this.sync.runs.outcomes(params.run_id, query, caller.access);
    return rows.map(
      (row): z.input<typeof endpoints.OutcomeShape> => ({
        id: row.id,
        external_id: row.externalId,
        stream: row.stream,
        action: row.action as PlanAction,
        identity_id: row.identityId && `identity-${row.identityId}`,
        code: row.code,
        reason: row.reason,
        diff: row.diff as z.input<typeof endpoints.OutcomeShape>['diff'],
        created_at: row.createdAt.toISOString(),
      }),
    );
  }

  @Serve(endpoints.listQuarantine)
  async quarantine({ query, caller }: CallOf<typeof endpoints.listQuarantine>) {
    const rows = await this.sync.runs.quarantine(query.connection_id, query, caller.access);
    return rows.map(
      (row): z.input<typeof endpoints.QuarantinedShape> => ({
        stream: row.stream,
        external_id: row.externalId,
        code: row.code,
        reason: row.reason,
        attempts: row.attempts,
        next_retry_at: row.nextRetryAt?.toISOString() ?? null,
        created_at: row.createdAt.toISOString(),
        updated_at: row.updatedAt.toISOString(),
      }),
    );
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
  error_code: run.errorCode,
  error: run.error,
  not_before: run.notBefore?.toISOString() ?? null,
  created_at: run.createdAt.toISOString(),
  updated_at: run.updatedAt.toISOString(),
  finished_at: run.finishedAt?.toISOString() ?? null,
});
