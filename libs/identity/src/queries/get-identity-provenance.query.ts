import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { PostgresEventStore } from '#event-sourcing';
import type { ProjectAccess } from '../identity.access.js';
import { type Provenance, readProvenance } from '../identity.provenance.js';
import { requireVisibleStream } from './identity-history.query.js';

/** Where each value of an identity comes from, at a version of it. */
export class GetIdentityProvenance extends Query<Provenance> {
  constructor(
    readonly identityId: string,
    readonly version: number,
    readonly access: ProjectAccess,
  ) {
    super();
  }
}

@QueryHandler(GetIdentityProvenance)
export class GetIdentityProvenanceHandler implements IQueryHandler<GetIdentityProvenance> {
  constructor(private readonly store: PostgresEventStore) {}

  async execute({ identityId, version, access }: GetIdentityProvenance): Promise<Provenance> {
    await requireVisibleStream(this.store, identityId, access);
    return readProvenance(this.store, identityId, version);
  }
}
