import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import type { PlanAction, Sync } from '#sync';
import type { OutcomeShape } from '../connections/runs.endpoints.js';
import { SYNC } from '../connections/sync.tokens.js';
import type { CallOf } from '../http/endpoint.js';
import { Serve } from '../http/serve.decorator.js';
import { listOutcomesOfRecords } from './outcomes.endpoints.js';

@Controller()
export class OutcomesController {
  constructor(@Inject(SYNC) private readonly sync: Sync) {}

  @Serve(listOutcomesOfRecords)
  async list({ query, caller }: CallOf<typeof listOutcomesOfRecords>) {
    const { connection_id: connectionId, external_id: externalId, ...filter } = query;
    const rows = await this.sync.outcomes.list({ connectionId, externalId, ...filter }, caller.access);
    return rows.map((row) => ({ ...outcomeToWire(row), run_id: row.runId }));
  }
}

type OutcomeRow = Awaited<ReturnType<Sync['outcomes']['list']>>[number];
type OutcomeOnTheWire = z.input<typeof OutcomeShape>;

export const outcomeToWire = (row: OutcomeRow): OutcomeOnTheWire => ({
  id: row.id,
  external_id: row.externalId,
  stream: row.stream,
  action: row.action as PlanAction,
  identity_id: row.identityId && `identity-${row.identityId}`,
  code: row.code,
  reason: row.reason,
  diff: row.diff as OutcomeOnTheWire['diff'],
  created_at: row.createdAt.toISOString(),
});
