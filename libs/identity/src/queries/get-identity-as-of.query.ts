import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { foldStream, PostgresEventStore } from '#event-sourcing';
import type { ProjectAccess } from '../identity.access.js';
import { identityDecider } from '../identity.decider.js';
import { identityEvents } from '../identity.events.js';
import { type IdentityView, toView } from '../identity.view.js';
import { requireVisibleStream } from './identity-history.query.js';

/** A version (a count from 1), or a time: what had been recorded by then. */
export type AsOf = number | Date;

/** The identity as it was. @throws IdentityNotFoundError when it did not exist then. */
export class GetIdentityAsOf extends Query<IdentityView> {
  constructor(
    readonly identityId: string,
    readonly asOf: AsOf,
    readonly access: ProjectAccess,
  ) {
    super();
  }
}

@QueryHandler(GetIdentityAsOf)
export class GetIdentityAsOfHandler implements IQueryHandler<GetIdentityAsOf> {
  constructor(private readonly store: PostgresEventStore) {}

  async execute({ identityId, asOf, access }: GetIdentityAsOf): Promise<IdentityView> {
    const { store } = this;
    await requireVisibleStream(store, identityId, access);
    // Versions give the order, also where the database's clock was set back.
    const upTo = asOf instanceof Date ? await store.versionAt(identityId, asOf) : asOf;
    const stream = { store, catalog: identityEvents, streamId: identityId };
    return toView(identityId, await foldStream(identityDecider, stream, { upTo }));
  }
}
