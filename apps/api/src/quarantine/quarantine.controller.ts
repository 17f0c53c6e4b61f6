import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import type { QuarantineStatus, Sync } from '#sync';
import { SYNC } from '../connections/sync.tokens.js';
import type { CallOf } from '../http/endpoint.js';
import { Serve } from '../http/serve.decorator.js';
import * as endpoints from './quarantine.endpoints.js';

@Controller()
export class QuarantineController {
  constructor(@Inject(SYNC) private readonly sync: Sync) {}

  @Serve(endpoints.listQuarantine)
  async list({ query, caller }: CallOf<typeof endpoints.listQuarantine>) {
    const { connection_id: connectionId, ...filter } = query;
    const rows = await this.sync.quarantine.list({ connectionId, ...filter }, caller.access);
    return rows.map(toWire);
  }

  @Serve(endpoints.retrieveQuarantined)
  async retrieve({ params, caller }: CallOf<typeof endpoints.retrieveQuarantined>) {
    const record = toWire(await this.sync.quarantine.get(params.quarantined_id, caller.access));
    if (!caller.may('admin')) return record;
    return { ...record, payload: await this.sync.quarantine.payloadOf(record.id, caller.access) };
  }

  @Serve(endpoints.replayQuarantined)
  async replay({ params, caller }: CallOf<typeof endpoints.replayQuarantined>) {
    return toWire(await this.sync.quarantine.replay(params.quarantined_id, caller.access));
  }

  @Serve(endpoints.replayQuarantine)
  async replayAll({ body, caller }: CallOf<typeof endpoints.replayQuarantine>) {
    const { connection_id: connectionId, ...filter } = body;
    return { replayed: await this.sync.quarantine.replayAll(connectionId, filter, caller.access) };
  }

  @Serve(endpoints.discardQuarantined)
  async discard({ params, caller }: CallOf<typeof endpoints.discardQuarantined>) {
    return toWire(await this.sync.quarantine.discard(params.quarantined_id, caller.access));
  }

  @Serve(endpoints.discardQuarantine)
  async discardAll({ body, caller }: CallOf<typeof endpoints.discardQuarantine>) {
    const { connection_id: connectionId, ...filter } = body;
    return { discarded: await this.sync.quarantine.discardAll(connectionId, filter, caller.access) };
  }
}

type QuarantinedRow = Awaited<ReturnType<Sync['quarantine']['get']>>;

const toWire = (row: QuarantinedRow): z.input<typeof endpoints.QuarantinedShape> => ({
  id: row.id,
  connection_id: row.connectionId,
  stream: row.stream,
  external_id: row.externalId,
  status: row.status as QuarantineStatus,
  code: row.code,
  reason: row.reason,
  attempts: row.attempts,
  next_retry_at: row.nextRetryAt?.toISOString() ?? null,
  created_at: row.createdAt.toISOString(),
  updated_at: row.updatedAt.toISOString(),
  discarded_at: row.discardedAt?.toISOString() ?? null,
});
