import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { PostgresEventStore, walkStream } from '#event-sourcing';
import { EverAttached } from '../ever-attached.js';
import type { ProjectAccess } from '../identity.access.js';
import { type IdentityEvent, identityEvents } from '../identity.events.js';
import { requireVisibleStream } from './identity-history.query.js';

/** The agents or blocks that an identity ever had, in the order of their last attachment. */
export class GetEverAttached extends Query<readonly string[]> {
  constructor(
    readonly identityId: string,
    readonly target: 'agent' | 'block',
    readonly access: ProjectAccess,
  ) {
    super();
  }
}

@QueryHandler(GetEverAttached)
export class GetEverAttachedHandler implements IQueryHandler<GetEverAttached> {
  constructor(private readonly store: PostgresEventStore) {}

  async execute({ identityId, target, access }: GetEverAttached): Promise<readonly string[]> {
    await requireVisibleStream(this.store, identityId, access);
    const attached = new EverAttached(target);
    const stream = { store: this.store, catalog: identityEvents, streamId: identityId };
    await walkStream<IdentityEvent>(stream, (event) => attached.take(event));
    return attached.ids;
  }
}
