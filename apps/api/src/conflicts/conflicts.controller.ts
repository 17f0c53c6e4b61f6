import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import type { Sync } from '#sync';
import { SYNC } from '../connections/sync.tokens.js';
import type { CallOf } from '../http/endpoint.js';
import { Serve } from '../http/serve.decorator.js';
import * as endpoints from './conflicts.endpoints.js';

@Controller()
export class ConflictsController {
  constructor(@Inject(SYNC) private readonly sync: Sync) {}

  @Serve(endpoints.listConflicts)
  async list({ query, caller }: CallOf<typeof endpoints.listConflicts>) {
    const { connection_id: connectionId, ...page } = query;
    return (await this.sync.conflicts.list({ connectionId, ...page }, caller.access)).map(toWire);
  }

  @Serve(endpoints.retrieveConflict)
  async retrieve({ params, caller }: CallOf<typeof endpoints.retrieveConflict>) {
    return toWire(await this.sync.conflicts.get(params.conflict_id, caller.access));
  }

  @Serve(endpoints.resolveConflict)
  async resolve({ params, body, caller }: CallOf<typeof endpoints.resolveConflict>) {
    const { action } = body;
    const identifierKey = body.action === 'rekey' ? body.identifier_key : undefined;
    const resolution = { action, identifierKey };
    const { resolutions } = this.sync;
    return toWire(await resolutions.resolve(params.conflict_id, resolution, caller.actor, caller.access));
  }
}

type Wire = z.input<typeof endpoints.ConflictShape>;

const toWire = (conflict: Awaited<ReturnType<Sync['conflicts']['get']>>): Wire => ({
  id: conflict.id,
  connection_id: conflict.connectionId,
  stream: conflict.stream,
  external_id: conflict.externalId,
  identity_id: conflict.identityId && `identity-${conflict.identityId}`,
  identifier_key: conflict.identifierKey,
  holder_identity_id: `identity-${conflict.holderIdentityId}`,
  holder_record:
    conflict.holderStream !== null && conflict.holderExternalId !== null
      ? { stream: conflict.holderStream, external_id: conflict.holderExternalId }
      : null,
  status: conflict.status as Wire['status'],
  resolution: conflict.resolution as Wire['resolution'],
  resolved_by: conflict.resolvedBy,
  created_at: conflict.createdAt.toISOString(),
  updated_at: conflict.updatedAt.toISOString(),
  resolved_at: conflict.resolvedAt?.toISOString() ?? null,
});
